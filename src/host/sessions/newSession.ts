import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import {
  type FleetGroup,
  FleetSessionConfig,
  type FleetSessionState,
  initialFleetSession,
  type Isolation,
  META_NS,
} from "../../protocol/fleet.ts";
import { priorities } from "../../protocol/fleetQueue.ts";
import { noSpend } from "../../protocol/fleetSpend.ts";
import type { ChangesetState } from "../../protocol/changeset.ts";
import type { ParamsOf } from "../../protocol/methods.ts";
import type { AgentInfo } from "../../protocol/root.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { STATUS } from "../../protocol/status.ts";
import { chatSummaryOf } from "../../protocol/summary.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import { compareChangesetTemplate, turnChangesetTemplate } from "../../protocol/uris.ts";
import { isTimeLimit, timeLimitRule } from "../channels/fleetPolicy.ts";
import { budgetRule, isBudget } from "../spend/budgets.ts";
import { checkBranch } from "../workspaces/refs.ts";
import { parseRepository } from "../workspaces/repositoryUrl.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import { branchOperations } from "./changesetFiles.ts";
import { repositoryUri } from "./repositoryFolders.ts";
import { projectOf, sourceControlMeta } from "./sessionSummary.ts";

export interface NewSessionRules {
  readonly agents: readonly AgentInfo[];
  readonly allowLocal: readonly string[];
  readonly isolation: Isolation;
  /** What this machine cannot do of it. */
  readonly isolationLacks?: () => readonly string[];
}

export interface NewSession {
  readonly provider: string;
  readonly model: string | undefined;
  readonly config: FleetSessionConfig;
  /** As the client named them; else the repository itself if it is a folder of this machine. */
  readonly workingDirectories?: readonly string[] | undefined;
}

const Config = z.extend(FleetSessionConfig, { repository: z.string() });

/**
 * What a `createSession` asks for, checked before anything is made.
 * Throws `agent.unknown`, `repository.invalid` or `request.invalid`, each with a sentence for the person who launches.
 */
export function parseNewSession(params: ParamsOf<"createSession">, rules: NewSessionRules): NewSession {
  const provider = chooseAgent(params.provider, rules.agents);
  const parsed = Config.safeParse(withRepository(params));
  if (!parsed.success) {
    const member = parsed.error.issues[0]?.path.join(".") ?? "config";
    if (member === "repository")
      throw new AppError("repository.invalid", "Name the repository that the agent shall work on.");
    throw new AppError("request.invalid", `The value of ${member} is not usable.`);
  }
  const config = parsed.data;
  const remote = parseRepository(config.repository, rules.allowLocal);
  if (config.baseBranch !== undefined) checkBranch(config.baseBranch);
  if (config.priority !== undefined && !priorities.some((known) => known === config.priority)) {
    throw new AppError("request.invalid", `A priority is one of ${priorities.join(", ")}.`);
  }
  const { budgetUsd, timeLimitMinutes, group } = config;
  if (budgetUsd !== undefined && !isBudget(budgetUsd)) throw new AppError("request.invalid", budgetRule);
  if (timeLimitMinutes !== undefined && !isTimeLimit(timeLimitMinutes))
    throw new AppError("request.invalid", timeLimitRule);
  if (group !== undefined && !isGroup(group)) throw new AppError("request.invalid", groupRule);
  const { models } = provider;
  if (config.model !== undefined && models.length > 0 && !models.some((model) => model.id === config.model)) {
    const offered = models.map((model) => model.id).join(", ");
    throw new AppError(
      "request.invalid",
      `${provider.displayName} has no model "${config.model}". It offers ${offered}.`,
    );
  }
  const ownFolder = remote.kind === "file" ? [repositoryUri(config.repository)] : undefined;
  const workingDirectories = params.workingDirectories ?? ownFolder;
  return { provider: provider.provider, model: config.model, config, workingDirectories };
}

const maxAttempts = 20;
const groupRule = `A group has an id of letters, digits and hyphens, and an index from 1 to its count, at most ${maxAttempts}.`;

function isGroup({ id, index, count }: FleetGroup): boolean {
  const isPlace = Number.isInteger(index) && Number.isInteger(count) && index >= 1 && index <= count;
  return /^[\w-]{1,64}$/.test(id) && isPlace && count <= maxAttempts;
}

