import { AppError } from "../../base/appError.ts";

/**
 * Our own grammar for the refs that reach a git command line. `git check-ref-format` is no safety check: it lets through
 * `;`, `$( )`, backticks, bidirectional overrides and zero-width characters.
 */
const refPattern = /^[A-Za-z0-9._/-]{1,200}$/;

/** A branch's short name (`main`, `agent/fix-login-1a2b3c4d`). */
export function isSafeBranch(name: string): boolean {
  if (!refPattern.test(name) || name.startsWith("-") || name.startsWith("/") || name.endsWith("/")) return false;
  if (name.includes("..") || name.includes("//") || name.endsWith(".")) return false;
  return name.split("/").every((part) => !part.startsWith(".") && !part.startsWith("-") && !part.endsWith(".lock"));
}

/** Throws `request.invalid` for a name outside the grammar. */
export function checkBranch(name: string): string {
  if (isSafeBranch(name)) return name;
  throw new AppError(
    "request.invalid",
    `The branch name ${JSON.stringify(name.slice(0, 80))} can't be used. Use letters, digits, ".", "_", "-" and "/" only.`,
  );
}

/** A branch that agents push to. */
export function isAgentBranch(name: string): boolean {
  return name.startsWith("agent/");
}

/** The only branches that leave this host. Throws `push.refused` for any other. */
export function checkAgentBranch(name: string): string {
  if (isSafeBranch(name) && isAgentBranch(name)) return name;
  throw new AppError(
    "push.refused",
    `The branch ${JSON.stringify(name.slice(0, 80))} was not pushed: agents push to branches under "agent/" only.`,
  );
}

/** Full hexadecimal object name, SHA-1 or SHA-256. Throws `request.invalid` for anything else. */
export function checkOid(oid: string): string {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(oid)) return oid;
  throw new AppError("request.invalid", "That is no git object name. Refresh the session.");
}

/** Session ids become directory names. Throws `request.invalid`. */
export function checkSessionId(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/.test(id)) return id;
  throw new AppError("request.invalid", "That is no session id.");
}

const checkpointPrefix = "refs/muster/checkpoints/";
/** Pins the base commit in the trusted git directory. */
export const BASE_REF = "refs/muster/base";
/** The commit that says how the workspace is set up: never one that an agent made. */
export const SETUP_REF = "refs/muster/setup";
export const CHECKPOINT_REFS = checkpointPrefix;
export const checkpointRef = (number: number): string => `${checkpointPrefix}${number}`;
/** The commit that the remote is known to have on the branch. */
export const pushedRef = (branch: string): string => `refs/muster/pushed/${branch}`;
/** The commit that a push was begun with: the remote may or may not have it. */
export const pushingRef = (branch: string): string => `refs/muster/pushing/${branch}`;
/** The commit whose files are being put back; there only while that happens. */
export const RESTORING_REF = "refs/muster/restoring";
