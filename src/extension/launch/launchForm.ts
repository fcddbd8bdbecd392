import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import type { AgentInfo } from "../../protocol/root.ts";
import { folderName } from "../fleet/folders.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import type { LaunchLimits, LaunchRequest } from "../fleet/fleetAgent.ts";
import type { HostConnection } from "../hosts/hosts.ts";
import { type ConfigQuestion, configQuestions } from "./configQuestions.ts";
import type { LaunchDraft } from "./launchDraft.ts";
import {
  baseStep,
  configStep,
  hostStep,
  type LaunchStep,
  providerStep,
  repositoryStep,
  workingFolderStep,
} from "./launchSteps.ts";
import { formatUsd } from "../../base/formatUsd.ts";
import { choicesLine, formatMinutes } from "./limits.ts";
import {
  attemptBy,
  attemptByStep,
  attemptsStep,
  budgetStep,
  modelStep,
  priorityStep,
  timeLimitStep,
} from "./limitSteps.ts";

/** One line of the form. */
export interface LaunchField {
  readonly label: string;
  /** Codicon. */
  readonly icon: string;
  readonly ask: LaunchStep;
  /** What is chosen, for people. */
  readonly value: (draft: LaunchDraft) => string;
  /** Without it a launch has to ask first. What may stay open counts as answered. */
  readonly isAnswered: (draft: LaunchDraft) => boolean;
}

/** What can be chosen, and what the answers come to: both depend on what the chosen host can do. */
export class LaunchForm {
  readonly #live: readonly HostConnection[];
  /** The host is asked once for each combination of answers. */
  readonly #questions = new Map<string, Promise<readonly ConfigQuestion[]>>();

  constructor(live: readonly HostConnection[]) {
    this.#live = live;
  }