/** Throws `agent.unknown`. */
export function chooseAgent(id: string | undefined, agents: readonly AgentInfo[]): AgentInfo {
  const only = agents[0];
  if (!only) {
    throw new AppError(
      "agent.unknown",
      'This host has no agents. Add one under "agents" in its configuration file and restart it.',
    );
  }
  if (id === undefined && agents.length === 1) return only;
  const found = agents.find((agent) => agent.provider === id);
  if (found) return found;
  const offered = agents.map((agent) => agent.provider).join(", ");
  if (id === undefined) throw new AppError("agent.unknown", `Name the agent to start. This host offers ${offered}.`);
  throw new AppError("agent.unknown", `This host has no agent "${id.slice(0, 80)}". It offers ${offered}.`);
}

/** Where a client names a working directory instead of a repository. */
function withRepository(params: ParamsOf<"createSession">): Record<string, unknown> {
  const { config, workingDirectories } = params;
  if (config?.["repository"] !== undefined || !workingDirectories?.[0]) return config ?? {};
  return { ...config, repository: workingDirectories[0] };
}

/** How a session is confined, as its state tells. */
export function isolationOf({
  isolation,
  isolationLacks,
}: NewSessionRules): Pick<Origin, "isolation" | "isolationLacks"> {
  const lacks = isolationLacks?.() ?? [];
  return { isolation, ...(lacks.length > 0 && { isolationLacks: [...lacks] }) };
}

/** How a session came about. */
export interface Origin {
  /** ISO 8601. */
  readonly createdAt: string;
  readonly isolation: Isolation;
  readonly isolationLacks?: string[];
  /** The user who asked for it. */
  readonly owner: string;
}

/** Of a session's channels. */
export interface FirstStates {
  readonly fleet: FleetSessionState;
  readonly session: SessionState;
  readonly chat: ChatState;
}

export function initialStates(
  refs: SessionRefs,
  { provider, config, model, workingDirectories }: NewSession,
  at: Origin,
): FirstStates {
  const { repository, baseBranch, priority, budgetUsd, timeLimitMinutes, group } = config;
  const title = config.title?.trim() || UNTITLED;
  const fleet = initialFleetSession({
    type: "x-fleet/created",
    session: refs.session,
    provider,
    repository,
    ...(baseBranch !== undefined && { baseBranch }),
    ...(priority !== undefined && { priority }),
    ...(group !== undefined && { group }),
    ...at,
    phase: "queued",
  });
  if (budgetUsd !== undefined) fleet.spend = { ...noSpend, budgetUsd };
  if (timeLimitMinutes !== undefined) fleet.time = { workedMs: 0, limitMinutes: timeLimitMinutes };
  const chat = initialChat(refs, title, at.createdAt);
  const session = {
    ...initialSession(refs, provider, chat),
    project: projectOf(repository),
    ...(workingDirectories && { workingDirectories: [...workingDirectories] }),
    _meta: {
      ...sourceControlMeta(fleet),
      [META_NS]: { ...(config.title && { titleBy: "user" }), ...(model !== undefined && { model }) },
    },
  };
  return { fleet, session, chat };
}

export const UNTITLED = "New agent";

export function initialChat(refs: SessionRefs, title: string, createdAt: string): ChatState {
  const { chat: resource } = refs;
  return { resource, title, status: STATUS.idle, modifiedAt: createdAt, origin: { kind: "user" }, turns: [] };
}

export function initialSession(refs: SessionRefs, provider: string, chat: ChatState): SessionState {
  return {
    provider,
    title: chat.title,
    status: STATUS.idle,
    lifecycle: "creating",
    activeClients: [],
    chats: [chatSummaryOf(chat)],
    defaultChat: refs.chat,
    // What an agent lets people choose is known when it has started: its own words for that are in `_meta`.
    config: { schema: { type: "object", properties: {} }, values: {} },
    changesets: [
      { label: "Branch", uriTemplate: refs.branchChanges, changeKind: "branch", capabilities: { review: {} } },
      { label: "Turn", uriTemplate: turnChangesetTemplate(refs.session), changeKind: "turn" },
      { label: "Compare", uriTemplate: compareChangesetTemplate(refs.session), changeKind: "compare-turns" },
    ],
  };
}

/** No files yet, and nothing to push. */
export function initialChanges(): ChangesetState {
  return { status: "ready", files: [], operations: branchOperations(undefined) };
}
