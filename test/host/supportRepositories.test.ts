import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { addBareRemote, makeRepository, ownRepository } from "../support/repositories/repositories.ts";
import { runGit, type TestRepository } from "../support/repositories/testRepository.ts";

const run = promisify(execFile);
const disposals: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

function owned(repository: TestRepository): TestRepository {
  disposals.push(() => repository.dispose());
  return repository;
}

/** Runs the repository's tests as a person would, without this runner's own environment. */
async function runTests(repository: TestRepository, args: string[]): Promise<boolean> {
  return run(process.execPath, args, { cwd: repository.path, env: { PATH: process.env["PATH"] } }).then(
    () => true,
    () => false,
  );
}

test("the project's own checkout becomes a clean repository with its manifest", async () => {
  const repository = owned(await makeRepository("own"));
  expect(await repository.git("ls-files", "package.json")).toBe("package.json");
  expect(await repository.git("status", "--porcelain")).toBe("");
  expect(await repository.git("symbolic-ref", "--short", "HEAD")).toBe("main");
});

test("a shallow checkout gives the history that it has", async () => {
  const full = owned(await makeRepository("broken"));
  const folder = await mkdtemp(path.join(tmpdir(), "muster-shallow-"));
  disposals.push(() => rm(folder, { recursive: true, force: true }));
  await runGit(folder, ["clone", "--quiet", "--depth=2", `file://${full.path}`, "shallow"]);
  const repository = owned(await ownRepository(undefined, path.join(folder, "shallow")));
  expect(await repository.head()).toBe(await full.head());
  expect(await repository.git("rev-list", "--count", "HEAD")).toBe("2");
  const bare = await addBareRemote(repository, path.join(folder, "bare.git"));
  expect(await runGit(folder, ["clone", "--quiet", `file://${bare}`, "again"])).toBe("");
});

test("the published package has a history and its own tests pass", async () => {
  const repository = owned(await makeRepository("package"));
  expect(Number(await repository.git("rev-list", "--count", "HEAD"))).toBeGreaterThan(3);
  expect(await runTests(repository, ["test"])).toBe(true);
});

test("the broken repository fails its tests until add is fixed", async () => {
  const repository = owned(await makeRepository("broken"));
  expect(await runTests(repository, ["--test"])).toBe(false);
  await repository.write(
    "src/math.mjs",
    "export const add = (a, b) => a + b;\nexport const subtract = (a, b) => a - b;\n",
  );
  expect(await runTests(repository, ["--test"])).toBe(true);
});

test("a synthesised history has the same commit ids every time", async () => {
  const heads = [await makeRepository("broken"), await makeRepository("broken")].map((made) => owned(made).head());
  expect(new Set(await Promise.all(heads)).size).toBe(1);
});

test("a bare remote holds the branch and takes a push", async () => {
  const repository = owned(await makeRepository("broken"));
  const folder = await mkdtemp(path.join(tmpdir(), "muster-bare-"));
  disposals.push(() => rm(folder, { recursive: true, force: true }));
  const bare = await addBareRemote(repository, path.join(folder, "owner", "arithmetic.git"));
  await repository.write("NOTES.md", "notes\n");
  const commit = await repository.commit("Add notes");
  await repository.git("push", "--quiet", "origin", "HEAD:refs/heads/topic");
  expect(await runGit(bare, ["rev-parse", "refs/heads/topic"])).toBe(commit);
});
