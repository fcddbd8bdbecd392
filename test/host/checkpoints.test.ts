import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FailpointName } from "../../src/base/failpoint.ts";
import type { CheckpointPlace } from "../../src/host/workspaces/checkpointCommit.ts";
import type { Workspace } from "../../src/host/workspaces/workspace.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

let fixture: WorkspacesFixture;
beforeEach(() => (fixture = new WorkspacesFixture()));
afterEach(() => fixture.dispose());

const turn = (turnId: string, turns: number): CheckpointPlace => ({ kind: "turn", turnId, turns });
const quiet = { onSafe: () => {}, onStage: () => {}, place: { turnId: "t9", turns: 9 } };

/** Every file below the root but `.git`: its content, mode and kind. */
function filesOf(root: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(path.join(root, below)).toSorted()) {
    if (below === "" && name === ".git") continue;
    const file = path.join(below, name);
    const stat = lstatSync(path.join(root, file));
    if (stat.isDirectory()) Object.assign(found, filesOf(root, file));
    else if (stat.isSymbolicLink()) found[file] = `-> ${readlinkSync(path.join(root, file))}`;
    else found[file] = `${(stat.mode & 0o100) === 0 ? "" : "x "}${readFileSync(path.join(root, file), "latin1")}`;
  }
  return found;
}

async function aWorkspace(): Promise<Workspace> {
  fixture.seedCommit({
    ".gitignore": "node_modules/\n*.log\n",
    "a.txt": "one\n",
    "src/deep/b.txt": "two\n",
    "gone.txt": "here\n",
  });
  return (await fixture.workspaces()).provision(fixture.request());
}

/** Two states that differ in every way that git can record. */
async function twoStates(
  workspace: Workspace,
): Promise<{ first: Record<string, string>; second: Record<string, string> }> {
  const { root } = workspace.paths;
  fixture.write(root, {
    "a.txt": "first\n",
    "untracked.txt": "u\n",
    "tool.sh": "#!/bin/sh\n",
    "bytes.bin": new Uint8Array([0, 255, 10]),
  });
  chmodSync(path.join(root, "tool.sh"), 0o755);
  symlinkSync("a.txt", path.join(root, "link"));
  mkdirSync(path.join(root, "becomes-file"));
  fixture.write(root, {
    "becomes-file/x.txt": "x\n",
    'ümlaut "quoted".txt': "q\n",
    "node_modules/m/index.js": "ignored\n",
  });
  const first = filesOf(root);
  expect(await workspace.checkpoint("Turn 1", turn("t1", 1))).toMatchObject({ id: "1" });

  for (const name of ["gone.txt", "untracked.txt", "link", "becomes-file", "src"])
    rmSync(path.join(root, name), { recursive: true });
  fixture.write(root, {
    "a.txt": "second\n",
    "becomes-file": "now a file\n",
    "new/dir/n.txt": "n\n",
    "node_modules/m/index.js": "changed\n",
  });
  chmodSync(path.join(root, "tool.sh"), 0o644);
  symlinkSync("/etc", path.join(root, "src"));
  const second = filesOf(root);
  expect(await workspace.checkpoint("Turn 2", turn("t2", 2))).toMatchObject({ id: "2" });
  return { first, second };
}

