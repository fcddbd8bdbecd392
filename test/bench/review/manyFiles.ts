import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { prose, seeded } from "../wire/traffic.ts";

const run = promisify(execFile);
export const linesAFile = 100;

/** Every line is another one in the second version. */
export function writeAll(root: string, files: number, version: number): void {
  const random = seeded(version);
  for (let index = 0; index < files; index++) {
    const lines = Array.from({ length: linesAFile }, () => prose(random, 40).replaceAll("\n", " "));
    const file = path.join(root, `directory-${index % 50}`, `file-${index}.ts`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${lines.join("\n")}\n`);
  }
}

/** A bare repository whose one commit holds the first version of all files. */
export async function makeOrigin(origin: string, files: number): Promise<void> {
  const tree = `${origin}.tree`;
  writeAll(tree, files, 1);
  await git(tree, "init", "--quiet", "--initial-branch=main");
  await git(tree, "add", "--all");
  await git(tree, "commit", "--quiet", "--message=Work");
  await git(tree, "clone", "--quiet", "--bare", tree, origin);
  rmSync(tree, { recursive: true, force: true });
}

/** Git as it is, without anybody's configuration. */
export async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.test", "-c", "protocol.file.allow=always"];
  const env = { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_SYSTEM: devNull };
  return (await run("git", [...who, ...args], { cwd, env })).stdout;
}
