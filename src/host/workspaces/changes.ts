import { AppError } from "../../base/appError.ts";
import type { ChangedFile } from "./workspace.ts";

/** One file of `git diff-tree --raw -z`: what differs, and not how much. */
export interface NamedChange {
  readonly path: string;
  readonly oldPath?: string;
  readonly status: ChangedFile["status"];
  readonly before?: { readonly oid: string; readonly mode: string };
  readonly after?: { readonly oid: string; readonly mode: string };
}

/** One file of `git diff-tree --raw --numstat -z`, before the sizes of its blobs are known. */
export interface RawChange extends NamedChange {
  readonly additions: number;
  readonly deletions: number;
  readonly binary: boolean;
}

const rawHeader = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) ([AMDTR])(\d*)$/;
const countHeader = /^(\d+|-)\t(\d+|-)\t([\s\S]*)$/;
const absent = /^0+$/;

/**
 * Reads `diff-tree -r -z --raw --numstat -M`: NUL-separated, so that any file name survives. All raw records come first,
 * then as many counts in the same order. Names that are not UTF-8 carry replacement characters.
 * Throws `internal` when the text is anything else.
 */
export function parseChanges(output: Buffer): readonly RawChange[] {
  const tokens = new Tokens(output);
  const changes = readChanges(tokens);
  if (!tokens.isAtEnd) throw malformed();
  return changes;
}

/** Reads `diff-tree -r -z --raw --stdin --always`, of several pairs of commits: each begins with the newer one's name. */
export function parseChangesOfMany(output: Buffer): readonly (readonly NamedChange[])[] {
  const tokens = new Tokens(output);
  const all: (readonly NamedChange[])[] = [];
  while (!tokens.isAtEnd) {
    tokens.next();
    all.push(readNamed(tokens));
  }
  return all;
}

class Tokens {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(output: Buffer) {
    const tokens = output.toString("utf8").split("\0");
    if (tokens.at(-1) === "") tokens.pop();
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  get isRaw(): boolean {
    return this.#tokens[this.#at]?.startsWith(":") === true;
  }

  readonly next = (): string => {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw malformed();
    return token;
  };
}

function readChanges(tokens: Tokens): readonly RawChange[] {
  const changes = readNamed(tokens).map((change) => ({ ...change, ...parseCount(change, tokens.next) }));
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function readNamed(tokens: Tokens): readonly NamedChange[] {
  const changes: NamedChange[] = [];
  while (tokens.isRaw) changes.push(parseRaw(tokens.next(), tokens.next));
  return changes;
}

function parseRaw(header: string, next: () => string): NamedChange {
  const [, oldMode = "", newMode = "", oldOid = "", newOid = "", letter = ""] = rawHeader.exec(header) ?? [];
  if (letter === "") throw malformed();
  const first = next();
  const path = letter === "R" ? next() : first;
  return {
    path,
    ...(letter === "R" && { oldPath: first }),
    status: statusOf(letter),
    ...(!absent.test(oldOid) && { before: { oid: oldOid, mode: oldMode } }),
    ...(!absent.test(newOid) && { after: { oid: newOid, mode: newMode } }),
  };
}

function parseCount(change: { path: string; oldPath?: string }, next: () => string) {
  const [, added = "", deleted = "", name = ""] = countHeader.exec(next()) ?? [];
  if (added === "") throw malformed();
  // A rename's count has an empty name, then both names.
  const names = name === "" ? [next(), next()] : [name];
  if (names.at(-1) !== change.path) throw malformed();
  return { additions: Number(added) || 0, deletions: Number(deleted) || 0, binary: added === "-" };
}

function statusOf(letter: string): ChangedFile["status"] {
  switch (letter) {
    case "A":
      return "added";
    case "D":
      return "deleted";
    case "R":
      return "renamed";
    default:
      return "modified";
  }
}

function malformed(): AppError {
  return new AppError("internal", "git's list of changes could not be read.");
}

/** Reads `cat-file --batch-check`: object name to size in bytes. Objects that are missing or no blobs are left out. */
export function parseSizes(text: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [oid, type, size] = line.split(" ");
    if (oid !== undefined && type === "blob") sizes.set(oid, Number(size));
  }
  return sizes;
}

export interface ChangeTotals {
  readonly files: number;
  readonly additions: number;
  readonly deletions: number;
}

export function totalsOf(changes: readonly Pick<RawChange, "additions" | "deletions">[]): ChangeTotals {
  let additions = 0;
  let deletions = 0;
  for (const change of changes) {
    additions += change.additions;
    deletions += change.deletions;
  }
  return { files: changes.length, additions, deletions };
}
