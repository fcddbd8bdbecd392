import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { GitCli } from "../workspaces/gitCli.ts";
import { GitError } from "../workspaces/gitFailure.ts";
import { tryGit } from "../workspaces/gitTrial.ts";
import type { Finding } from "./finding.ts";

/** Does what the host does with git, in repositories of its own that are set with traps; the host refuses a git that falls in. */
export async function checkGitBehaviour(searchPath: string, program = "git"): Promise<Finding> {
  const home = mkdtempSync(path.join(tmpdir(), "muster-doctor-"));
  try {
    const failed = await tryGit(new GitCli({ path: searchPath, home, program }));
    if (failed.length === 0) return { check: "gitBehaviour", state: "ok", text: "git obeys no hostile repository" };
    const text = `git is not safe to use with repositories of others: ${failed.join(", ")}. Update git.`;
    return { check: "gitBehaviour", state: "missing", text, details: { failed } };
  } catch (error) {
    const why = error instanceof GitError ? `${error.message}: ${error.failure.stderr.trim()}` : String(error);
    const text = `git fails at what the host asks of it (${why}). Install git 2.39 or later.`;
    return { check: "gitBehaviour", state: "missing", text, details: { why } };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
