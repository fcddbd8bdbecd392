import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BranchParts } from "../../src/host/combine/branchParts.ts";
import type { CombineSource } from "../../src/host/combine/combiner.ts";
import { combineTree } from "../../src/host/combine/combineTree.ts";
import { applyHunks, hunkId, type LineHunk, linesOf } from "../../src/host/combine/lineHunks.ts";
import { GitCli } from "../../src/host/workspaces/gitCli.ts";
import type { GitWorkspaces } from "../../src/host/workspaces/gitWorkspaces.ts";
import { linkObjects } from "../../src/host/workspaces/trustedGitDir.ts";
import { type CombineRequest, noCredentials, type Workspace } from "../../src/host/workspaces/workspace.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

const lines = (count: number, changed: Readonly<Record<number, string>> = {}) =>
  Array.from({ length: count }, (_, index) => `${changed[index + 1] ?? `line ${index + 1}`}\n`).join("");

let fixture: WorkspacesFixture;
let workspaces: GitWorkspaces;
beforeEach(async () => {
  fixture = new WorkspacesFixture();
  workspaces = await fixture.workspaces();
});
afterEach(() => fixture.dispose());

let made = 0;

/** An agent that has changed files; undefined for one that is deleted. */
async function anAgent(files: Files): Promise<Workspace> {
  made += 1;
  const sessionId = `${String(made).padStart(8, "0")}-agent`;
  const workspace = await workspaces.provision(fixture.request({ sessionId, branch: `agent/${sessionId}` }));
  await work(workspace, files);
  return workspace;
}

async function work(workspace: Workspace, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) rmSync(path.join(workspace.paths.root, name), { recursive: true });
    else fixture.write(workspace.paths.root, { [name]: content });
  }
  await workspace.checkpoint("Turn", { kind: "turn", turnId: "t", turns: 1 });
}

const idOf = ({ paths }: Workspace) => path.basename(path.dirname(paths.root));

function sourceOf(workspace: Workspace): CombineSource {
  const { commit = "", base = "" } = workspace.checkpoints.at(-1) ?? {};
  return { session: idOf(workspace), head: commit, base, gitDir: workspace.paths.gitDir };
}

type Picks = readonly (readonly [Workspace, readonly (string | readonly [string, readonly string[]])[]])[];

function picksOf(picks: Picks): CombineRequest["picks"] {
  return picks.map(([workspace, files]) => ({
    sessionId: idOf(workspace),
    head: sourceOf(workspace).head,
    files: files.map((file) => (typeof file === "string" ? { path: file } : { path: file[0], hunks: file[1] })),
  }));
}

async function preview(base: string, picks: Picks) {
  const sources = picks.map(([workspace]) => sourceOf(workspace));
  const wanted = picksOf(picks).map(({ files }, index) => ({ source: sources[index] ?? sourceOf(never()), files }));
  return await workspaces.combiner().preview(base, wanted, sources);
}

function never(): never {
  throw new Error("not here");
}

async function combine(base: string, picks: Picks): Promise<Workspace> {
  made += 1;
  return await workspaces.combine({
    sessionId: `${String(made).padStart(8, "0")}-combined`,
    branch: `agent/combined-${made}`,
    base,
    picks: picksOf(picks),
    place: { turnId: "", turns: 0 },
    onStage: () => {},
    signal: new AbortController().signal,
  });
}

/** Every file of a checkout, as bytes. */
function filesOf({ paths }: Workspace): Record<string, string> {
  const names = readdirSync(paths.root, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => !name.startsWith(".git") && statSync(path.join(paths.root, name)).isFile());
  return Object.fromEntries(
    files.toSorted().map((name) => [name, readFileSync(path.join(paths.root, name), "latin1")]),
  );
}

const hunksOf = async (workspaces_: readonly Workspace[], file: string, index: number) => {
  const { files } = await workspaces.combiner().parts(workspaces_.map(sourceOf), true);
  const part = files.find(({ path: name }) => name === file)?.parts[index];
  return part?.hunks ?? never();
};

