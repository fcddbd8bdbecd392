import { type ChildProcess, spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import type { Confine } from "./confinement.ts";
import { GitError } from "./gitFailure.ts";

/**
 * The one place that runs git. No shell, no inherited environment, no configuration but ours, no hooks, no prompts: what
 * a repository or an agent wrote can be read by git but not obeyed.
 */
export interface GitCommand {
  /** Subcommand and arguments; values from outside come after `--end-of-options` or are checked object or ref names. */
  readonly args: readonly string[];
  readonly gitDir?: string;
  readonly workTree?: string;
  /** Transports this command may use; none when absent. */
  readonly protocol?: "https" | "http" | "ssh" | "file";
  /** Variables for this one command (askpass). */
  readonly env?: Readonly<Record<string, string>>;
  /** Configuration for this one command, above all other. */
  readonly config?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Each line of progress. Answering false ends the command as too large. */
  readonly onProgress?: (line: string) => boolean;
  /** Takes standard output piece by piece instead of keeping it. Answering false ends the command as too large. */
  readonly onOutput?: (chunk: Buffer) => boolean;
  /** Yields the processor to everything else. */
  readonly isBackground?: boolean;
  /** Exit codes that are answers, not failures; 0 always is. */
  readonly accept?: readonly number[];
}

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Given by environment so that they hold for every child git of the command, and above any repository's own file.
 * `info/attributes` of the trusted directory does the rest (see `TRUSTED_ATTRIBUTES`).
 */
const config: Readonly<Record<string, string>> = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.untrackedCache": "false",
  "core.attributesFile": "/dev/null",
  // What is larger is streamed, not held in memory.
  "core.bigFileThreshold": "16m",
  "core.excludesFile": "/dev/null",
  "core.quotePath": "false",
  "core.safecrlf": "false",
  "core.protectHFS": "true",
  "core.protectNTFS": "true",
  "credential.helper": "",
  "diff.ignoreSubmodules": "all",
  "fetch.recurseSubmodules": "false",
  "gc.auto": "0",
  "http.followRedirects": "false",
  "init.defaultBranch": "main",
  "maintenance.auto": "false",
  "protocol.allow": "never",
  "push.recurseSubmodules": "no",
  "submodule.recurse": "false",
  "transfer.bundleURI": "false",
  "transfer.fsckObjects": "true",
  // What is fetched stays a pack: sessions link packs, not thousands of loose objects.
  "transfer.unpackLimit": "1",
  // Harmless oddities that old public histories are full of.
  "fetch.fsck.badEmail": "ignore",
  "fetch.fsck.badTimezone": "ignore",
  "fetch.fsck.missingEmail": "ignore",
  "fetch.fsck.missingNameBeforeEmail": "ignore",
  "fetch.fsck.missingSpaceBeforeDate": "ignore",
  "fetch.fsck.missingSpaceBeforeEmail": "ignore",
  "fetch.fsck.zeroPaddedFilemode": "ignore",
};

/** `* !filter` and so on: attributes that a repository's own `.gitattributes` may set and that name programs. */
export const TRUSTED_ATTRIBUTES = "* !filter !diff !merge\n";

const defaultTimeoutMs = 60_000;
const defaultMaxOutputBytes = 64 * 1024 * 1024;
const maxStderr = 64 * 1024;

export interface GitCliOptions {
  /** The program; found on `path` when it is a bare name. */
  readonly program?: string;
  /** PATH for git and its helpers. */
  readonly path: string;
  /** A home that holds no configuration. */
  readonly home: string;
  /** How git is kept to the checkout when it works on one. */
  readonly confine?: Confine | undefined;
}

export class GitCli {
  readonly #options: GitCliOptions;

  constructor(options: GitCliOptions) {
    this.#options = options;
  }