describe("a checkpoint", () => {
  it("is there for a turn that changed nothing, and once only", async () => {
    const workspace = await aWorkspace();
    const first = await workspace.checkpoint("Only talk", turn("t1", 1));
    expect(first).toMatchObject({ id: "1", files: 0, place: { kind: "turn", turnId: "t1", turns: 1 } });
    expect(await workspace.checkpoint("Only talk", turn("t1", 1))).toBeUndefined();
    expect(await workspace.checkpoint("More talk", turn("t2", 2))).toMatchObject({ id: "2", tree: first?.tree });
  });

  it("is not made of the files of before when git could not be confined: bubblewrap's failure is none of git's", async () => {
    let isBroken = false;
    const broken = ["/bin/sh", "-c", "echo 'bwrap: No permissions to create a new namespace' >&2; exit 1"];
    fixture.seedCommit({ "a.txt": "one\n" });
    const workspaces = await fixture.workspaces({ confine: () => (isBroken ? broken : []) });
    const workspace = await workspaces.provision(fixture.request());
    fixture.write(workspace.paths.root, { "a.txt": "work of an hour\n" });
    isBroken = true;
    await expect(workspace.checkpoint("Turn", turn("t1", 1))).rejects.toThrow(
      /No permissions to create a new namespace/,
    );
    isBroken = false;
    expect(await workspace.checkpoint("Turn", turn("t1", 1))).toMatchObject({ id: "1", files: 1 });
  });

  it("says in its own commit where it stands, whatever the prompt was", async () => {
    const workspace = await aWorkspace();
    fixture.write(workspace.paths.root, { "a.txt": "changed\n", 'odd "name"/.keep': "" });
    const title = "Do it\n\nMuster-Turn: forged\nMuster-Checkpoint: 99\0";
    const place = { ...turn("turn-1", 3), agentSessionId: "agent session 5" };
    const taken = await workspace.checkpoint(title, place);
    const again = await (await fixture.workspaces()).open(fixture.request().sessionId);
    expect(again.checkpoints).toEqual([taken]);
    expect(again.checkpoints[0]).toMatchObject({ id: "1", place, files: 2, parent: workspace.baseCommit });
    const message = fixture.git(
      workspace.paths.gitDir,
      "log",
      "-1",
      "--format=%(trailers)",
      "refs/muster/checkpoints/1",
    );
    expect(message).toContain("Muster-Turn: turn-1");
    expect(message).toContain(`Muster-Session: ${fixture.request().sessionId}`);
  });

  it("can be given up alone: its objects leave the disk and the others stay whole", async () => {
    const workspace = await aWorkspace();
    for (const n of [1, 2, 3]) {
      fixture.write(workspace.paths.root, { "a.txt": `${n}`.repeat(1000) });
      await workspace.checkpoint(`Turn ${n}`, turn(`t${n}`, n));
    }
    const [first, second, third] = workspace.checkpoints;
    await workspace.drop(["1", "3"]);
    expect(workspace.checkpoints).toEqual([second, third]);
    // What was dropped may still be shown somewhere for an hour.
    fixture.git(workspace.paths.gitDir, "prune", "--expire=now");
    expect(() => fixture.git(workspace.paths.gitDir, "cat-file", "-e", first?.commit ?? "")).toThrow();
    expect(await workspace.changes(second?.commit ?? "", third?.commit ?? "")).toHaveLength(1);
    await expect(workspace.restore({ checkpoint: "1", ...quiet })).rejects.toMatchObject({ code: "notFound" });
    expect(fixture.git(workspace.paths.gitDir, "fsck", "--no-dangling")).toBe("");
  });
});

