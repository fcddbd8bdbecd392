import { AppError } from "../../base/appError.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import { type GitHubServer, parsePullRequestPage, type PullRequestPlace, repositoryUrl } from "./gitHubServers.ts";
import type { PullRequestPort } from "./pullRequestPort.ts";
import type { PullRequests } from "./pullRequests.ts";
import type { PullRequestStanding } from "./pullRequestStanding.ts";

export interface PullRequestDeskPorts {
  readonly fleet: Pick<Fleet, "get">;
  readonly pullRequests: PullRequests;
  readonly servers: () => readonly GitHubServer[];
  /** Asks the person to sign in if need be. */
  readonly connect: (place: PullRequestPlace) => Promise<PullRequestPort>;
  /** What is done here will be seen on GitHub in a moment. */
  readonly lookSoon: () => void;
}

/** An agent's pull request, ready for something to be done with it. */
export interface OpenPullRequest {
  readonly target: AgentTarget;
  readonly agent: FleetAgent;
  readonly place: PullRequestPlace;
  readonly port: PullRequestPort;
}

/** Where whatever is done with an agent's pull request begins and ends. */
export class PullRequestDesk {
  readonly #ports: PullRequestDeskPorts;

  constructor(ports: PullRequestDeskPorts) {
    this.#ports = ports;
  }

  /** Throws `notFound` for an agent without one, `github.notGitHub` for one on a server that the settings do not name. */
  async open(target: AgentTarget): Promise<OpenPullRequest> {
    const { connect, fleet, servers } = this.#ports;
    const agent = fleet.get(keyOf(target));
    if (agent?.pullRequest === undefined) {
      throw new AppError("notFound", "This agent has no pull request that Muster knows of. Create one first.");
    }
    const place = parsePullRequestPage(agent.pullRequest.url, servers());
    if (place === undefined) {
      const sentence =
        "Its pull request is on a server that is not in the setting muster.github.servers. Add the server first.";
      throw new AppError("github.notGitHub", sentence);
    }
    return { target, agent, place, port: await connect(place) };
  }

  /** As GitHub has it at this moment; the agent's row learns of it too. */
  async read({ target, place, port }: OpenPullRequest): Promise<PullRequestStanding> {
    const standing = await port.read(place.number);
    await this.#ports.pullRequests.learn(target, repositoryUrl(place.repository), standing);
    return standing;
  }

  /** After something was done: the row shows it at once where GitHub tells it at once, and else soon. */
  async readAfter(open: OpenPullRequest): Promise<void> {
    this.#ports.lookSoon();
    await this.read(open).catch(() => undefined);
  }
}
