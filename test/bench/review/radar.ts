import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { Forecaster, type LiveBranch } from "../../../src/host/forecast/forecaster.ts";
import { GitCli } from "../../../src/host/workspaces/gitCli.ts";
import { dataDirectory } from "../host/dataDirectory.ts";
import { compare, interleave, median, wallOf } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { prose, seeded } from "../wire/traffic.ts";

const run = promisify(execFile);
const targetMs = { cold: 2_000, warm: 100 };
const linesAFile = 200;

/**
 * Where many branches of one repository meet: all pairs at first, then after one of them has a commit more. Beside it what
 * git itself needs to merge every pair: at its best, all in one process, and as a script does it, a process for each pair.
 */
export const radar: Part = async (options) => {
  const branches = at(options, 50, 20, 4);
  const directory = mkdtempSync(dataDirectory("radar"));
  const gitDir = path.join(directory, "all.git");
  try {
    const live = makeBranches(gitDir, branches, at(options, 3_000, 500, 60));
    const [first, ...others] = live;
    if (first === undefined) throw new Error("no branches");
    const moved = ["more", "again"].map((name) => [{ ...first, head: headOf(gitDir, name) }, ...others]);
    const git = new GitCli({ path: process.env["PATH"] ?? "", home: directory });
    const lab = path.join(directory, "run");
    mkdirSync(lab);
    const known = new Forecaster(git, lab);
    await known.forecast(live, []);
    let turn = 0;
    const pairs = live.flatMap((a, index) => live.slice(index + 1).map((b) => [a.head, b.head] as const));
    const ofOne = others.map(({ head }) => [first.head, head] as const);
    const rounds = at(options, 5, 3, 1);
    const costs = await interleave(
      {
        cold: () => wallOf(async () => void (await new Forecaster(git, lab).forecast(live, []))),
        warm: () => wallOf(async () => void (await known.forecast(moved[(turn += 1) % 2] ?? live, []))),
        all: () => wallOf(() => mergeAtOnce(gitDir, pairs)),
        one: () => wallOf(() => mergeAtOnce(gitDir, ofOne)),
      },
      rounds,
    );
    // One of many pairs is like another: a part of them tells how long all of them take.
    const some = pairs.filter((_, index) => index % at(options, 12, 4, 1) === 0);
    const each = (await wallOf(() => mergeEach(gitDir, some))) * (pairs.length / some.length);
    const of = `${branches} branches, ${pairs.length} pairs`;
    return [
      compare(`${of}: forecast / git merge-tree of every pair in one process, ms`, costs.cold, costs.all, {
        atMost: 5,
      }),
      compare(`${of}: forecast / git merge-tree for every pair, ms`, costs.cold, each, { atMost: 0.2 }),
      compare(`${of}: forecast after one commit / git merge-tree of its pairs, ms`, costs.warm, costs.one, {
        atMost: 6,
      }),
      compare(`${of}: forecast / its target, ms`, median(costs.cold), targetMs.cold, { atMost: 1 }),
      compare(`${of}: forecast after one commit / its target, ms`, median(costs.warm), targetMs.warm, { atMost: 1 }),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Agents that change a dozen files each, of which most are where others work too. */
function makeBranches(gitDir: string, count: number, files: number): readonly LiveBranch[] {
  execFileSync("git", ["init", "--quiet", "--bare", gitDir]);
  const random = seeded(7);
  const text = (file: number) =>
    Array.from({ length: linesAFile }, (_, line) => `${file}.${line} ${prose(random, 40)}\n`);
  const base = Array.from({ length: files }, (_, file) => text(file));
  const stream = [
    "reset refs/heads/main\n",
    commitOf(
      "main",
      undefined,
      base.map((lines, file) => [file, lines]),
    ),
  ];
  const from = "refs/heads/main";
  for (let branch = 0; branch < count; branch += 1) {
    const changed = new Map<number, string[]>();
    const edit = (words: string) => {
      // A few files are everybody's.
      const file = Math.floor(random() ** 3 * files);
      const lines = changed.get(file) ?? [...(base[file] ?? [])];
      lines[Math.floor(random() * linesAFile)] = `${words} ${branch}\n`;
      changed.set(file, lines);
    };
    for (let count = 0; count < 12; count += 1) edit("changed by");
    stream.push(commitOf(`b${branch}`, from, Array.from(changed)));
    // As checkpoints are: each with the base as its only parent.
    for (const name of branch === 0 ? ["more", "again"] : []) {
      edit(name);
      stream.push(commitOf(name, from, Array.from(changed)));
    }
  }
  execFileSync("git", ["fast-import", "--quiet"], { cwd: gitDir, input: stream.join("") });
  const main = headOf(gitDir, "main");
  return Array.from({ length: count }, (_, branch) => ({
    session: `ahp-session:/${String(branch).padStart(4, "0")}`,
    branch: `agent/${branch}`,
    baseBranch: "main",
    baseCommit: main,
    baseHead: main,
    head: headOf(gitDir, `b${branch}`),
    gitDir,
  }));
}

function commitOf(
  branch: string,
  from: string | undefined,
  files: readonly (readonly [number, readonly string[]])[],
): string {
  const data = (content: string) => `data ${Buffer.byteLength(content)}\n${content}\n`;
  const head = `commit refs/heads/${branch}\ncommitter B <b@example.invalid> 0 +0000\n${data("Work")}`;
  const changes = files.map(([file, lines]) => `M 644 inline src/${file % 50}/${file}.ts\n${data(lines.join(""))}`);
  return `${head}${from === undefined ? "" : `from ${from}\n`}${changes.join("")}\n`;
}

function headOf(gitDir: string, name: string): string {
  return execFileSync("git", ["rev-parse", name], { cwd: gitDir, encoding: "utf8" }).trim();
}

type Pairs = readonly (readonly [string, string])[];

async function mergeAtOnce(gitDir: string, pairs: Pairs): Promise<void> {
  const merging = run("git", ["merge-tree", "--write-tree", "--stdin"], { cwd: gitDir, maxBuffer: 2 ** 28 });
  merging.child.stdin?.end(pairs.map(([a, b]) => `${a} ${b}\n`).join(""));
  await merging;
}

async function mergeEach(gitDir: string, pairs: Pairs): Promise<void> {
  for (const [a, b] of pairs) {
    // Exit code 1: a conflict.
    await run("git", ["merge-tree", "--write-tree", a, b], { cwd: gitDir }).catch(() => undefined);
  }
}
