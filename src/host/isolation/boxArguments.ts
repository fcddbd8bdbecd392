import { stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BOX_UID, type BoxDirectory } from "./boxDirectory.ts";
import { type BoxMounts, isInside } from "./boxMounts.ts";
import type { BoxConfig } from "./isolationConfig.ts";

export interface BoxParts {
  readonly bwrap: string;
  readonly box: BoxConfig;
  readonly mounts: BoxMounts;
  /** Absolute files and directories that no box may see. */
  readonly hidden: readonly string[];
  readonly directory: BoxDirectory;
  readonly process: {
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly root: string;
    readonly home: string;
    readonly cwd: string;
    readonly hasTerminal: boolean;
  };
  readonly nestedNamespaces: boolean;
  /** Names below the home, and where their texts lie by number. */
  readonly files: { readonly names: readonly string[]; readonly directory: string };
  /** The session's user, on a host that runs as root. */
  readonly uid: number | undefined;
  /** Files of control groups that the process joins by writing its id there. */
  readonly procsFiles: readonly string[];
  readonly network: { readonly socket: string; readonly proxyPort: number; readonly hostPorts: readonly number[] };
}

export interface BoxCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly inner: Readonly<Record<string, string>>;
}

const mebibyte = 1024 * 1024;
const blocksOfMebibyte = 2_048;
const seccompFd = 9;
/** Where sources are put that the session's user could not reach: it is covered in the launcher's own mount name space. */
const stage = "/mnt";
/** Read by the launcher's own programs, some of which run with the host's rights: set where only the box sees them. */
const loaderVariable = /^(LD_|GLIBC_|GCONV_|LOCPATH$|NLSPATH$|MALLOC_|BASH_ENV$|ENV$|SHELLOPTS$|BASHOPTS$|PS4$)/;

/** `boxForwarder.ts` beside this file, or `boxForwarder.mjs` beside the bundle. */
const forwarder = fileURLToPath(new URL(`./boxForwarder${path.extname(import.meta.url)}`, import.meta.url));
const forwarderInside = `/run/muster/forwarder${path.extname(forwarder)}`;
const socketInside = "/run/muster/egress";
const filesInside = "/run/muster/files";

/**
 * The command line of a box:
 *
 *     sh        joins the control groups, sets what the kernel limits, opens the system call filter
 *     bwrap     (root) puts what the box shall see where the session's user can reach it
 *     setpriv   (root) becomes the session's user
 *     bwrap     makes the box
 *     sh        starts the forwarder, waits for it, and becomes the command
 */
export async function boxArguments(parts: BoxParts): Promise<BoxCommand> {
  const { bwrap, box, directory, process: inside, nestedNamespaces, uid, procsFiles } = parts;
  const seccompFile = directory.seccompFile(nestedNamespaces);
  const staging = new Staging(uid !== undefined);
  const environment = { ...inside.env, ...proxyVariables(parts.network.proxyPort) };
  const launcherVariables = Object.entries(environment).filter(([name]) => !loaderVariable.test(name));
  const boxOnly = Object.entries(environment).filter(([name]) => loaderVariable.test(name));
  const boxed = [
    bwrap,
    ...[
      ["--die-with-parent"],
      // Keeps a program from typing into the terminal from which the host was started.
      ...(inside.hasTerminal ? [] : [["--new-session"]]),
      ["--unshare-user", "--uid", String(BOX_UID), "--gid", String(BOX_UID)],
      ...(nestedNamespaces ? [] : [["--disable-userns"]]),
      ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try"],
      ["--hostname", "box", "--cap-drop", "ALL"],
      ...(seccompFile === undefined ? [] : [["--seccomp", String(seccompFd)]]),
      ...(await fileSystem(parts, staging)),
      ["--chdir", inside.cwd],
      ...boxOnly.map(([name, value]) => ["--setenv", name, value]),
    ].flat(),
    "--",
    ...prepared(parts),
  ];
  const limited = uid === undefined ? boxed : asUser(uid, box.processes, [bwrap, ...staging.arguments(), "--"], boxed);
  const joins = procsFiles.map((file) => `echo $$ >${quoted(file)} || exit 126`);
  const script = [
    ...joins,
    "ulimit -c 0",
    `ulimit -f ${box.fileMegabytes * blocksOfMebibyte}`,
    ...(seccompFile === undefined ? [] : [`exec ${seccompFd}<${quoted(seccompFile)}`]),
    'exec "$@"',
  ].join("\n");
  // The variables hold keys and an argument list can be read by anyone on the machine: each program passes its own on.
  return {
    file: "/bin/sh",
    args: ["-c", script, "muster-box", ...limited],
    inner: Object.fromEntries(launcherVariables),
  };
}

function asUser(uid: number, processes: number, staged: readonly string[], boxed: readonly string[]): string[] {
  const id = String(uid);
  const user = ["/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--inh-caps=-all", "--"];
  return [...staged, "/usr/bin/prlimit", `--nproc=${processes}`, "--", ...user, ...boxed];
}