describe("restoring a checkpoint", () => {
  it("puts back content, modes, links, deletions and untracked files, and leaves ignored ones alone", async () => {
    const workspace = await aWorkspace();
    const { root } = workspace.paths;
    const { first, second } = await twoStates(workspace);
    const stages: string[] = [];
    const { safety, restored } = await workspace.restore({
      checkpoint: "1",
      ...quiet,
      onStage: (text) => stages.push(text),
    });
    const ignored = { "node_modules/m/index.js": "changed\n" };
    expect(filesOf(root)).toEqual({ ...first, ...ignored });
    expect(safety).toMatchObject({ id: "2" });
    expect(restored).toMatchObject({ id: "3", place: { kind: "restored", turnId: "t1", turns: 1, restoredFrom: "1" } });
    expect(restored.tree).toBe(workspace.checkpoints[0]?.tree);
    expect(stages.at(-1)).toBe("Restoring 100 %");
    expect(existsSync("/etc/passwd")).toBe(true);

    await workspace.restore({ checkpoint: safety.id, ...quiet });
    expect(filesOf(root)).toEqual(second);
    await workspace.restore({ checkpoint: "0", ...quiet });
    expect(Object.keys(filesOf(root))).toEqual([
      ".gitignore",
      "a.txt",
      "gone.txt",
      "node_modules/m/index.js",
      "src/deep/b.txt",
    ]);
  });

  it("saves what nobody recorded first, so that it can be undone", async () => {
    const workspace = await aWorkspace();
    const { root } = workspace.paths;
    await workspace.checkpoint("Turn 1", turn("t1", 1));
    fixture.write(root, { "precious.txt": "by hand\n" });
    const seen: string[] = [];
    const { safety } = await workspace.restore({ ...quiet, checkpoint: "1", onSafe: ({ id }) => seen.push(id) });
    expect(seen).toEqual(["2"]);
    expect(safety.place).toMatchObject({ kind: "safety", turnId: "t9", turns: 9 });
    expect(existsSync(path.join(root, "precious.txt"))).toBe(false);
    await workspace.restore({ ...quiet, checkpoint: safety.id });
    expect(readFileSync(path.join(root, "precious.txt"), "utf8")).toBe("by hand\n");
  });

  it("replaces links, never follows them (GIT-7)", async () => {
    const workspace = await aWorkspace();
    const { root } = workspace.paths;
    await workspace.checkpoint("Turn 1", turn("t1", 1));
    const outside = path.join(fixture.root, "outside");
    fixture.write(outside, { "deep/b.txt": "not yours\n", "a.txt": "not yours\n" });
    rmSync(path.join(root, "src"), { recursive: true });
    symlinkSync(outside, path.join(root, "src"));
    rmSync(path.join(root, "a.txt"));
    symlinkSync(path.join(outside, "a.txt"), path.join(root, "a.txt"));
    await workspace.restore({ ...quiet, checkpoint: "1" });
    expect(filesOf(outside)).toEqual({ "a.txt": "not yours\n", "deep/b.txt": "not yours\n" });
    expect(filesOf(root)).toMatchObject({ "a.txt": "one\n", "src/deep/b.txt": "two\n" });
  });

  it("works in directories that the agent has closed, and leaves its repositories alone", async () => {
    const workspace = await aWorkspace();
    const { root } = workspace.paths;
    await workspace.checkpoint("Turn 1", turn("t1", 1));
    fixture.write(root, { "closed/a.txt": "1\n", "nested/inner.txt": "inner\n" });
    fixture.git(path.join(root, "nested"), "init", "--quiet");
    fixture.git(path.join(root, "nested"), "commit", "--quiet", "--allow-empty", "-m", "x");
    const own = fixture.git(root, "rev-parse", "HEAD");
    chmodSync(path.join(root, "closed"), 0o555);
    const { safety } = await workspace.restore({ ...quiet, checkpoint: "1" });
    expect(safety.nestedRepositories).toEqual(["nested"]);
    expect(existsSync(path.join(root, "closed"))).toBe(false);
    expect(readFileSync(path.join(root, "nested/inner.txt"), "utf8")).toBe("inner\n");
    expect(fixture.git(root, "rev-parse", "HEAD")).toBe(own);
  });

  it.each<FailpointName>([
    "checkpoint.staged",
    "checkpoint.written",
    "checkpoint.added",
    "restore.begun",
    "restore.filesWritten",
    "restore.recorded",
  ])(
    "leaves the old files or the new ones when the host dies at %s, and the next start goes on (DUR-3)",
    async (point) => {
      const { first, second } = await twoStates(await aWorkspace());
      let isHit = false;
      const dying = await fixture.workspaces({
        failpoint: (name) => {
          if (name !== point) return;
          isHit = true;
          throw new Deadly();
        },
      });
      const id = fixture.request().sessionId;
      const { root } = (await dying.open(id)).paths;
      fixture.write(root, { "late.txt": "late\n" });
      const files = { ...second, "late.txt": "late\n" };
      await expect((await dying.open(id)).restore({ ...quiet, checkpoint: "1" })).rejects.toThrow();
      expect(isHit).toBe(true);

      const again = await (await fixture.workspaces()).open(id);
      const isNew = again.checkpoints.at(-1)?.place?.kind === "restored";
      expect(filesOf(root)).toEqual(isNew ? { ...first, "node_modules/m/index.js": "changed\n" } : files);
      expect(isNew).toBe(point.startsWith("restore."));
      await again.restore({ ...quiet, checkpoint: "2" });
      expect(filesOf(root)).toEqual(second);
      expect(fixture.git(again.paths.gitDir, "for-each-ref", "refs/muster/restoring")).toBe("");
    },
  );

  it("puts everything back when the new files cannot be written", async () => {
    const workspace = await aWorkspace();
    const { second } = await twoStates(workspace);
    const { root, gitDir } = workspace.paths;
    // The object of a file that is to come is damaged.
    const oid = fixture.git(gitDir, "rev-parse", "refs/muster/checkpoints/1:untracked.txt");
    rmSync(path.join(gitDir, "objects", oid.slice(0, 2), oid.slice(2)));
    await expect(workspace.restore({ ...quiet, checkpoint: "1" })).rejects.toMatchObject({ code: "internal" });
    expect(filesOf(root)).toEqual(second);
    expect(await workspace.checkpoint("After", turn("t2", 2))).toBeUndefined();
    expect(fixture.git(gitDir, "for-each-ref", "refs/muster/restoring")).toBe("");
  });
});

