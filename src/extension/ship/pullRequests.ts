import * as z from "zod/mini";
import { isSame } from "../../base/isSame.ts";
import { agentKey, type FleetPullRequest } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { StatePort } from "../platform/statePort.ts";
import type { PullRequest } from "./gitHubPort.ts";
import { checksState, type PullRequestStanding } from "./pullRequestStanding.ts";

const stateKey = "muster.pullRequests";
const maxEntries = 1000;

/** How often an agent was told to mend its checks since they were last green, and what it had cost before. */
const Attempts = z.object({ count: z.number(), spendUsd: z.number() });
export type Attempts = z.infer<typeof Attempts>;

const TrackedPullRequest = z.object({
  hostId: z.string(),
  session: z.string(),
  /** Clone URL of the repository that it is in. */
  repository: z.string(),
  number: z.number(),
  url: z.string(),
  state: z.enum(["draft", "open", "merged", "closed"]),
  /** The agent's commit that was last pushed to it from here. */
  shipped: z.optional(z.string()),
  /** What that became on GitHub. */
  pushed: z.optional(z.string()),
  attempts: z.optional(Attempts),
});
export type TrackedPullRequest = z.infer<typeof TrackedPullRequest>;

/** The agent's commit that was pushed, and what it became on GitHub. */
export interface Push {
  readonly shipped: string;
  readonly pushed?: string;
}

/** Where an agent's pull request is shown: the fleet model's `decorate`. */
export type Decorate = (key: string, facts: { readonly pullRequest: FleetPullRequest | undefined }) => void;

/**
 * Which pull request each agent's branch became, and how it stands. Which survives a reload; how is read anew. Agents'
 * rows show both.
 */
export class PullRequests {
  readonly #state: StatePort;
  readonly #decorate: Decorate;
  /** By the agent's key. */
  readonly #standings = new Map<string, PullRequestStanding>();

  constructor(state: StatePort, decorate: Decorate) {
    this.#state = state;
    this.#decorate = decorate;
    for (const tracked of this.all()) this.#show(tracked);
  }

  all(): readonly TrackedPullRequest[] {
    const parsed = z.array(TrackedPullRequest).safeParse(this.#state.get(stateKey));
    return parsed.success ? parsed.data : [];
  }

  get(target: AgentTarget): TrackedPullRequest | undefined {
    return this.all().find((tracked) => isOf(tracked, target));
  }

  /** As it was last read in this window. */
  standing(target: AgentTarget): PullRequestStanding | undefined {
    return this.#standings.get(agentKey(target.hostId, target.session));
  }

  async track(target: AgentTarget, repository: string, pull: PullRequest, push?: Push): Promise<void> {
    // Checks and reviews are of the commit before.
    if (push !== undefined) this.#standings.delete(agentKey(target.hostId, target.session));
    const known = this.get(target);
    const isKnown = known?.number === pull.number && known.repository === repository;
    await this.#put({
      hostId: target.hostId,
      session: target.session,
      repository,
      number: pull.number,
      url: pull.url,
      state: pull.state,
      ...(isKnown && known.shipped && { shipped: known.shipped }),
      ...(isKnown && known.pushed && { pushed: known.pushed }),
      ...push,
      ...(isKnown && known.attempts && { attempts: known.attempts }),
    });
  }

  /** What GitHub tells of it. Green checks end the count of attempts at them. */
  async learn(target: AgentTarget, repository: string, standing: PullRequestStanding): Promise<void> {
    this.#standings.set(agentKey(target.hostId, target.session), standing);
    await this.track(target, repository, standing.pull);
    if (checksState(standing.checks) === "passed") await this.countAttempts(target, undefined);
  }

  async countAttempts(target: AgentTarget, attempts: Attempts | undefined): Promise<void> {
    const known = this.get(target);
    if (known === undefined || known.attempts === attempts) return;
    const { attempts: _, ...others } = known;
    await this.#put({ ...others, ...(attempts && { attempts }) });
  }

  async #put(own: TrackedPullRequest): Promise<void> {
    this.#show(own);
    const all = this.all();
    const before = all.find((tracked) => isOf(tracked, own));
    // Most of what is read again and again has not changed.
    if (isSame(before, own)) return;
    const others = all.filter((tracked) => !isOf(tracked, own));
    await this.#state.update(stateKey, [...others, own].slice(-maxEntries));
  }

  #show(tracked: TrackedPullRequest): void {
    const key = agentKey(tracked.hostId, tracked.session);
    this.#decorate(key, { pullRequest: toFleetPullRequest(tracked, this.#standings.get(key)) });
  }
}

function toFleetPullRequest(
  { number, url, state, shipped }: TrackedPullRequest,
  standing: PullRequestStanding | undefined,
): FleetPullRequest {
  const known: FleetPullRequest = {
    number,
    url,
    state: state === "draft" ? "open" : state,
    isDraft: state === "draft",
    ...(shipped !== undefined && { shipped }),
  };
  if (standing?.pull.number !== number) return known;
  const checks = checksState(standing.checks);
  const failedChecks = standing.checks.filter((check) => check.state === "failed").map(({ name }) => name);
  return {
    ...known,
    ...(checks && { checks }),
    ...(failedChecks.length > 0 && { failedChecks }),
    ...(standing.review !== "none" && { review: standing.review }),
    ...(standing.merge !== "unknown" && { merge: standing.merge }),
    ...(standing.isBranchDeleted && { isBranchDeleted: true }),
  };
}

function isOf(tracked: Pick<TrackedPullRequest, "hostId" | "session">, target: AgentTarget): boolean {
  return tracked.hostId === target.hostId && tracked.session === target.session;
}
