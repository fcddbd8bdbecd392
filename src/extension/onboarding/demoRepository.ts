import { execFile } from "node:child_process";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { AppError } from "../../base/appError.ts";

/** A small library with a history: enough for agents to describe, test and tidy up. */
const commits: readonly { readonly message: string; readonly files: Readonly<Record<string, string>> }[] = [
  {
    message: "Count words",
    files: {
      "README.md": "# word-count\n\nCounts the words of a text.\n\nSee [the sources](src/words.js).\n",
      "package.json": `${JSON.stringify(
        { name: "word-count", version: "1.0.0", type: "module", scripts: { test: "node --test" } },
        undefined,
        2,
      )}\n`,
      "src/words.js":
        '/** Words of a text, in lower case. */\nexport function words(text) {\n  return text.toLowerCase().split(/\\s+/).filter((word) => word !== "");\n}\n\n/** How often each word occurs. */\nexport function count(text) {\n  const counts = new Map();\n  for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);\n  return counts;\n}\n',
    },
  },
  {
    message: "Name the most frequent words",
    files: {
      "src/top.js":
        'import { count } from "./words.js";\n\n// TODO: words that occur equally often come in no order\nexport function top(text, limit = 10) {\n  return [...count(text)].sort((a, b) => b[1] - a[1]).slice(0, limit);\n}\n',
      "test/words.test.js":
        'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { count } from "../src/words.js";\n\ntest("counts words whatever their case", () => {\n  assert.equal(count("One one two").get("one"), 2);\n});\n',
    },
  },
  {
    message: "Keep what the build made",
    files: {
      "build/words.js": "// Made by the build.\n",
      "coverage/summary.txt": "src/words.js 100 %\nsrc/top.js 0 %\n",
    },
  },
];

/** Makes the repository at `folder` unless it is there. Rejects with `demo.failed` when git is missing. */
export async function makeDemoRepository(folder: string): Promise<void> {
  if (await isThere(path.join(folder, ".git"))) return;
  // Whole or not at all: a start that was interrupted leaves nothing half-made behind.
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const git = (...args: readonly string[]) => runGit(draft, args);
  await git("init", "--quiet", "--initial-branch=main");
  for (const { message, files } of commits) {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(draft, file)), { recursive: true });
      await writeFile(path.join(draft, file), text);
    }
    await git("add", "--all", "--force");
    await git(
      "-c",
      "user.name=Muster demo",
      "-c",
      "user.email=demo@localhost",
      "-c",
      "commit.gpgsign=false",
      "commit",
      "--quiet",
      "--message",
      message,
    );
  }
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
}

async function runGit(cwd: string, args: readonly string[]): Promise<void> {
  try {
    // No hook and no template of the person's own configuration runs here.
    await promisify(execFile)("git", ["-c", "core.hooksPath=", "-c", "init.templateDir=", ...args], {
      cwd,
      windowsHide: true,
    });
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw isMissing
      ? new AppError(
          "demo.failed",
          "The demo fleet needs git, which is not on the PATH. Install git and start the demo again.",
          { cause: error },
        )
      : new AppError("demo.failed", "Git could not make the demo's repository. The log says why.", { cause: error });
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
