import { AppError } from "../../base/appError.ts";
import { isSafeBranch } from "./refs.ts";
import type { Remote } from "./repositoryUrl.ts";

/** What a server says that it has. */
export interface RemoteRefs {
  /** Its default branch. */
  readonly head: string | undefined;
  readonly branches: ReadonlyMap<string, string>;
  /** Every branch and tag, also with names outside our grammar: `refs/heads/main` to its object. */
  readonly all: ReadonlyMap<string, string>;
}

/** Reads `ls-remote --symref`. Branches whose names are outside our grammar are only among `all`. */
export function parseRemoteRefs(text: string): RemoteRefs {
  const branches = new Map<string, string>();
  const all = new Map<string, string>();
  let head: string | undefined;
  for (const line of text.split("\n")) {
    const symref = /^ref: refs\/heads\/(\S+)\tHEAD$/.exec(line)?.[1];
    if (symref !== undefined && isSafeBranch(symref)) head = symref;
    const [, oid, ref] = /^([0-9a-f]{40,64})\t(refs\/(?:heads|tags)\/.+)$/.exec(line) ?? [];
    // `^{}` is what an annotated tag points to.
    if (oid === undefined || ref === undefined || ref.endsWith("^{}")) continue;
    all.set(ref, oid);
    const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : undefined;
    if (branch !== undefined && isSafeBranch(branch)) branches.set(branch, oid);
  }
  return { head, branches, all };
}

/** Throws `repository.cloneFailed` where there is no such branch, or none to choose. */
export function chooseBase(refs: RemoteRefs, wanted: string | undefined, remote: Remote): string {
  if (refs.branches.size === 0) {
    const sentence = `Couldn't clone ${remote.display}: the repository is empty. Push a first commit to it and try again.`;
    throw new AppError("repository.cloneFailed", sentence);
  }
  if (wanted !== undefined) {
    if (refs.branches.has(wanted)) return wanted;
    const sentence = `Couldn't start from "${wanted.slice(0, 200)}": ${remote.display} has no such branch. Choose another base branch.`;
    throw new AppError("repository.cloneFailed", sentence, { details: { baseBranch: wanted } });
  }
  const chosen = defaultBranch(refs);
  if (chosen !== undefined) return chosen;
  throw new AppError("repository.cloneFailed", `${remote.display} names no default branch. Choose a base branch.`);
}

/** The one that the server names, else the usual one, else the only one. */
export function defaultBranch({ head, branches }: RemoteRefs): string | undefined {
  if (head !== undefined && branches.has(head)) return head;
  const usual = ["main", "master"].find((name) => branches.has(name));
  if (usual !== undefined) return usual;
  const [only, ...others] = branches.keys();
  return others.length === 0 ? only : undefined;
}
