import type { SessionSummary } from "../../protocol/methods.ts";
import type { FleetGroup, FleetPhase, Isolation } from "../../protocol/fleet.ts";
import type { FleetPriority } from "../../protocol/fleetQueue.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";

/**
 * Why a person would look at an agent, most pressing first. Every agent is in exactly one of these groups.
 * - `needsYou`: it waits for an answer (permission, question, sign-in).
 * - `failed`: it stopped by an error and can be retried.
 * - `review`: it rests and has changes that are in no pull request.
 */
export const ATTENTIONS = ["needsYou", "failed", "review", "working", "queued", "pullRequest", "done"] as const;
export type Attention = (typeof ATTENTIONS)[number];

/** The exact reason behind `needsYou`; `unknown` until the host has told which. `budget`: it may not spend more. */
export type Need = "approval" | "question" | "signIn" | "budget" | "unknown";

/** What is known of the pull request of an agent's branch. Filled in by `Fleet.decorate`; what is absent is not known. */
export interface FleetPullRequest {
  readonly url: string;
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  readonly isDraft?: boolean;
  /** The agent's commit that was last pushed to it from here. */
  readonly shipped?: string;
  /** All of them together; absent when there are none. */
  readonly checks?: "pending" | "passed" | "failed";
  readonly failedChecks?: readonly string[];
  readonly review?: "required" | "approved" | "changesRequested";
  /** Whether its server would merge it, and if not, what for. */
  readonly merge?: "ready" | "conflicts" | "behind" | "blocked";
  /** Of one that is over. */
  readonly isBranchDeleted?: boolean;
}

/** *Whether we can see it*, apart from *what it does*. */
export interface Freshness {
  readonly live: boolean;
  /** When the list was known to be the host's, in ms since the epoch; `undefined` while live, or if it never was. */
  readonly heardAt: number | undefined;
}

/** Which fields are safe to show: every text here comes from a host or an agent, so surfaces pass it through `visibleName`. */
export interface FleetAgent {
  /** `agentKey(hostId, session)`: unique over all hosts, stable, opaque to everyone else. */
  readonly key: string;
  readonly hostId: string;
  /** The session's URI on that host. */
  readonly session: string;
  readonly summary: SessionSummary;
  /** Never empty. */
  readonly title: string;
  readonly attention: Attention;
  /** Present with attention `needsYou`. */
  readonly need: Need | undefined;
  /**
   * What it waits for, so that it can be answered without opening the agent. Empty while unread: only the first few
   * dozen waiting agents are read ahead.
   */
  readonly requests: readonly SessionInputRequest[];
  readonly freshness: Freshness;
  /** The launch is on its way to the host, which has not confirmed it yet. */
  readonly isPending: boolean;
  readonly isArchived: boolean;
  readonly isRead: boolean;
  /** Agent type, as in `RootState.agents[].provider`. */
  readonly provider: string;
  /** What it works on, in a word: `owner/name`, or the name of a repository or folder; "" when the host does not tell. */
  readonly place: string;
  /** URL or path as the host tells it, without credentials. */
  readonly repository: string | undefined;
  /** Path on the host, where the host tells folders instead of repositories. */
  readonly folder: string | undefined;
  /** The host keeps checkpoints and pushes branches: without that there is no pull request to create from here. */
  readonly canShip: boolean;
  readonly branch: string | undefined;
  readonly baseBranch: string | undefined;
  /** Commit of the last checkpoint. */
  readonly head: string | undefined;
  readonly changes: { readonly additions: number; readonly deletions: number; readonly files: number } | undefined;
  /** Absent on hosts without the fleet plane. */
  readonly phase: FleetPhase | undefined;
  /** Place in the queue, from 1. */
  readonly queuePosition: number | undefined;
  /** How the agent is confined, where the host tells. */
  readonly isolation: Isolation | undefined;
  /** US dollars. */
  readonly spend: number | undefined;
  /** How much is used of the budget that will be reached first: 0.8 for 80 %. */
  readonly budgetShare: number | undefined;
  /** Branches that its own cannot be merged with, its base among them. */
  readonly conflicts: number | undefined;
  /** Comments on its changes that nobody has resolved. */
  readonly openComments: number | undefined;
  /** One of several agents with the same prompt. */
  readonly group: FleetGroup | undefined;
  /** Key of the agent that this one was made by, or began as a copy of. It need not be listed. */
  readonly parent: string | undefined;
  /** What it does, in a few words. */
  readonly activity: string | undefined;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly pullRequest: FleetPullRequest | undefined;
}

/** Host ids hold no `|`: the registry mints them. */
export function agentKey(hostId: string, session: string): string {
  return `${hostId}|${session}`;
}

/** The key of the agent that a command, a row or a panel points at. */
export function keyOf(target: Pick<FleetAgent, "hostId" | "session">): string {
  return agentKey(target.hostId, target.session);
}

export function parseAgentKey(key: string): { readonly hostId: string; readonly session: string } | undefined {
  const at = key.indexOf("|");
  return at <= 0 || at === key.length - 1 ? undefined : { hostId: key.slice(0, at), session: key.slice(at + 1) };
}

/** Keys of agents. */
export interface FleetChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

interface LaunchBasics {
  readonly hostId: string;
  readonly provider: string;
  readonly prompt: string;
  readonly title?: string;
  readonly model?: string;
}

/** What holds an agent back; without one its host's configuration decides. */
export interface LaunchLimits {
  readonly priority?: FleetPriority;
  readonly budgetUsd?: number;
  /** Of its work in all. */
  readonly timeLimitMinutes?: number;
}

/** For hosts with the fleet plane: they clone. */
export interface RepositoryLaunch extends LaunchBasics, LaunchLimits {
  /** `https:`, `ssh:`, `file:` URL or an absolute path on the host. */
  readonly repository: string;
  readonly baseBranch?: string;
  /** It is one of several attempts. */
  readonly group?: FleetGroup;
}

/** Begins as a copy of another agent on the same host. */
export interface ForkLaunch extends LaunchBasics {
  readonly forkOf: {
    /** The session's URI. */
    readonly session: string;
    /** The files as they are when absent. */
    readonly checkpoint?: string;
    readonly repository: string;
  };
}

/** For every other host: the agent works where the files are. */
export interface FolderLaunch extends LaunchBasics {
  /** URI of a folder on the host. */
  readonly folder: string;
  /** Answers to what the host's own configuration schema requires. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export type LaunchRequest = RepositoryLaunch | ForkLaunch | FolderLaunch;

export function isFolderLaunch(request: LaunchRequest): request is FolderLaunch {
  return "folder" in request;
}

export function isForkLaunch(request: LaunchRequest): request is ForkLaunch {
  return "forkOf" in request;
}
