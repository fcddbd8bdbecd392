import { redactText } from "../../base/redactText.ts";
import type { Check } from "./pullRequestStanding.ts";

/**
 * Why a check is red, as far as it can be told from outside.
 * - `own`: nothing speaks against the change itself.
 * - `base`: the same check is red on the base branch.
 * - `staleBase`: the branch is behind its base, and what is complained of is in files that it does not change.
 * - `flaky`: the machine or the network gave out, or the same commit has passed before.
 */
export type Blame = "own" | "base" | "staleBase" | "flaky";

export interface Complaint {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** A red check with what it left to read. */
export interface FailedCheck {
  readonly check: Check;
  /** What it says of single lines. */
  readonly complaints: readonly Complaint[];
  /** The part of its log that tells, without secrets; "" if it has none. */
  readonly log: string;
  readonly blame: Blame;
}

/** What is known besides the check itself. */
export interface Surroundings {
  /** Names of checks that have been green on the same commit. */
  readonly passedBefore: ReadonlySet<string>;
  /** The checks of the base branch's head. */
  readonly baseChecks: readonly Check[];
  readonly isBehind: boolean;
  /** Paths that the pull request changes. */
  readonly changed: ReadonlySet<string>;
}

// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const escapes = /\u001b\[[0-9;]*[A-Za-z]/g;
const stamp = /^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z ?/;
const linesBefore = 80;
const linesAfter = 8;
const maxLogChars = 8_000;

/**
 * The lines of a job's log around its last error, without times, colours and secrets. After the error come the steps that
 * clean up, of which nobody learns anything.
 */
export function tellingPart(log: string): string {
  const lines = log.split(/\r?\n/).map((line) => line.replace(stamp, "").replaceAll(escapes, ""));
  const error = lines.findLastIndex((line) => line.startsWith("##[error]"));
  const end = error < 0 ? lines.length : error + linesAfter;
  const part = lines
    .slice(Math.max(0, (error < 0 ? lines.length : error) - linesBefore), end)
    .map((line) => line.replace(/^##\[(?:error|group|endgroup|command|warning|section)\]/, ""))
    .join("\n")
    .trim();
  // Redacted before it is cut: half a secret is not recognised.
  const clean = redactText(part);
  return clean.length <= maxLogChars ? clean : `…${clean.slice(-maxLogChars)}`;
}

const outages = [
  /\b(?:ECONNRESET|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EPIPE)\b/,
  /\b(?:connection (?:reset|refused|timed out)|network is unreachable|temporary failure in name resolution|TLS handshake timeout)\b/i,
  /\b(?:no space left on device|runner has received a shutdown signal|lost communication with the server|out of disk space)\b/i,
  /\b(?:50[234] (?:bad gateway|service unavailable|gateway time-?out)|429 too many requests|rate limit exceeded)\b/i,
];

export function blameOf(
  check: Check,
  { complaints, log }: Pick<FailedCheck, "complaints" | "log">,
  { passedBefore, baseChecks, isBehind, changed }: Surroundings,
): Blame {
  if (baseChecks.some(({ name, state }) => name === check.name && state === "failed")) return "base";
  if (passedBefore.has(check.name) || outages.some((sign) => sign.test(log))) return "flaky";
  const isElsewhere = complaints.length > 0 && complaints.every(({ path }) => !changed.has(path));
  return isBehind && isElsewhere ? "staleBase" : "own";
}
