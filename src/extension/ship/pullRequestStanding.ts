import type { PullRequest } from "./gitHubPort.ts";
import type { CheckRunAnswer, ReviewAnswer, StatusAnswer } from "./pullAnswers.ts";

export type CheckState = "pending" | "passed" | "failed";

/** One check of a commit, by either of GitHub's two ways to tell of them. */
export interface Check {
  readonly name: string;
  readonly state: CheckState;
  /** Its page, if it has one. */
  readonly url: string | undefined;
  /** What it says of itself, in a line. */
  readonly summary: string;
  /** A check run's id; a job of GitHub Actions has the same. `undefined` for a commit status. */
  readonly runId: number | undefined;
  /** It is a job of GitHub Actions: it has a log, and can be run again. */
  readonly isJob: boolean;
}

/** `required`: somebody was asked and has not decided. */
export type ReviewVerdict = "none" | "required" | "approved" | "changesRequested";

/** Whether GitHub would merge it, and if not, what for. `unknown` while GitHub works it out. */
export type MergeState = "ready" | "conflicts" | "behind" | "blocked" | "unknown";

/** All that a row tells of a pull request, read at one moment. */
export interface PullRequestStanding {
  readonly pull: PullRequest;
  readonly checks: readonly Check[];
  readonly review: ReviewVerdict;
  readonly merge: MergeState;
  /** Of one that is over: its branch is gone. */
  readonly isBranchDeleted: boolean;
}

const passes: ReadonlySet<string> = new Set(["success", "neutral", "skipped"]);

export function toChecks(runs: readonly CheckRunAnswer[], statuses: readonly StatusAnswer[]): readonly Check[] {
  return [
    ...runs.map((run): Check => {
      const isOver = run.status === "completed";
      return {
        name: run.name,
        // A conclusion that a later GitHub thinks of is nothing to merge on.
        state: isOver ? (passes.has(run.conclusion ?? "") ? "passed" : "failed") : "pending",
        url: run.html_url ?? undefined,
        summary: run.output?.title ?? "",
        runId: run.id,
        isJob: run.app?.slug === "github-actions",
      };
    }),
    ...statuses.map((status): Check => ({
      name: status.context,
      state: status.state === "success" ? "passed" : status.state === "pending" ? "pending" : "failed",
      url: status.target_url ?? undefined,
      summary: status.description ?? "",
      runId: undefined,
      isJob: false,
    })),
  ];
}

/** Of all checks together: one that failed decides, then one that runs. `undefined` when there are none. */
export function checksState(checks: readonly Check[]): CheckState | undefined {
  if (checks.length === 0) return undefined;
  if (checks.some(({ state }) => state === "failed")) return "failed";
  return checks.some(({ state }) => state === "pending") ? "pending" : "passed";
}

/** The latest decision of each reviewer counts; a comment decides nothing. @param waiting how many were asked and have not answered */
export function reviewVerdict(reviews: readonly ReviewAnswer[], waiting: number): ReviewVerdict {
  const decisions = new Map<string, string>();
  for (const { user, state } of reviews) {
    if (user && state !== "COMMENTED" && state !== "PENDING") decisions.set(user.login, state);
  }
  const decided = new Set(decisions.values());
  if (decided.has("CHANGES_REQUESTED")) return "changesRequested";
  if (decided.has("APPROVED")) return "approved";
  return waiting > 0 ? "required" : "none";
}

/** GitHub's words for it. `unstable`: it may be merged although a check that nobody requires is not green. */
const mergeStates: Readonly<Record<string, MergeState>> = {
  clean: "ready",
  has_hooks: "ready",
  unstable: "ready",
  dirty: "conflicts",
  behind: "behind",
  blocked: "blocked",
  draft: "blocked",
};

export function toMergeState(mergeableState: string): MergeState {
  return (Object.hasOwn(mergeStates, mergeableState) ? mergeStates[mergeableState] : undefined) ?? "unknown";
}
