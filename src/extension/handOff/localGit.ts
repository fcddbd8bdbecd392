import { spawn } from "node:child_process";
import { AppError } from "../../base/appError.ts";
import { cutText } from "../../base/markdownQuotes.ts";
import { toVisibleText } from "../../base/visibleText.ts";

export interface GitRun {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** "latin1" keeps every byte. */
  readonly encoding?: "utf8" | "latin1";
  /** Exit codes that are answers, not failures; 0 always is. */
  readonly accept?: readonly number[];
}

export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: string;
}

/** Runs git in a clone of the person's: no shell, no hook and no prompt, whatever an agent's files say. */
export type LocalGit = (cwd: string, args: readonly string[], run?: GitRun) => Promise<GitAnswer>;

const settings = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "submodule.recurse=false"];

/** Rejects with `request.rejected` when git fails, and when there is no git on this machine. */
export const localGit: LocalGit = (cwd, args, { input = "", env = {}, encoding = "utf8", accept = [] } = {}) =>
  new Promise((resolve, reject) => {
    const all = [...settings.flatMap((setting) => ["-c", setting]), ...args];
    const child = spawn("git", all, {
      cwd,
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_LITERAL_PATHSPECS: "1", LC_ALL: "C", ...env },
      stdio: "pipe",
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", () =>
      reject(
        new AppError("request.rejected", "Git could not be started on this machine. Install git, then try again."),
      ),
    );
    child.on("close", (exitCode) => {
      const stdout = Buffer.concat(out).toString(encoding);
      if (exitCode === 0 || accept.includes(exitCode ?? -1)) return resolve({ exitCode: exitCode ?? 0, stdout });
      const said = toVisibleText(cutText(Buffer.concat(err).toString("utf8").trim(), 300)).replaceAll("\n", " ");
      const values = [args[0] ?? "", said];
      reject(new AppError("request.rejected", "git {0} failed: {1}. Nothing of yours was changed.", { values }));
    });
    // One that ends early closes its input; that is told by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
