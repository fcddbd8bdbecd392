import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";

/** What a box sees of the machine, all of it read-only: real files and directories, and the links that lead to them. */
export interface BoxMounts {
  /** Outer ones first; none lies in another. */
  readonly binds: readonly string[];
  readonly links: readonly { readonly at: string; readonly target: string }[];
}

/** Programs and what they are made of. No `/var`, `/run`, `/sys`, `/home`, `/root`, `/srv`, `/mnt`, `/boot`. */
const system = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/etc",
  "/opt",
  "/nix/store",
  "/gnu/store",
];

const besides: Readonly<Record<string, readonly string[]>> = {
  bin: ["lib", "libexec"],
  shims: ["bin", "libexec", "versions", "installs", "version"],
};

export interface Wanted {
  /** Program and arguments: the absolute paths among them are what the box shall run. */
  readonly command: readonly string[];
  readonly searchPath: string;
  /** Further files and directories, from the configuration. */
  readonly readable: readonly string[];
  /** Files and directories that no box may see, whatever lies in them. */
  readonly hidden: readonly string[];
}

/**
 * What a command needs, with the links on the way to it. A directory that holds more than programs (a home, or one that
 * holds what is hidden) is never shown for the sake of a file in it: then only the file is.
 */
export async function boxMounts({ command, searchPath, readable, hidden }: Wanted): Promise<BoxMounts> {
  const binds = new Set<string>();
  const links = new Map<string, string>();
  const show = async (file: string) => {
    const real = await walk(file, links);
    if (real !== undefined) binds.add(real);
    return real;
  };
  const tooMuch = [homedir(), "/home", ...hidden];
  const isTooMuch = (directory: string) => directory === "/" || tooMuch.some((each) => isInside(each, directory));
  const isHidden = (file: string) => hidden.some((each) => isInside(file, each));
  const showUnlessPrivate = async (file: string) => {
    const real = await realpath(file).catch(() => undefined);
    if (real !== undefined && !isTooMuch(real) && !isHidden(real)) await show(file);
  };
  for (const directory of system) await show(directory);
  for (const directory of readable) await show(directory);
  for (const directory of searchPath.split(path.delimiter)) {
    if (!path.isAbsolute(directory)) continue;
    await showUnlessPrivate(directory);
    // A prefix keeps what its programs are made of beside them, a version manager what its shims lead to.
    const beside = besides[path.basename(directory)] ?? [];
    for (const name of beside) await showUnlessPrivate(path.join(path.dirname(directory), name));
  }
  for (const word of command.filter((each) => path.isAbsolute(each))) {
    const real = await realpath(word).catch(() => undefined);
    if (real === undefined || isHidden(real) || isTooMuch(real)) continue;
    await show(word);
    for (const file of new Set([word, real])) await showUnlessPrivate(await installationOf(file));
  }
  const outer = Array.from(binds).toSorted((a, b) => a.length - b.length);
  const kept = outer.filter((file, index) => !outer.slice(0, index).some((other) => isInside(file, other)));
  const missing = Array.from(links, ([at, target]) => ({ at, target })).filter(
    ({ at }) => !kept.some((directory) => isInside(at, directory)),
  );
  return { binds: kept, links: missing };
}

const maxLinks = 40;

/** The real path; undefined for what is not there. Every link on the way is noted. */
async function walk(file: string, links: Map<string, string>): Promise<string | undefined> {
  let waiting = path
    .resolve(file)
    .split(path.sep)
    .filter((name) => name !== "");
  let current = "/";
  for (let followed = 0; ;) {
    const name = waiting.shift();
    if (name === undefined) return current;
    const next = path.join(current, name);
    const found = await lstat(next).catch(() => undefined);
    if (!found) return undefined;
    if (!found.isSymbolicLink()) {
      current = next;
      continue;
    }
    followed += 1;
    if (followed > maxLinks) return undefined;
    const target = await readlink(next);
    links.set(next, target);
    waiting = [
      ...path
        .resolve(current, target)
        .split(path.sep)
        .filter((each) => each !== ""),
      ...waiting,
    ];
    current = "/";
  }
}

/** The outermost `node_modules` around a program, which it may need all of; else its package; else its own directory. */
async function installationOf(file: string): Promise<string> {
  const part = `${path.sep}node_modules`;
  const at = file.indexOf(`${part}${path.sep}`);
  if (at >= 0) return file.slice(0, at + part.length);
  if (!/\.[cm]?[jt]s$/.test(file)) return path.dirname(file);
  for (let directory = path.dirname(file); directory !== "/"; directory = path.dirname(directory)) {
    if (await stat(path.join(directory, "package.json")).catch(() => undefined)) return directory;
  }
  return path.dirname(file);
}

export function isInside(file: string, directory: string): boolean {
  return file === directory || directory === "/" || file.startsWith(`${directory}${path.sep}`);
}
