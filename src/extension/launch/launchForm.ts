import type { AgentInfo } from "../../protocol/root.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { LaunchRequest } from "../fleet/fleetAgent.ts";
import type { HostConnection } from "../hosts/hosts.ts";
import { type ConfigQuestion, configQuestions } from "./configQuestions.ts";
import type { LaunchDraft, LaunchDrafts } from "./launchDraft.ts";
import {
  baseStep,
  configStep,
  hostStep,
  type LaunchStep,
  promptStep,
  providerStep,
  repositoryStep,
  workingFolderStep,
} from "./launchSteps.ts";

/** What is asked, and what the answers come to: both depend on what the chosen host can do. */
export class LaunchForm {
  readonly #live: readonly HostConnection[];
  readonly #drafts: Pick<LaunchDrafts, "merge">;
  /** The host is asked once for each combination of answers. */
  readonly #questions = new Map<string, Promise<readonly ConfigQuestion[]>>();

  constructor(live: readonly HostConnection[], drafts: Pick<LaunchDrafts, "merge">) {
    this.#live = live;
    this.#drafts = drafts;
  }

  async steps(draft: LaunchDraft): Promise<readonly LaunchStep[]> {
    const host = this.#host(draft);
    const first = this.#live.length > 1 ? [hostStep(this.#live)] : [];
    // The number of steps is shown from the start: until a host is chosen it is that of the usual way.
    const provider = providerStep(() => agentsOf(host));
    const where =
      host === undefined || hasFleet(host)
        ? [repositoryStep, baseStep]
        : [workingFolderStep(host), ...(await this.#questionsOf(draft)).map(configStep)];
    return [...first, provider, ...where, promptStep((prompt) => this.#drafts.merge({ prompt }))];
  }

  /** `undefined` when an answer is missing. */
  async request(draft: LaunchDraft): Promise<LaunchRequest | undefined> {
    const host = this.#host(draft);
    const { provider, prompt, repository, baseBranch } = draft;
    if (host === undefined || !provider || !prompt) return undefined;
    const basics = { hostId: host.host.id, provider, prompt };
    if (hasFleet(host)) return repository ? { ...basics, repository, ...(baseBranch && { baseBranch }) } : undefined;
    const folder = draft.folders?.[host.host.id];
    if (!folder) return undefined;
    const config = Object.fromEntries(
      (await this.#questionsOf(draft)).map(({ property }) => [property, draft.config?.[property]]),
    );
    return { ...basics, folder, ...(Object.keys(config).length > 0 && { config }) };
  }

  #host({ hostId }: LaunchDraft): HostConnection | undefined {
    return this.#live.find(({ host }) => host.id === hostId);
  }

  #questionsOf(draft: LaunchDraft): Promise<readonly ConfigQuestion[]> {
    const host = this.#host(draft);
    const folder = draft.folders?.[draft.hostId ?? ""];
    const { provider } = draft;
    if (host === undefined || !provider || folder === undefined) return Promise.resolve([]);
    const key = JSON.stringify([host.host.id, provider, folder]);
    const known = this.#questions.get(key) ?? configQuestions(host.client, { provider, folder });
    this.#questions.set(key, known);
    return known;
  }
}

/** Hosts with the fleet plane clone a repository; on every other an agent works where the files are. */
function hasFleet({ client }: HostConnection): boolean {
  return client.hostInfo?.fleet !== undefined;
}

/** What the host offers. Its root channel says so, and is followed as long as it is asked. */
async function agentsOf(connection: HostConnection | undefined): Promise<readonly AgentInfo[]> {
  if (connection === undefined) return [];
  const root = connection.client.subscribe("root", ROOT_URI);
  try {
    return (root.state ?? (await root.ready)).agents;
  } finally {
    root.dispose();
  }
}
