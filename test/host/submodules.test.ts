import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { changedFilesOf } from "../../src/extension/fleet/changedFiles.ts";
import { changeText } from "../../src/extension/review/changeKinds.ts";
import { toChangesetFiles } from "../../src/host/sessions/changesetFiles.ts";
import type { Workspace } from "../../src/host/workspaces/workspace.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

let fixture: WorkspacesFixture;
let workspace: Workspace;
let recorded = "";
const declare = (...names: readonly string[]) =>
  names.map((name) => `[submodule "${name}"]\n\tpath = ${name}\n\turl = ../${name}.git\n`).join("");
const inside = (name: string) => path.join(workspace.paths.root, name);

beforeAll(async () => {
  fixture = new WorkspacesFixture();
  recorded = fixture.seedCommit({ "a.txt": "one\n" });
  const names = ["libs/one", "libs/two", "three"];
  for (const name of names) {
    fixture.git(fixture.seed, "update-index", "--add", "--cacheinfo", `160000,${recorded},${name}`);
  }
  fixture.write(fixture.seed, { ".gitmodules": declare(...names) });
  fixture.git(fixture.seed, "add", ".gitmodules");
  fixture.git(fixture.seed, "commit", "--quiet", "--message", "Submodules");
  fixture.git(fixture.seed, "push", "--quiet", "origin", "HEAD:refs/heads/main");
  workspace = await (await fixture.workspaces()).provision(fixture.request());
});
afterAll(() => fixture.dispose());

/** What an agent does to have a submodule's files: returns the commit that it checked out there. */
function fill(name: string): string {
  mkdirSync(inside(name), { recursive: true });
  fixture.git(inside(name), "init", "--quiet");
  fixture.write(inside(name), { "x.txt": `${name}\n` });
  fixture.git(inside(name), "add", "--all");
  fixture.git(inside(name), "commit", "--quiet", "--message", "Another version");
  return fixture.git(inside(name), "rev-parse", "HEAD");
}

async function changes() {
  const tree = await workspace.snapshot();
  const files = toChangesetFiles("11111111", await workspace.changes(workspace.baseCommit, tree));
  return new Map(changedFilesOf({ files }).map((file) => [file.path, file]));
}

it("GIT-3: submodules are not fetched, and those that an agent leaves alone are no change", async () => {
  expect(readdirSync(inside("libs/one"))).toEqual([]);
  fixture.write(workspace.paths.root, { "b.txt": "b\n" });
  expect(Array.from((await changes()).keys())).toEqual(["b.txt"]);
  rmSync(inside("b.txt"));
});

it("tells another commit of a submodule, a further one and one that is gone", async () => {
  const moved = fill("libs/one");
  const further = fill("four");
  fill("nested");
  rmSync(inside("libs/two"), { recursive: true });
  writeFileSync(inside(".gitmodules"), declare("libs/one", "three", "four"));
  const files = await changes();
  expect(Array.from(files.keys())).toEqual([".gitmodules", "four", "libs/one", "libs/two"]);
  const module = files.get("libs/one");
  expect(module).toMatchObject({ status: "modified", oldMode: "160000", mode: "160000" });
  expect([module?.before?.blob?.oid, module?.after?.blob?.oid]).toEqual([recorded, moved]);
  expect(module && changeText(module)).toBe(`submodule, ${recorded.slice(0, 7)} → ${moved.slice(0, 7)}`);
  expect(files.get("four")).toMatchObject({ status: "added", mode: "160000", after: { blob: { oid: further } } });
  expect(files.get("libs/two")).toMatchObject({ status: "deleted", oldMode: "160000" });

  // Recorded, and once more looked at, they are the same; a restore leaves what the agent has checked out.
  const first = await workspace.checkpoint("Submodules", { kind: "turn", turnId: "t1", turns: 1 });
  expect(first).toMatchObject({ files: 4, nestedRepositories: ["nested"] });
  expect(await workspace.snapshot()).toBe(first?.tree);
  fixture.git(inside("four"), "commit", "--quiet", "--allow-empty", "--message", "Later");
  expect((await changes()).get("four")?.after?.blob?.oid).not.toBe(further);
});

it("takes a submodule's place for what is there, and follows no link to one", async () => {
  rmSync(inside("three"), { recursive: true });
  writeFileSync(inside("three"), "a file\n");
  expect((await changes()).get("three")).toMatchObject({ status: "modified", oldMode: "160000", mode: "100644" });

  const elsewhere = path.join(fixture.root, "elsewhere");
  fixture.git(fixture.root, "clone", "--quiet", fixture.origin, path.join(elsewhere, "one"));
  rmSync(inside("libs"), { recursive: true });
  symlinkSync(elsewhere, inside("libs"));
  const files = await changes();
  expect(files.get("libs/one")?.after?.blob?.oid ?? recorded).toBe(recorded);
});
