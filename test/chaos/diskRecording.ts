import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** What a process asked of its disk, in order; `told` is how far it has said that its log is durable. */
export type DiskCall =
  | { readonly kind: "write"; readonly file: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly file: string; readonly length: number }
  | { readonly kind: "remove"; readonly file: string }
  | { readonly kind: "sync"; readonly file: string }
  | { readonly kind: "told"; readonly seq: number };

/** The name under which a sync of the directory itself is recorded: what was removed stays removed. */
export const DIRECTORY = ".";

const writer = fileURLToPath(new URL("powerWriter.ts", import.meta.url));
const traced = "openat,close,write,pwrite64,ftruncate,unlink,fsync,fdatasync";

/** Whether calls can be recorded here: it takes strace and the right to use it. */
export function canRecord(): boolean {
  return spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
}

/** The calls of a process that fills a log, and the records of that log by number. */
export function recordWriter(seed: number, commits: number, keep: (directory: string) => Promise<void>) {
  const directory = mkdtempSync(path.join(tmpdir(), "muster-power-"));
  const trace = path.join(directory, "trace");
  const data = path.join(directory, "data");
  const strace = ["-o", trace, "-xx", "-s", "200000", "-e", `trace=${traced}`];
  const { status, stderr } = spawnSync(
    "strace",
    [...strace, process.execPath, writer, data, String(seed), String(commits)],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`The writer ended with ${String(status)}: ${stderr}`);
  const calls = parseTrace(readFileSync(trace, "latin1"), data);
  return keep(data)
    .then(() => calls)
    .finally(() => rmSync(directory, { recursive: true, force: true }));
}

/** Only files of `directory` count. Its threads are not traced: SQLite works on the one that called it. */
function parseTrace(trace: string, directory: string): DiskCall[] {
  const calls: DiskCall[] = [];
  const open = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const [, name = "", args = "", result = ""] = /^(\w+)\((.*)\) += (\S+)/s.exec(line) ?? [];
    if (name === "" || result.startsWith("-")) continue;
    const fields = args.split(", ");
    const [first = ""] = fields;
    if (name === "openat") {
      const file = toBytes(fields[1]).toString();
      if (file === directory) open.set(result, DIRECTORY);
      if (file.startsWith(`${directory}/`)) open.set(result, path.basename(file));
    } else if (name === "close") open.delete(first);
    else if (name === "unlink") {
      const file = toBytes(first).toString();
      if (file.startsWith(`${directory}/`)) calls.push({ kind: "remove", file: path.basename(file) });
    } else if (name === "write" && first === "1") {
      const told = /durable (\d+)/.exec(toBytes(fields[1]).toString());
      if (told) calls.push({ kind: "told", seq: Number(told[1]) });
    } else {
      const file = open.get(first);
      if (file !== undefined) calls.push(...toCall(name, file, fields));
    }
  }
  return calls;
}

function toCall(name: string, file: string, fields: readonly string[]): DiskCall[] {
  switch (name) {
    case "pwrite64":
      return [{ kind: "write", file, offset: Number(fields[3]), bytes: toBytes(fields[1]) }];
    case "ftruncate":
      return [{ kind: "truncate", file, length: Number(fields[1]) }];
    case "fsync":
    case "fdatasync":
      return [{ kind: "sync", file }];
    default:
      throw new Error(`The recording holds ${name} of ${file}, which it cannot replay.`);
  }
}

/** `"\x61\x62"` as strace prints it. */
function toBytes(text = ""): Buffer {
  return Buffer.from(text.slice(1, -1).replaceAll("\\x", ""), "hex");
}
