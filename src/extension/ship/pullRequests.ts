import * as z from "zod/mini";
import { agentKey, type FleetPullRequest } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { PullRequest } from "./gitHubPort.ts";
import type { StatePort } from "../platform/statePort.ts";

const stateKey = "muster.pullRequests";
const maxEntries = 1000;

const TrackedPullRequest = z.object({
  hostId: z.string(),
  session: z.string(),
  /** Clone URL of the repository that it is in. */
  repository: z.string(),
  number: z.number(),
  url: z.string(),
  state: z.enum(["draft", "open", "merged", "closed"]),
});
export type TrackedPullRequest = z.infer<typeof TrackedPullRequest>;

/** Where an agent's pull request is shown: the fleet model's `decorate`. */
export type Decorate = (key: string, facts: { readonly pullRequest: FleetPullRequest | undefined }) => void;

/** Which pull request each agent's branch became. Survives a reload; agents' rows show it. */
export class PullRequests {
  readonly #state: StatePort;
  readonly #decorate: Decorate;

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

  async track(target: AgentTarget, repository: string, pull: PullRequest): Promise<void> {
    const { hostId, session } = target;
    const own: TrackedPullRequest = {
      hostId,
      session,
      repository,
      number: pull.number,
      url: pull.url,
      state: pull.state,
    };
    const others = this.all().filter((tracked) => !isOf(tracked, target));
    this.#show(own);
    await this.#state.update(stateKey, [...others, own].slice(-maxEntries));
  }

  #show(tracked: TrackedPullRequest): void {
    const { number, url, state } = tracked;
    const pullRequest: FleetPullRequest =
      state === "draft" ? { number, url, state: "open", isDraft: true } : { number, url, state, isDraft: false };
    this.#decorate(agentKey(tracked.hostId, tracked.session), { pullRequest });
  }
}

function isOf(tracked: TrackedPullRequest, target: AgentTarget): boolean {
  return tracked.hostId === target.hostId && tracked.session === target.session;
}