  /** Rejects with `GitError`. */
  async run(command: GitCommand): Promise<GitOutput> {
    const name = command.args[0] ?? "";
    if (command.signal?.aborted)
      throw new GitError(name, { exitCode: undefined, stderr: "", stdout: "", ended: "cancelled" });
    const [file = "", ...args] = this.#commandLine(command);
    const child = spawn(file, args, {
      cwd: command.workTree ?? command.gitDir ?? "/",
      env: this.#environment(command),
      stdio: ["pipe", "pipe", "pipe"],
      // Its own group, so that ending it also ends its transport helpers.
      detached: true,
    });
    if (command.isBackground && child.pid !== undefined) yieldProcessor(child.pid);
    const output = await collect(child, name, command);
    // Where bubblewrap fails git has not run, whatever the caller makes of git's own exit codes.
    if (output.exitCode !== 0 && output.stderr.startsWith("bwrap: ")) {
      throw new GitError(name, { exitCode: output.exitCode, stderr: output.stderr, stdout: "" });
    }
    return output;
  }

  /** Standard output as text, without its last newline. */
  async text(command: GitCommand): Promise<string> {
    const { stdout } = await this.run(command);
    return stdout.toString("utf8").replace(/\n$/, "");
  }

  #commandLine(command: GitCommand): readonly string[] {
    const { gitDir, workTree } = command;
    const own = [this.#options.program ?? "git", ...this.#argv(command)];
    if (workTree === undefined || this.#options.confine === undefined) return own;
    return [...this.#options.confine(gitDir === undefined ? [workTree] : [workTree, gitDir], workTree), ...own];
  }

  #argv({ gitDir, workTree, args }: GitCommand): string[] {
    const place = gitDir === undefined ? [] : [`--git-dir=${gitDir}`];
    const tree = workTree === undefined ? [] : [`--work-tree=${workTree}`];
    return ["--no-replace-objects", "--literal-pathspecs", ...place, ...tree, ...args];
  }

  #environment({ protocol, env, config: own }: GitCommand): Record<string, string> {
    const variables: Record<string, string> = {
      PATH: this.#options.path,
      HOME: this.#options.home,
      XDG_CONFIG_HOME: this.#options.home,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_ATTR_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_LFS_SKIP_SMUDGE: "1",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_ALLOW_PROTOCOL: protocol ?? "none",
      GIT_SSH_COMMAND: "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=20",
      ...env,
    };
    const entries = [...Object.entries(config), ...Object.entries(own ?? {})];
    variables["GIT_CONFIG_COUNT"] = String(entries.length);
    for (const [index, [key, value]] of entries.entries()) {
      variables[`GIT_CONFIG_KEY_${index}`] = key;
      variables[`GIT_CONFIG_VALUE_${index}`] = value;
    }
    return variables;
  }
}

async function collect(child: ChildProcess, name: string, command: GitCommand): Promise<GitOutput> {
  const maxOutputBytes = command.maxOutputBytes ?? defaultMaxOutputBytes;
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = "";
  let partialLine = "";
  let ended: "timeout" | "tooLarge" | "cancelled" | undefined;
  const end = (why: "timeout" | "tooLarge" | "cancelled") => {
    ended ??= why;
    killGroup(child);
  };
  const timer = setTimeout(() => end("timeout"), command.timeoutMs ?? defaultTimeoutMs);
  const onAbort = () => end("cancelled");
  command.signal?.addEventListener("abort", onAbort, { once: true });
  child.stdout?.on("data", (chunk: Buffer) => {
    if (command.onOutput) {
      if (!command.onOutput(chunk)) end("tooLarge");
      return;
    }
    size += chunk.length;
    if (size > maxOutputBytes) end("tooLarge");
    else chunks.push(chunk);
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-maxStderr);
    if (!command.onProgress) return;
    const lines = (partialLine + chunk).split(/[\r\n]/);
    partialLine = (lines.pop() ?? "").slice(-4096);
    for (const line of lines) if (line !== "" && !command.onProgress(line)) end("tooLarge");
  });
  // A child that ends early closes its input; that is told by its exit code.
  child.stdin?.on("error", () => {});
  child.stdin?.end(command.input ?? "");
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const stdout = Buffer.concat(chunks);
    const accepted = exitCode === 0 || (exitCode !== null && command.accept?.includes(exitCode));
    if (ended !== undefined || exitCode === null || !accepted) {
      const text = stdout.toString("utf8").slice(0, maxStderr);
      throw new GitError(name, { exitCode: exitCode ?? undefined, stderr, stdout: text, ...(ended && { ended }) });
    }
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
    command.signal?.removeEventListener("abort", onAbort);
  }
}

function yieldProcessor(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
