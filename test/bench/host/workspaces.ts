import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { silentLogger } from "../../../src/base/logger.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import type { CheckpointPlace } from "../../../src/host/workspaces/checkpointCommit.ts";
import { GitWorkspaces } from "../../../src/host/workspaces/gitWorkspaces.ts";
import { noCredentials, type Workspace } from "../../../src/host/workspaces/workspace.ts";
import { compare, interleave, wallOf } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { dataDirectory } from "./dataDirectory.ts";
import { prose, seeded } from "../wire/traffic.ts";

const run = promisify(execFile);
const place: CheckpointPlace = { kind: "turn", turnId: "turn", turns: 1 };

/** What is done to the files of a session, beside what plain git needs for the same files. */
export const workspaces: Part = async (options) => {
  const files = at(options, 5_000, 1_000, 20);
  const directory = mkdtempSync(dataDirectory("workspaces"));
  const origin = path.join(directory, "origin.git");
  const inside = (name: string) => path.join(directory, name);
  let count = 0;
  const fresh = (name: string) => `${name}-${++count}`;
  try {
    await makeOrigin(origin, files);
    const host = await GitWorkspaces.create({
      dataDir: inside("data"),
      allowLocal: [directory],
      clock: systemClock,
      logger: silentLogger,
      path: process.env["PATH"] ?? "",
    });
    const provision = (sessionId = fresh("session")) => host.provision({ ...request(sessionId), repository: origin });
    const fork = (source: string) =>
      host.fork({ ...request(fresh("fork")), source, checkpoint: "1", place, withHome: false });

    const source = fresh("session");
    const workspace = await provision(source);
    await git(directory, "clone", "--quiet", `file://${origin}`, "plain");
    const plain = inside("plain");
    change(workspace.paths.root, 0);
    await workspace.checkpoint("First", place);
    change(plain, 0);
    await commitAll(plain);
    const first = (await git(plain, "rev-parse", "HEAD")).trim();

    const rounds = at(options, 7, 3, 1);
    const clone = await interleave(
      {
        ours: () => wallOf(() => provision().then(() => undefined)),
        git: () => wallOf(() => git(directory, "clone", "--quiet", `file://${origin}`, fresh("clone")).then(nothing)),
      },
      rounds,
      0,
    );
    const record = await interleave(
      {
        ours: () => {
          change(workspace.paths.root, ++count);
          return wallOf(() => workspace.checkpoint("Next", { ...place, turns: count }).then(nothing));
        },
        git: () => {
          change(plain, ++count);
          return wallOf(() => commitAll(plain));
        },
      },
      rounds,
    );
    const restore = await interleave(
      {
        ours: () => {
          change(workspace.paths.root, ++count);
          return wallOf(() => restored(workspace));
        },
        git: () => {
          change(plain, ++count);
          return wallOf(async () => {
            await commitAll(plain);
            await git(plain, "reset", "--quiet", "--hard", first);
          });
        },
      },
      rounds,
    );
    const branching = await interleave(
      {
        ours: () => wallOf(() => fork(source).then(nothing)),
        git: () =>
          wallOf(() =>
            git(plain, "worktree", "add", "--quiet", "--detach", inside(fresh("tree")), first).then(nothing),
          ),
      },
      rounds,
    );
    const of = `${files} files`;
    return [
      compare(`${of}: the next session's clone / git clone, ms`, clone.ours, clone.git, { atMost: 1.5 }),
      compare(`${of}: checkpoint / git add and commit, ms`, record.ours, record.git, { atMost: 2 }),
      compare(`${of}: restore with a safety checkpoint / git commit and reset, ms`, restore.ours, restore.git, {
        atMost: 2,
      }),
      compare(`${of}: fork / git worktree add, ms`, branching.ours, branching.git, { atMost: 2 }),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

function request(sessionId: string) {
  const { signal } = new AbortController();
  return { sessionId, branch: `agent/${sessionId}`, credentials: noCredentials, onStage: nothing, signal };
}

async function restored(workspace: Workspace): Promise<void> {
  await workspace.restore({ checkpoint: "1", place, onSafe: nothing, onStage: nothing });
}

function nothing(): void {}

/** Two files of a hundred are others, and one is new. */
function change(root: string, round: number): void {
  for (const index of [1, 2]) writeFileSync(fileOf(root, index), `Round ${round}\n`);
  writeFileSync(path.join(root, `new-${round}.txt`), "New\n");
}

function fileOf(root: string, index: number): string {
  return path.join(root, `directory-${index % 50}`, `file-${index}.ts`);
}

async function makeOrigin(origin: string, files: number): Promise<void> {
  const tree = `${origin}.tree`;
  const random = seeded(3);
  for (let index = 0; index < files; index++) {
    mkdirSync(path.dirname(fileOf(tree, index)), { recursive: true });
    writeFileSync(fileOf(tree, index), `${prose(random, 2_000)}\n`);
  }
  await git(tree, "init", "--quiet", "--initial-branch=main");
  await commitAll(tree);
  await git(tree, "clone", "--quiet", "--bare", tree, origin);
  rmSync(tree, { recursive: true, force: true });
}

async function commitAll(directory: string): Promise<void> {
  await git(directory, "add", "--all");
  await git(directory, "commit", "--quiet", "--message=Work");
}

/** Git as it is, without anybody's configuration. */
async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.test", "-c", "protocol.file.allow=always"];
  const env = { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_SYSTEM: devNull };
  return (await run("git", [...who, ...args], { cwd, env })).stdout;
}