/** Stands for the end of the process. */
class Deadly extends Error {}

describe("a fork", () => {
  const forkRequest = (n: number) => ({
    sessionId: `fork-${n}-aaaa`,
    branch: `agent/fork-${n}`,
    source: fixture.request().sessionId,
    checkpoint: "1",
    place: { turnId: "t1", turns: 1 },
    withHome: false,
    onStage: () => {},
    signal: new AbortController().signal,
  });

  it("goes on where the checkout is gone, or the local repository: what was done is in the checkpoints", async () => {
    const source = await aWorkspace();
    const { first } = await twoStates(source);
    delete first["node_modules/m/index.js"];
    rmSync(source.paths.root, { recursive: true });
    await expect(source.checkpoint("Turn", turn("t3", 3))).rejects.toThrow(/in its checkpoints: fork the agent/);
    renameSync(fixture.origin, `${fixture.origin}.away`);
    const workspaces = await fixture.workspaces();
    const fork = await workspaces.fork(forkRequest(1));
    expect(filesOf(fork.paths.root)).toEqual(first);
    await expect(workspaces.provision(fixture.request({ sessionId: "fresh-session" }))).rejects.toThrow(
      /no repository at/,
    );
  });

  it("has exactly the files of the checkpoint, a branch of its own and nothing to do with its source, several times", async () => {
    const source = await aWorkspace();
    const { first, second } = await twoStates(source);
    delete first["node_modules/m/index.js"];
    // Neither the server nor the mirror is asked.
    rmSync(path.join(fixture.origin, "objects"), { recursive: true });
    rmSync(path.join(fixture.dataDir, "mirrors"), { recursive: true });
    const workspaces = await fixture.workspaces();
    const forks = await Promise.all([1, 2, 3].map((n) => workspaces.fork(forkRequest(n))));
    for (const [index, fork] of forks.entries()) {
      expect(filesOf(fork.paths.root)).toEqual(first);
      expect(fixture.git(fork.paths.root, "branch", "--show-current")).toBe(`agent/fork-${index + 1}`);
      expect(fixture.git(fork.paths.root, "rev-parse", "HEAD")).toBe(source.baseCommit);
      expect(fork.checkpoints).toMatchObject([{ id: "1", place: { kind: "fork", turnId: "t1", turns: 1 } }]);
    }
    const [one, two] = forks;
    fixture.write(one?.paths.root ?? "", { "a.txt": "forked\n" });
    await one?.checkpoint("Turn", turn("t2", 2));
    expect(filesOf(source.paths.root)).toEqual(second);
    await workspaces.remove(fixture.request().sessionId);
    expect(filesOf(two?.paths.root ?? "")).toEqual(first);
    const third = await (await fixture.workspaces()).open("fork-3-aaaa");
    expect(fixture.git(third.paths.gitDir, "fsck", "--no-dangling")).toBe("");
    expect(await third.changes(third.baseCommit, third.checkpoints[0]?.commit ?? "")).not.toHaveLength(0);
    // The agent's repository knows the history and nothing of what the source recorded.
    expect(() => fixture.git(third.paths.root, "cat-file", "-e", source.checkpoints[1]?.commit ?? "")).toThrow();
  });

  it("has a repository of the agent's own in which the work so far is not committed yet", async () => {
    fixture.seedCommit({ "kept.txt": "kept\n", "gone.txt": "here\n", "sub/.keep": "" });
    fixture.git(fixture.seed, "update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
    fixture.git(fixture.seed, "commit", "--quiet", "--message", "A submodule");
    fixture.git(fixture.seed, "push", "--quiet", "origin", "HEAD:refs/heads/main");
    const source = await (await fixture.workspaces()).provision(fixture.request());
    rmSync(path.join(source.paths.root, "gone.txt"));
    fixture.write(source.paths.root, { "kept.txt": "changed\n", "new.txt": "new\n" });
    await source.checkpoint("Turn 1", turn("t1", 1));
    const identity = { name: 'Ann "the\\ agent"', email: "ann@example.invalid" };
    const { root } = (await (await fixture.workspaces({ identity })).fork(forkRequest(1))).paths;

    expect(fixture.git(root, "status", "--porcelain").split("\n")).toEqual(["D gone.txt", " M kept.txt", "?? new.txt"]);
    const settings = fixture.git(root, "config", "--local", "--list").split("\n");
    const provisioned = fixture.git(source.paths.root, "config", "--local", "--list").split("\n");
    const isOfRemote = (line: string) => /^(?:remote\.origin\.url|branch\.)/.test(line);
    expect(settings.filter(isOfRemote)).toEqual(provisioned.filter(isOfRemote));
    expect(settings).toContain(`user.name=${identity.name}`);
    expect(fixture.git(root, "rev-parse", "origin/HEAD", "main")).toBe(`${source.baseCommit}\n${source.baseCommit}`);
    expect(fixture.git(root, "ls-files", "-v", "module")).toBe("H module");
    expect(fixture.git(root, "fsck", "--strict", "--no-dangling")).toBe("");
    fixture.git(root, "fetch", "--quiet", "origin");
  });

  it("takes the agent's home along when it shall, without following a link out of it", async () => {
    const source = await aWorkspace();
    await source.checkpoint("Turn", turn("t1", 1));
    fixture.write(source.paths.home, { ".agent/session.json": "{}", ".cache/big": "x" });
    const hyphens = (root: string) => root.replaceAll(/[^A-Za-z0-9]/g, "-");
    fixture.write(source.paths.home, { [`.claude/${hyphens(source.paths.root)}/1.jsonl`]: "said" });
    symlinkSync("/etc/passwd", path.join(source.paths.home, "leak"));
    const workspaces = await fixture.workspaces();
    const fork = await workspaces.fork({ ...forkRequest(1), withHome: true });
    expect(filesOf(fork.paths.home)).toEqual({
      ".agent/session.json": "{}",
      [`.claude/${hyphens(fork.paths.root)}/1.jsonl`]: "said",
      leak: "-> /etc/passwd",
    });
    expect(statSync(fork.paths.home).mode & 0o77).toBe(0);
    const plain = await workspaces.fork(forkRequest(2));
    expect(filesOf(plain.paths.home)).toEqual({});
  });

  it("of what is gone says so and leaves nothing behind", async () => {
    await aWorkspace();
    const workspaces = await fixture.workspaces();
    await expect(workspaces.fork(forkRequest(1))).rejects.toMatchObject({ code: "notFound" });
    await expect(workspaces.fork({ ...forkRequest(1), source: "nobody-there" })).rejects.toMatchObject({
      code: "notFound",
    });
    expect(existsSync(path.join(fixture.dataDir, "sessions", "fork-1-aaaa"))).toBe(false);
  });
});
