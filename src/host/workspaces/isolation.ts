import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { AppError } from "../../base/appError.ts";
import { cleanText } from "./gitFailure.ts";

export type IsolationKind = "none" | "bubblewrap";

export interface IsolatedProcess {
  readonly command: readonly string[];
  /** The whole environment; nothing of the host's own is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Read-write, at the same path inside. */
  readonly root: string;
  readonly home: string;
  /** Where it starts: `root`, or a directory below it. */
  readonly cwd?: string;
  /** It gets a terminal of its own, whose keys reach it as signals: it must stay in that terminal's session. */
  readonly hasTerminal?: boolean;
}

export interface SpawnPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** How the programs of a workspace, agents and shells, are confined. */
export interface Isolation {
  readonly kind: IsolationKind;
  /** Throws `isolation.missing` when the layer that was asked for is not there: there is no running without it. */
  plan(process: IsolatedProcess): Promise<SpawnPlan>;
}

export interface IsolationOptions {
  /** The host's data directory: other sessions, trusted git directories, the log, the token. Hidden from agents, as is the home of the account that runs the host. */
  readonly dataDir: string;
  /** Further files and directories that agents must not see: the access token, the configuration. */
  readonly hidden: readonly string[];
  /** Directories below a hidden one that agents need (an installation); read-only. */
  readonly readable?: readonly string[];
  /** Where `bwrap` is looked for. */
  readonly path: string;
}

export function makeIsolation(kind: IsolationKind, options: IsolationOptions): Isolation {
  return kind === "none" ? noIsolation : new BubblewrapIsolation(options);
}

const noIsolation: Isolation = {
  kind: "none",
  plan({ command, env, root, cwd = root }) {
    const [file = "", ...args] = command;
    return Promise.resolve({ file, args, env, cwd });
  },
};

/**
 * Bubblewrap: everything read-only; a `/tmp`, `/run` and home of its own; the host's data hidden; own process, IPC and
 * host name spaces, no capabilities, no terminal but one of its own, and an end of the namespace with its first process. The network is the
 * host's: an agent needs its model's server, and nothing here filters where else it connects.
 */
class BubblewrapIsolation implements Isolation {
  readonly kind = "bubblewrap";
  readonly #options: IsolationOptions;
  #program: Promise<string> | undefined;

  constructor(options: IsolationOptions) {
    this.#options = options;
  }

  async plan({ command, env, root, home, cwd = root, hasTerminal }: IsolatedProcess): Promise<SpawnPlan> {
    this.#program ??= findWorkingBwrap(this.#options.path);
    const attempt = this.#program;
    const program = await attempt.catch((error: unknown) => {
      // Installing bubblewrap helps without a restart of the host.
      this.#program = undefined;
      throw error;
    });
    const { dataDir, hidden, readable = [] } = this.#options;
    const masked = await existing(["/tmp", "/var/tmp", "/run", homedir(), ...hidden, dataDir]);
    const maskedFiles = (await filesAmong(hidden)).filter((file) => !isInside(file, masked));
    const needed = [...readable, ...installDirectories(command), ...(env["PATH"] ?? "").split(path.delimiter)];
    const visible = needed.filter((file) => isInside(file, masked) && !isInside(file, [dataDir]));
    // One option with its values a line.
    const args = [
      ["--die-with-parent"],
      // Keeps a program from typing into the terminal from which the host was started.
      ...(hasTerminal ? [] : [["--new-session"]]),
      ...userNamespace(),
      ["--unshare-pid"],
      ["--unshare-ipc"],
      ["--unshare-uts"],
      ["--cap-drop", "ALL"],
      ["--ro-bind", "/", "/"],
      ["--dev", "/dev"],
      ["--proc", "/proc"],
      ...masked.map((directory) => ["--tmpfs", directory]),
      ...maskedFiles.map((file) => ["--ro-bind", "/dev/null", file]),
      ["--ro-bind-try", "/run/systemd/resolve", "/run/systemd/resolve"],
      ...Array.from(new Set(visible), (directory) => ["--ro-bind-try", directory, directory]),
      ["--bind", root, root],
      ["--bind", home, home],
      ["--chdir", cwd],
      ["--", ...command],
    ].flat();
    // The variables hold keys and an argument list can be read by anyone on the machine: bwrap passes its own on.
    return { file: program, args, env, cwd: "/" };
  }
}

/**
 * A host that runs as root gives its agents another user id inside: agents refuse to be root, and the kernel lets a root
 * without capabilities make no namespace of its own, which the sandboxes of some agents need.
 */
function userNamespace(): string[][] {
  const isRoot = process.getuid?.() === 0;
  return [
    ["--unshare-user"],
    ...(isRoot
      ? [
          ["--uid", "1000"],
          ["--gid", "1000"],
        ]
      : []),
  ];
}

async function findWorkingBwrap(searchPath: string): Promise<string> {
  for (const directory of searchPath.split(path.delimiter)) {
    const file = path.join(directory, "bwrap");
    if (!path.isAbsolute(file) || !(await isExecutable(file))) continue;
    try {
      await promisify(execFile)(
        file,
        [...userNamespace().flat(), "--ro-bind", "/", "/", "--unshare-pid", "--", "/bin/sh", "-c", "true"],
        {
          timeout: 10_000,
        },
      );
      return file;
    } catch (error) {
      const reason = cleanText(error instanceof Error ? error.message : String(error));
      const sentence = `The host is set to isolate agents with bubblewrap, but bubblewrap does not work here: ${reason}. Allow unprivileged user namespaces, or change "isolation" in the host's configuration.`;
      throw new AppError("isolation.missing", sentence, { cause: error });
    }
  }
  throw new AppError(
    "isolation.missing",
    'The host is set to isolate agents with bubblewrap, but "bwrap" is not installed. Install bubblewrap, or change "isolation" in the host\'s configuration.',
  );
}

/** Directories that are there and are not the root, each once, outer ones first: a later mount covers an earlier one. */
async function existing(paths: readonly string[]): Promise<string[]> {
  const wanted = Array.from(new Set(paths)).filter((directory) => directory !== "/");
  const found = await Promise.all(
    wanted.map(async (file) => ((await kindOf(file)) === "directory" ? file : undefined)),
  );
  return found.filter((directory) => directory !== undefined).toSorted((a, b) => a.length - b.length);
}

async function filesAmong(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(async (file) => ((await kindOf(file)) === "file" ? file : undefined)));
  return found.filter((file) => file !== undefined);
}

async function kindOf(file: string): Promise<"directory" | "file" | undefined> {
  return await stat(file).then(
    (found) => (found.isDirectory() ? "directory" : "file"),
    () => undefined,
  );
}

export async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Where a command's program and scripts are installed: the folder around their outermost `node_modules`, else their own. */
function installDirectories(command: readonly string[]): string[] {
  return command
    .filter((word) => path.isAbsolute(word))
    .map((word) => {
      const at = word.indexOf(`${path.sep}node_modules${path.sep}`);
      return at > 0 ? word.slice(0, at) : path.dirname(word);
    });
}

function isInside(file: string, directories: readonly string[]): boolean {
  return directories.some((directory) => file === directory || file.startsWith(`${directory}${path.sep}`));
}