/** One option with its values a line; a later mount covers an earlier one. */
async function fileSystem({ box, mounts, hidden, directory, process, files, network }: BoxParts, staging: Staging) {
  const temporary = String(box.tmpMegabytes * mebibyte);
  const masks = await masksOf(hidden, mounts.binds);
  const { root, home } = process;
  return [
    ["--proc", "/proc"],
    ["--dev", "/dev"],
    ["--size", temporary, "--tmpfs", "/dev/shm"],
    ["--size", temporary, "--tmpfs", "/tmp"],
    ["--size", temporary, "--tmpfs", "/var"],
    ["--dir", "/var/tmp"],
    ["--dir", "/run/muster"],
    ...mounts.binds.map((file) => ["--ro-bind", staging.of(file), file]),
    ...mounts.links.map(({ at, target }) => ["--symlink", target, at]),
    ["--ro-bind", staging.of(directory.passwdFile), "/etc/passwd"],
    ["--ro-bind", staging.of(directory.groupFile), "/etc/group"],
    ...masks.mounts,
    ["--ro-bind", staging.of(forwarder), forwarderInside],
    ["--bind", staging.of(network.socket), socketInside],
    ["--ro-bind", staging.of(files.directory), filesInside],
    ["--bind", staging.of(root), root],
    ["--bind", staging.of(home), home],
    ...masks.seals,
    ["--remount-ro", "/"],
  ];
}

/** Directories of the system that programs cannot do without: of a file in one of them, only the file is hidden. */
const shared = new Set([
  "/etc/ssl",
  "/etc/pki",
  "/etc/pki/tls",
  "/usr/local",
  "/usr/local/bin",
  "/usr/local/etc",
  "/usr/share",
]);

/** A mask is closed when all is in its place: the session's own directories may lie below one. */
interface Masks {
  readonly mounts: readonly (readonly string[])[];
  readonly seals: readonly (readonly string[])[];
}

/**
 * What lies in a directory that the box sees and must not be seen itself. A file is hidden with its directory: one that is
 * missing may be made later, and one that is replaced would come out from under a mask of its own.
 */
async function masksOf(hidden: readonly string[], shown: readonly string[]): Promise<Masks> {
  const masks = new Map<string, string[]>();
  const directories = new Set<string>();
  for (const file of hidden) {
    const isDirectory = await stat(file).then(
      (found) => found.isDirectory(),
      () => undefined,
    );
    let directory = isDirectory === true ? file : path.dirname(file);
    while (directory !== "/" && (await stat(directory).catch(() => undefined)) === undefined)
      directory = path.dirname(directory);
    if (!shown.some((each) => isInside(directory, each))) continue;
    if (!shown.includes(directory) && !shared.has(directory)) {
      masks.set(directory, ["--tmpfs", directory]);
      directories.add(directory);
    } else if (isDirectory === false) masks.set(file, ["--ro-bind", "/dev/null", file]);
  }
  return {
    mounts: Array.from(masks.values()).toSorted((a, b) => (a[1]?.length ?? 0) - (b[1]?.length ?? 0)),
    seals: Array.from(directories, (directory) => ["--remount-ro", directory]),
  };
}

/**
 * What happens in the box before the command. The home's files are written here, where a link that an agent has put in
 * the way leads to nothing but the box. The box's loopback has no way out but the forwarder.
 */
function prepared({ process: { command, home }, files, network }: BoxParts): string[] {
  const writes = files.names.map((name, index) => {
    const target = quoted(path.join(home, name));
    const folder = quoted(path.join(home, path.dirname(name)));
    return `mkdir -p ${folder} && rm -rf ${target} && cp ${filesInside}/${index} ${target} && chmod 600 ${target} || exit 126`;
  });
  const ports = [network.proxyPort, ...network.hostPorts].join(" ");
  const node = quoted(globalThis.process.execPath);
  const script = [
    `mkdir -p ${quoted(path.join(home, "tmp"))}`,
    ...writes,
    "ready=/tmp/.muster-ready",
    "mkfifo -m 600 $ready",
    `NODE_OPTIONS= ${node} --max-old-space-size=64 ${forwarderInside} ${socketInside} ${ports} >$ready 2>&1 </dev/null &`,
    "read -r state <$ready",
    "rm -f $ready",
    'if [ "$state" != ready ]; then echo "The way out of the box could not be opened: $state" >&2; exit 126; fi',
    "unset ready state",
    'exec "$@"',
  ].join("\n");
  return ["/bin/sh", "-c", script, "muster-box", ...command];
}

function proxyVariables(port: number): Record<string, string> {
  const proxy = `http://127.0.0.1:${port}`;
  const direct = "localhost,127.0.0.1,::1";
  return {
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: direct,
    no_proxy: direct,
    // Node's own clients look at the variables above only when told to.
    NODE_USE_ENV_PROXY: "1",
  };
}

/** Sources under names that the session's user can reach, whatever the rights of the directories above them are. */
class Staging {
  readonly #isNeeded: boolean;
  readonly #sources: string[] = [];

  constructor(isNeeded: boolean) {
    this.#isNeeded = isNeeded;
  }

  of(source: string): string {
    if (!this.#isNeeded) return source;
    this.#sources.push(source);
    return `${stage}/${this.#sources.length - 1}`;
  }

  arguments(): string[] {
    const binds = this.#sources.flatMap((source, index) => ["--bind", source, `${stage}/${index}`]);
    return ["--die-with-parent", "--dev-bind", "/", "/", "--tmpfs", stage, "--chmod", "0711", stage, ...binds];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
