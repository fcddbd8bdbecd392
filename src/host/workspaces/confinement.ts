import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";

/** What comes before a program and its arguments, so that it sees these directories and no others. */
export type Confine = (writable: readonly string[], cwd: string) => readonly string[];

/** A PATH that was made for another account may name what this one may not look into: bubblewrap would give up. */
function mayEnter(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What git itself is made of. */
const programs = ["/usr", "/bin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/etc/ld.so.cache"];

/**
 * Git reads an agent's files while the agent may put links in their places: it looks at a file and opens it a moment later.
 * So it does that where nothing but the checkout and the session's git directory exists, without network.
 * Undefined where there is no bubblewrap; then agents do not start on a host that confines them.
 */
export function bubblewrapConfinement(searchPath: string, isRoot = process.getuid?.() === 0): Confine | undefined {
  const bwrap = searchPath
    .split(path.delimiter)
    .map((directory) => path.join(directory, "bwrap"))
    .find((file) => path.isAbsolute(file) && existsSync(file));
  if (bwrap === undefined) return undefined;
  // Root's own name space of users would not let it read what belongs to the users of sessions.
  const rights = isRoot
    ? ["--cap-drop", "ALL", ...["DAC_OVERRIDE", "CHOWN", "FOWNER"].flatMap((name) => ["--cap-add", `CAP_${name}`])]
    : ["--unshare-user", "--cap-drop", "ALL"];
  const elsewhere = searchPath
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory) && directory !== "/" && mayEnter(directory));
  const readable = [...programs, ...elsewhere].flatMap((directory) => ["--ro-bind-try", directory, directory]);
  const spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"];
  const fixed = [bwrap, "--die-with-parent", "--new-session", ...spaces, ...rights, ...readable];
  return (writable, cwd) => {
    const binds = writable.flatMap((directory) => ["--bind", directory, directory]);
    return [...fixed, "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", ...binds, "--chdir", cwd, "--"];
  };
}
