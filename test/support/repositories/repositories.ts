import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BROKEN_HISTORY } from "./brokenHistory.ts";
import { runGit, TestRepository } from "./testRepository.ts";

export type RepositoryKind = "own" | "package" | "broken";

/**
 * Makes a repository of a kind:
 * - `own`: this project's checkout with its history;
 * - `package`: the source and tests of a published npm package, with a history;
 * - `broken`: a small library with a function that its tests prove wrong, for an agent to fix.
 * @param parent where to put it; without one it gets a temporary folder, removed by `dispose`
 */
export async function makeRepository(kind: RepositoryKind, parent?: string): Promise<TestRepository> {
  if (kind === "own") return ownRepository(parent);
  if (kind === "package") return packageRepository(parent);
  return brokenRepository(parent);
}

/** Folder of this checkout. */
const CHECKOUT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * This project at its HEAD with as much history as the checkout has. A checkout without commits, or a plain folder
 * (an unpacked archive), gives a repository of one commit.
 */
export async function ownRepository(parent?: string, checkout = CHECKOUT): Promise<TestRepository> {
  const repository = await TestRepository.create("muster", parent);
  const head = await runGit(checkout, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).catch(() => undefined);
  if (head === undefined) {
    for (const file of await filesOf(checkout)) await repository.copyIn(path.join(checkout, file), file);
    await repository.commit("The project's files");
    return repository;
  }
  // A fetch copies what a shallow checkout has, where a local clone of one would need its own handling.
  await repository.git("fetch", "--quiet", "--no-tags", "--update-shallow", checkout, "HEAD");
  await repository.git("reset", "--quiet", "--hard", head);
  return repository;
}

async function filesOf(checkout: string): Promise<string[]> {
  const listed = await runGit(checkout, ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).catch(
    () => "",
  );
  const files = listed.split("\0").filter((file) => file !== "");
  return files.length > 0 ? files : ["package.json", "src", "LICENSE"];
}

const PACKAGE = "quick-format-unescaped";

/** Relative paths of the package's files, by the commit of the synthesised history that brings them. */
const PACKAGE_STEPS: readonly { readonly message: string; readonly files: readonly string[] }[] = [
  { message: "Add the manifest and the licence", files: ["package.json", "LICENSE"] },
  { message: "Format printf-like strings", files: ["index.js"] },
  { message: "Test every placeholder", files: ["test/index.js"] },
  { message: "Describe the API", files: ["readme.md"] },
  { message: "Measure against util.format", files: ["benchmark.js"] },
];

/**
 * The npm package quick-format-unescaped (MIT; a `printf` for loggers) as published, with its tests:
 * `node test` passes without an installation. Its published files are given a history of several commits.
 */
export async function packageRepository(parent?: string): Promise<TestRepository> {
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  const source = path.dirname(manifest);
  const repository = await TestRepository.create(PACKAGE, parent);
  const published = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  for (const [index, { message, files }] of PACKAGE_STEPS.entries()) {
    for (const file of files) await repository.copyIn(path.join(source, file), file);
    await repository.commit(index === PACKAGE_STEPS.length - 1 ? `${message}; release ${published.version}` : message);
  }
  return repository;
}

/** A small library whose `add` subtracts; `node --test` fails until somebody fixes `src/math.mjs`. */
export async function brokenRepository(parent?: string): Promise<TestRepository> {
  const repository = await TestRepository.create("arithmetic", parent);
  await repository.commitSteps(BROKEN_HISTORY);
  return repository;
}

/**
 * A bare repository with the same branches, as a server would hold it.
 * @param directory where to make it, for example `ROOT/owner/name.git`; must not exist
 * @param remoteUrl what `origin` of the work tree becomes; without one, the directory
 */
export async function addBareRemote(
  repository: TestRepository,
  directory: string,
  remoteUrl?: string,
): Promise<string> {
  await runGit(repository.path, ["clone", "--quiet", "--bare", "--no-hardlinks", repository.path, directory]);
  await runGit(directory, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  await runGit(directory, ["config", "http.receivepack", "true"]);
  await runGit(directory, ["remote", "remove", "origin"]);
  await repository.git("remote", "add", "origin", remoteUrl ?? directory);
  return directory;
}
