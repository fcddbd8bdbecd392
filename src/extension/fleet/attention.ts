import { type FleetSummaryMeta, fleetMetaOf } from "../../protocol/fleet.ts";
import type { SessionSummary } from "../../protocol/methods.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";
import { isArchived, isFailed, isInProgress, needsInput } from "../../protocol/status.ts";
import type { Attention, FleetPullRequest, Need } from "./fleetAgent.ts";

/** All that an agent's place in the list depends on. */
export interface AttentionFacts {
  readonly summary: SessionSummary;
  readonly requests: readonly SessionInputRequest[];
  readonly pullRequest: FleetPullRequest | undefined;
  /** Launched here, not yet confirmed by the host. */
  readonly isPending: boolean;
}

export interface AttentionVerdict {
  readonly attention: Attention;
  /** Only with `needsYou`. */
  readonly need: Need | undefined;
}

/** Why a person would look at an agent. The first that holds, in this order. */
export function attentionOf(facts: AttentionFacts): AttentionVerdict {
  const { summary, pullRequest } = facts;
  const meta = fleetMetaOf(summary);
  if (isArchived(summary.status)) return verdict("done");
  if (waitsForPerson(summary, meta)) return { attention: "needsYou", need: needOf(facts.requests, meta) };
  if (isFailed(summary.status) || meta?.phase === "failed" || meta?.needs === "failure") return verdict("failed");
  if (facts.isPending || meta?.phase === "queued") return verdict("queued");
  if (isInProgress(summary.status) || meta?.phase === "provisioning" || meta?.phase === "working") {
    return verdict("working");
  }
  if (pullRequest !== undefined) return verdict(pullRequest.state === "open" ? "pullRequest" : "done");
  return verdict(hasChanges(summary) || meta?.needs === "review" ? "review" : "done");
}

function verdict(attention: Exclude<Attention, "needsYou">): AttentionVerdict {
  return { attention, need: undefined };
}

/** The standard status decides; our own hint only adds to it. */
function waitsForPerson(summary: SessionSummary, meta: FleetSummaryMeta | undefined): boolean {
  return (
    needsInput(summary.status) || meta?.needs === "approval" || meta?.needs === "question" || meta?.isPaused === true
  );
}

function needOf(requests: readonly SessionInputRequest[], meta: FleetSummaryMeta | undefined): Need {
  if (meta?.isPaused === true) return "budget";
  const told = requests.map(needOfRequest).find((need) => need !== "unknown");
  if (told !== undefined) return told;
  return meta?.needs === "approval" || meta?.needs === "question" ? meta.needs : "unknown";
}

const needs: Readonly<Partial<Record<SessionInputRequest["kind"], Need>>> = {
  toolConfirmation: "approval",
  chatInput: "question",
  toolAuthentication: "signIn",
};

/** `unknown` for what a person can do nothing about, and for kinds of a later version. */
export function needOfRequest({ kind }: SessionInputRequest): Need {
  return (Object.hasOwn(needs, kind) ? needs[kind] : undefined) ?? "unknown";
}

function hasChanges({ changes }: SessionSummary): boolean {
  if (!changes) return false;
  return (changes.files ?? 0) + (changes.additions ?? 0) + (changes.deletions ?? 0) > 0;
}