describe("one branch of the parts of several", () => {
  it("has the picked files and hunks, says where each is from, and is a workspace like any other", async () => {
    const base = fixture.seedCommit({ "a.txt": lines(40), "b.txt": "b\n", "gone.txt": "gone\n" });
    const ann = await anAgent({ "a.txt": lines(40, { 5: "ann", 30: "ann" }), "new/ann.txt": "ann\n" });
    const bob = await anAgent({ "a.txt": lines(40, { 20: "bob" }), "b.txt": "bob\n", "gone.txt": undefined });
    const parts = await workspaces.combiner().parts([sourceOf(ann), sourceOf(bob)], false);
    expect(parts).toMatchObject({ base, fileCount: 4 });
    expect(parts.files.map(({ path: name, parts: of }) => [name, ...of.map(({ status }) => status)])).toEqual([
      ["a.txt", "modified", "modified"],
      ["b.txt", "modified"],
      ["gone.txt", "deleted"],
      ["new/ann.txt", "added"],
    ]);
    const [first, second] = await hunksOf([ann, bob], "a.txt", 0);
    expect(first).toMatchObject({ start: 5, lines: 1, removed: ["line 5"], added: ["ann"] });
    expect([first?.meets, second?.start]).toEqual([undefined, 30]);
    const picks: Picks = [
      [ann, [["a.txt", [first?.id ?? ""]], "new/ann.txt"]],
      [bob, ["a.txt", "gone.txt"]],
    ];
    const shown = await preview(base, picks);
    expect(shown).toMatchObject({ problems: [], files: 3 });
    expect(shown.patch).toContain("+ann");
    const before = [filesOf(ann), filesOf(bob)];
    const combined = await combine(base, picks);
    expect(filesOf(combined)).toEqual({
      "a.txt": lines(40, { 5: "ann", 20: "bob" }),
      "b.txt": "b\n",
      "new/ann.txt": "ann\n",
    });
    expect([filesOf(ann), filesOf(bob)]).toEqual(before);
    const [checkpoint] = combined.checkpoints;
    expect(combined).toMatchObject({ baseCommit: base, baseBranch: "main" });
    expect(checkpoint).toMatchObject({ files: 3, place: { kind: "combined" }, base });
    const message = fixture.git(combined.paths.gitDir, "log", "-1", "--format=%B", checkpoint?.commit ?? "");
    expect(message).toContain(`Muster-Part: "${idOf(ann)} ${sourceOf(ann).head} a.txt ${first?.id}"`);
    expect(message).toContain(`Muster-Part: "${idOf(bob)} ${sourceOf(bob).head} gone.txt"`);
    await workspaces.remove(idOf(ann));
    await work(combined, { "b.txt": "more\n" });
    const pushed = await combined.push({
      branch: combined.branch,
      commit: combined.checkpoints.at(-1)?.commit ?? "",
      title: "Combined",
      credentials: noCredentials,
    });
    expect(fixture.git(fixture.origin, "log", "--format=%P", "-1", pushed.commit)).toBe(base);
  });

  it("says of each part why it does not fit, and makes nothing", async () => {
    const base = fixture.seedCommit({ "a.txt": lines(9), "b.bin": new Uint8Array([0, 1]), "lib/x.txt": "x\n" });
    const ann = await anAgent({ "a.txt": lines(9, { 5: "ann" }), "b.bin": new Uint8Array([0, 2]), c: "ann\n" });
    const bob = await anAgent({ "a.txt": lines(9, { 5: "bob" }), "b.bin": new Uint8Array([0, 3]), "c/d": "bob\n" });
    const cat = await anAgent({ lib: undefined });
    await work(cat, { lib: "a file\n", c: "ann\n" });
    const problems = async (picks: Picks) =>
      (await preview(base, picks)).problems.map(({ path: name, message }) => `${name}: ${message}`);
    expect(
      await problems([
        [ann, ["a.txt"]],
        [bob, ["a.txt"]],
      ]),
    ).toEqual(["a.txt: Another picked part changes the same place, in line 5. Pick one of the two."]);
    expect(
      await problems([
        [ann, ["b.bin"]],
        [bob, ["b.bin"]],
      ]),
    ).toHaveLength(2);
    expect(
      await problems([
        [ann, ["c"]],
        [bob, ["c/d"]],
      ]),
    ).toEqual([expect.stringMatching(/^c(\/d)?: .*directory/)]);
    // Only the file that takes a directory's place: what is in the directory would go without having been picked.
    expect(await problems([[cat, ["lib"]]])).toEqual([expect.stringMatching(/^lib\/x\.txt: .*directory/)]);
    expect(await problems([[cat, ["lib", "lib/x.txt"]]])).toEqual([]);
    expect(
      await problems([
        [ann, ["c"]],
        [cat, ["c"]],
      ]),
    ).toEqual([]);
    expect(await problems([[ann, ["nothing.txt", ["a.txt", ["7-unknown"]]]]])).toHaveLength(2);
    await expect(
      combine(base, [
        [ann, ["a.txt"]],
        [bob, ["a.txt"]],
      ]),
    ).rejects.toMatchObject({ code: "conflict" });
    const left = readdirSync(path.join(fixture.dataDir, "sessions")).filter((name) => name.includes("combined"));
    expect(left.flatMap((name) => readdirSync(path.join(fixture.dataDir, "sessions", name)))).toEqual([]);
    expect(readdirSync(path.join(fixture.dataDir, "run")).filter((name) => name.startsWith("passing"))).toEqual([]);
  });

  it("counts from the latest base, whatever the agents began from", async () => {
    fixture.seedCommit({ "a.txt": lines(40), "b.txt": lines(40) });
    const ann = await anAgent({ "a.txt": lines(40, { 5: "ann" }), "b.txt": lines(40, { 5: "ann" }) });
    const base = fixture.seedCommit({ "a.txt": lines(40, { 30: "main" }), "b.txt": lines(40, { 5: "main" }) });
    const bob = await anAgent({ "a.txt": lines(40, { 20: "bob", 30: "main" }) });
    const parts = await workspaces.combiner().parts([sourceOf(ann), sourceOf(bob)], false);
    expect(parts.base).toBe(base);
    expect(parts.files.find(({ path: name }) => name === "b.txt")?.parts[0]?.problem).toMatch(/Update the agent/);
    const combined = await combine(base, [
      [ann, ["a.txt"]],
      [bob, ["a.txt"]],
    ]);
    expect(filesOf(combined)["a.txt"]).toBe(lines(40, { 5: "ann", 20: "bob", 30: "main" }));
    expect(
      (
        await preview(base, [
          [ann, ["b.txt"]],
          [bob, []],
        ])
      ).problems,
    ).toHaveLength(1);
  });

  it.each(["restore.begun"])(
    "an update from the base is there or not at all when the host dies at %s (DUR-3)",
    async (point) => {
      fixture.seedCommit({ "a.txt": lines(9) });
      const ann = await anAgent({ "mine.txt": "mine\n" });
      const before = filesOf(ann);
      const base = fixture.seedCommit({ "a.txt": lines(9, { 2: "main" }) });
      const dying = await fixture.workspaces({
        failpoint: (name) => {
          if (name === point) throw new Error("the end");
        },
      });
      const request = {
        place: { turnId: "t", turns: 1 },
        credentials: noCredentials,
        signal: new AbortController().signal,
        onSafe: () => undefined,
        onStage: () => undefined,
        leaveConflicts: false,
      };
      const workspace = await dying.open(idOf(ann));
      await expect(workspace.update(request)).rejects.toThrow();
      const again = await (await fixture.workspaces()).open(idOf(ann));
      expect(again.baseCommit).toBe(base);
      expect(filesOf(again)).toEqual({ ...before, "a.txt": lines(9, { 2: "main" }) });
      expect(again.checkpoints.at(-1)).toMatchObject({ files: 1, base, place: { kind: "updated" } });
      expect(await again.update(request)).toBeUndefined();
    },
  );

  it("is exactly the base and the picks, whatever agents write and people pick", { timeout: 120_000 }, async () => {
    const words = fc.array(fc.constantFrom("a", "b", "c", "d\r", "\u00e9"), { maxLength: 8 });
    const text = fc
      .tuple(words, fc.constantFrom("", "\n"))
      .map(([all, end]) => all.join("\n") + (all.length > 0 ? end : ""));
    const binary = fc.constantFrom("\0one", "\0two");
    const content = fc.oneof({ weight: 6, arbitrary: text }, { weight: 1, arbitrary: binary });
    const names = ["f", "g", "h/i", "j", "k", "l"];
    const anyFiles = fc.record(Object.fromEntries(names.map((name) => [name, fc.option(content, { nil: undefined })])));
    const start: Files = { f: "a\nb\nc\na\nb\nc\n", g: "a\nb\nc", "h/i": "", j: "\0zero", k: "d\r\nd\r\na\n" };
    const base = fixture.seedCommit(start as Record<string, string>);
    const agents = [await anAgent({ f: "1" }), await anAgent({ f: "2" })];
    const git = new GitCli({ path: process.env["PATH"] ?? "", home: fixture.root });
    const gitDir = agents[0]?.paths.gitDir ?? never();
    const oldFiles = Object.fromEntries(
      Object.keys(start).map((name) => [name, Buffer.from(String(start[name])).toString("latin1")]),
    );
    const property = async (changed: readonly Files[], choose: () => boolean) => {
      for (const [index, agent] of agents.entries()) {
        for (const name of names) rmSync(path.join(agent.paths.root, name), { force: true });
        await work(
          agent,
          Object.fromEntries(Object.entries(changed[index] ?? {}).filter(([, text_]) => text_ !== undefined)),
        );
      }
      await linkObjects(agents[1]?.paths.gitDir ?? never(), gitDir);
      const newFiles = agents.map(filesOf);
      const { files } = await workspaces.combiner().parts(agents.map(sourceOf), false);
      const parts = new BranchParts(git, gitDir);
      const hunks: ReadonlyMap<string, readonly LineHunk[]>[] = [];
      for (const agent of agents)
        hunks.push(await parts.hunks(base, await parts.changes(sourceOf(agent), base), names));
      const picks = agents.map((agent) => ({
        source: sourceOf(agent),
        files: files.flatMap(({ path: name, parts: of }) => {
          const part = of.find(({ session }) => session === idOf(agent));
          if (part === undefined || !choose()) return [];
          const isWhole = part.hunks.length === 0 || choose();
          return [isWhole ? { path: name } : { path: name, hunks: part.hunks.filter(choose).map(({ id }) => id) }];
        }),
      }));
      const { tree, problems } = await combineTree(git, gitDir, base, picks);
      if (problems.length > 0) {
        const isPicked = (name: string) => picks.some((pick) => pick.files.some((file) => file.path === name));
        expect(problems.every(({ message, path: name }) => message.endsWith(".") && isPicked(name))).toBe(true);
        return;
      }
      const listed = fixture.git(gitDir, "ls-tree", "-r", "--name-only", tree).split("\n");
      for (const name of names) {
        const of = picks.flatMap((pick, index) =>
          pick.files.flatMap((file) => (file.path === name ? [{ file, index }] : [])),
        );
        const got = listed.includes(name)
          ? (await git.run({ gitDir, args: ["cat-file", "blob", `${tree}:${name}`] })).stdout.toString("latin1")
          : undefined;
        const wholes = new Set(of.map(({ index }) => newFiles[index]?.[name]));
        const isWhole = of.every(({ file }) => file.hunks === undefined) && wholes.size === 1;
        if (of.length === 0) expect(got).toBe(oldFiles[name]);
        else if (isWhole) expect(got).toBe(Array.from(wholes)[0]);
        else {
          const picked = of.flatMap(({ file, index }) =>
            (hunks[index]?.get(name) ?? [])
              .filter((hunk) => file.hunks === undefined || file.hunks.includes(hunkId(hunk)))
              .map((hunk) => ({ from: index, hunk })),
          );
          expect(applyHunks(linesOf(oldFiles[name] ?? ""), picked)).toEqual({ text: got, problems: [] });
        }
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.tuple(anyFiles, anyFiles), fc.infiniteStream(fc.boolean()), (changed, choices) =>
        property(changed, () => choices.next().value),
      ),
      { numRuns: Number(process.env["MUSTER_PROPERTY_RUNS"] ?? 4) },
    );
  });
});
