import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { Disposables } from "../../base/disposables.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import { chatUri } from "../../protocol/uris.ts";
import { readForecast } from "../fleet/agentDetails.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { type ChannelReader, readBranchChanges } from "../fleet/sessionChanges.ts";
import { promptOf, testRunsOf } from "../fleet/testRuns.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { ShippableAgent } from "./shippableAgent.ts";

/** Everything about an agent that a pull request needs, from its host. */
export interface ShipSource {
  read(target: AgentTarget): Promise<ShippableAgent>;
}

/** Reads from a host's channels; the chat is only what the description is made of, so it may be missing. */
export class HostShipSource implements ShipSource {
  readonly #hosts: Pick<HostConnectionsView, "client" | "get">;
  readonly #row: (target: AgentTarget) => Pick<FleetAgent, "title" | "conflicts" | "repository"> | undefined;
  readonly #clock: Clock;

  constructor(
    hosts: Pick<HostConnectionsView, "client" | "get">,
    row: (target: AgentTarget) => Pick<FleetAgent, "title" | "conflicts" | "repository"> | undefined,
    clock: Clock,
  ) {
    this.#hosts = hosts;
    this.#row = row;
    this.#clock = clock;
  }

  async read(target: AgentTarget): Promise<ShippableAgent> {
    const client = this.#hosts.client(target.hostId);
    const hostName = this.#hosts.get(target.hostId)?.host.name ?? "the host";
    if (client.state.kind !== "live") {
      throw new AppError("host.disconnected", "{0} is not connected. Try again when it is back; nothing is lost.", {
        values: [hostName],
      });
    }
    const [{ session, files }, chat] = await Promise.all([
      readBranchChanges(client, target.session, { clock: this.#clock }),
      readChat(client, target.session),
    ]);
    const row = this.#row(target);
    const base = await this.readBase(target);
    const agent = client.root.state?.agents.find((one) => one.provider === session.provider);
    return {
      target,
      title: row?.title ?? "Changes of an agent",
      agentName: agent?.displayName ?? session.provider,
      hostName,
      repository: session.repository,
      baseBranch: session.baseBranch,
      branch: session.branch,
      head: session.head,
      phase: session.phase,
      files,
      conflicts: row?.conflicts ?? 0,
      base,
      prompt: chat === undefined ? undefined : promptOf(chat),
      tests: chat === undefined ? [] : testRunsOf(chat),
    };
  }

  /** Where its base branch is; `undefined` where that can't be told. */
  async readBase({ hostId, session }: AgentTarget): Promise<ShippableAgent["base"]> {
    const repository = this.#row({ hostId, session })?.repository;
    const client = this.#hosts.get(hostId)?.client;
    if (repository === undefined || client === undefined) return undefined;
    const forecast = await readForecast(client, repository);
    return forecast?.branches.find((branch) => branch.session === session);
  }
}

async function readChat(client: ChannelReader, session: string): Promise<ChatState | undefined> {
  const held = new Disposables();
  try {
    return await held.add(client.subscribe("chat", chatUri(session))).ready;
  } catch {
    return undefined;
  } finally {
    held.dispose();
  }
}