  /** The draft with what goes without saying: the only host, its only kind of agent; and without a host that is not there. */
  async settled(draft: LaunchDraft): Promise<LaunchDraft> {
    const hostId = this.#host(draft)?.host.id ?? (this.#live.length === 1 ? this.#live[0]?.host.id : undefined);
    const agents = await agentsOf(this.#live.find(({ host }) => host.id === hostId));
    const provider = agents.length === 1 ? agents[0]?.provider : draft.provider;
    const models = agents.find((agent) => agent.provider === provider)?.models ?? [];
    const model = models.some(({ id }) => id === draft.model) ? draft.model : undefined;
    return { ...draft, hostId, provider, model };
  }

  async fields(draft: LaunchDraft): Promise<readonly LaunchField[]> {
    const host = this.#host(draft);
    const agents = await agentsOf(host);
    const agent = agents.find(({ provider }) => provider === draft.provider);
    // Until a host is chosen the form is that of the usual one.
    const isClone = host === undefined || hasFleet(host);
    return [
      ...(this.#live.length > 1 ? [hostField(this.#live)] : []),
      agentField(agents),
      ...(agent === undefined || agent.models.length === 0 ? [] : [modelField(agent)]),
      ...(isClone
        ? [repositoryField, baseField]
        : [folderField(host), ...(await this.#questionsOf(draft)).map(asField)]),
      ...(isClone ? [...limitFields, ...((draft.count ?? 1) > 1 ? [attemptByField(agents)] : [])] : []),
    ];
  }

  /** Everything that is chosen, in one line. */
  async line(draft: LaunchDraft): Promise<string> {
    const host = this.#host(draft);
    const agents = await agentsOf(host);
    const agent = agents.find(({ provider }) => provider === draft.provider)?.displayName ?? draft.provider ?? "";
    const names = { host: this.#live.length > 1 ? host?.host.name : undefined, agent, hasFleet: hasFleet(host) };
    return toLine(choicesLine(draft, names), 300);
  }

  /**
   * What to launch: nothing while an answer is missing, several when several attempts are wanted.
   * @param newId names the group of the attempts
   */
  async requests(draft: LaunchDraft, newId: () => string): Promise<readonly LaunchRequest[]> {
    const host = this.#host(draft);
    const { prompt, repository, baseBranch, count = 1 } = draft;
    const agents = attemptBy(draft);
    const [first] = agents;
    if (host === undefined || first === undefined || !prompt?.trim()) return [];
    const basics = { hostId: host.host.id, prompt };
    if (!hasFleet(host)) return this.#folderRequest(draft, { ...basics, ...first });
    if (!repository) return [];
    const one = { ...basics, repository, ...(baseBranch && { baseBranch }), ...limitsOf(draft) };
    if (count === 1) return [{ ...one, ...first }];
    const id = newId();
    return Array.from({ length: count }, (_, index) => ({
      ...one,
      ...(agents[index % agents.length] ?? first),
      group: { id, index: index + 1, count },
    }));
  }

  async #folderRequest(
    draft: LaunchDraft,
    basics: Pick<LaunchRequest, "hostId" | "prompt" | "provider">,
  ): Promise<readonly LaunchRequest[]> {
    const folder = draft.folders?.[basics.hostId];
    if (!folder) return [];
    const config = Object.fromEntries(
      (await this.#questionsOf(draft)).map(({ property }) => [property, draft.config?.[property]]),
    );
    return [{ ...basics, folder, ...(Object.keys(config).length > 0 && { config }) }];
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

function hostField(live: readonly HostConnection[]): LaunchField {
  return {
    label: vscode.l10n.t("Host"),
    icon: "vm",
    ask: hostStep(live),
    value: ({ hostId }) => live.find(({ host }) => host.id === hostId)?.host.name ?? "",
    isAnswered: ({ hostId }) => live.some(({ host }) => host.id === hostId),
  };
}

function agentField(agents: readonly AgentInfo[]): LaunchField {
  const named = ({ provider }: LaunchDraft) => agents.find((agent) => agent.provider === provider);
  return {
    label: vscode.l10n.t("Agent"),
    icon: "robot",
    ask: providerStep(agents),
    value: (draft) => named(draft)?.displayName ?? "",
    isAnswered: (draft) => named(draft) !== undefined,
  };
}

function modelField(agent: AgentInfo): LaunchField {
  return {
    label: vscode.l10n.t("Model"),
    icon: "chip",
    ask: modelStep(agent),
    value: ({ model }) => agent.models.find(({ id }) => id === model)?.name ?? vscode.l10n.t("the agent's own choice"),
    isAnswered: () => true,
  };
}

const repositoryField: LaunchField = {
  label: vscode.l10n.t("Repository"),
  icon: "repo",
  ask: repositoryStep,
  value: ({ repository = "" }) => repositoryName(repository),
  isAnswered: ({ repository }) => Boolean(repository),
};

const baseField: LaunchField = {
  label: vscode.l10n.t("Base branch"),
  icon: "git-branch",
  ask: baseStep,
  value: ({ baseBranch }) => baseBranch || vscode.l10n.t("the repository's default"),
  isAnswered: ({ baseBranch }) => baseBranch !== undefined,
};

function folderField(connection: HostConnection): LaunchField {
  const folderOf = ({ folders }: LaunchDraft) => folders?.[connection.host.id];
  return {
    label: vscode.l10n.t("Folder"),
    icon: "folder",
    ask: workingFolderStep(connection),
    value: (draft) => folderName(folderOf(draft) ?? ""),
    isAnswered: (draft) => folderOf(draft) !== undefined,
  };
}

function asField(question: ConfigQuestion): LaunchField {
  const { property, title, choices } = question;
  return {
    label: title,
    icon: "settings",
    ask: configStep(question),
    value: ({ config }) => {
      const value = config?.[property];
      return choices?.find((choice) => choice.value === value)?.label ?? (typeof value === "string" ? value : "");
    },
    isAnswered: ({ config }) => config?.[property] !== undefined,
  };
}

const optional = () => true;
const limitFields: readonly LaunchField[] = [
  {
    label: vscode.l10n.t("Budget"),
    icon: "credit-card",
    ask: budgetStep,
    value: ({ budgetUsd }) => (budgetUsd === undefined ? vscode.l10n.t("the host's own limit") : formatUsd(budgetUsd)),
    isAnswered: optional,
  },
  {
    label: vscode.l10n.t("Time limit"),
    icon: "watch",
    ask: timeLimitStep,
    value: ({ timeLimitMinutes: minutes }) =>
      minutes === undefined ? vscode.l10n.t("the host's own limit") : formatMinutes(minutes),
    isAnswered: optional,
  },
  {
    label: vscode.l10n.t("Priority"),
    icon: "arrow-up",
    ask: priorityStep,
    value: ({ priority = "normal" }) => priority,
    isAnswered: optional,
  },
  {
    label: vscode.l10n.t("Attempts"),
    icon: "layers",
    ask: attemptsStep,
    value: ({ count = 1 }) =>
      count === 1 ? vscode.l10n.t("one agent") : vscode.l10n.t("{0} with the same prompt, to compare", count),
    isAnswered: optional,
  },
];

function attemptByField(agents: readonly AgentInfo[]): LaunchField {
  const nameOf = (provider: string) => agents.find((agent) => agent.provider === provider)?.displayName ?? provider;
  return {
    label: vscode.l10n.t("Attempts by"),
    icon: "organization",
    ask: attemptByStep(agents),
    value: (draft) =>
      attemptBy(draft)
        .map(({ provider, model }) => (model === undefined ? nameOf(provider) : `${nameOf(provider)} (${model})`))
        .join(", "),
    isAnswered: optional,
  };
}

function limitsOf({ budgetUsd, timeLimitMinutes, priority }: LaunchDraft): LaunchLimits {
  return {
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(timeLimitMinutes !== undefined && { timeLimitMinutes }),
    ...(priority !== undefined && { priority }),
  };
}

/** Hosts with the fleet plane clone a repository; on every other an agent works where the files are. */
function hasFleet(connection: HostConnection | undefined): boolean {
  return connection?.client.hostInfo?.fleet !== undefined;
}

/** What the host offers; its root channel says so. */
async function agentsOf(connection: HostConnection | undefined): Promise<readonly AgentInfo[]> {
  if (connection === undefined) return [];
  const { root } = connection.client;
  return (root.state ?? (await root.ready)).agents;
}
