import { hostQuestionOf } from "../../protocol/fleetQuestions.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { type PullRequestNeed, pullRequestNeed } from "../fleet/pullRequestNeed.ts";
import { sortByPriority } from "../fleet/selectors.ts";
import { toRequestText } from "./requestText.ts";

/**
 * Why an agent is in the inbox, most pressing first.
 * - `network`: a program of it wants to reach a server that its host does not allow.
 * - `waiting`: it waits, and what for has not been read yet.
 * - `conflict`: its branch is in a pull request and cannot be merged with others.
 * - `checks`, `comments`, `merge`: what its pull request wants, as far as that has been read.
 */
export const INBOX_REASONS = [
  "approval",
  "network",
  "question",
  "budget",
  "signIn",
  "waiting",
  "failed",
  "conflict",
  "checks",
  "comments",
  "review",
  "merge",
] as const;
export type InboxReason = (typeof INBOX_REASONS)[number];

export type Confirmation = Extract<SessionInputRequest, { kind: "toolConfirmation" }>;
export type ChatInput = Extract<SessionInputRequest, { kind: "chatInput" }>;

interface ItemBasics {
  /** The same for as long as the same is asked: the selection and the snoozing go by it. */
  readonly id: string;
  /** Never empty; several only where they ask for the very same. */
  readonly agents: readonly FleetAgent[];
}

/** `requests` belong to `agents`, in the same order. */
export type InboxItem =
  | (ItemBasics & { readonly reason: "approval"; readonly requests: readonly Confirmation[] })
  | (ItemBasics & { readonly reason: "question" | "budget" | "network"; readonly request: ChatInput })
  | (ItemBasics & { readonly reason: Exclude<InboxReason, "approval" | "question" | "budget" | "network"> });

/** Everything that waits for a person, most pressing first. What cannot be answered at present, on a host out of sight, is left out. */
export function inboxItems(agents: Iterable<FleetAgent>): readonly InboxItem[] {
  const present = Array.from(agents).filter(({ freshness, attention }) => freshness.live && mayWait.has(attention));
  const items = sortByPriority(present).flatMap(itemsOf);
  const rank = ({ reason }: InboxItem) => INBOX_REASONS.indexOf(reason);
  return joinIdentical(items).toSorted((a, b) => rank(a) - rank(b));
}

const mayWait: ReadonlySet<FleetAgent["attention"]> = new Set(["needsYou", "failed", "review", "pullRequest"]);

/** Those of one agent. */
export function itemsOf(agent: FleetAgent): readonly InboxItem[] {
  const { attention, key, conflicts = 0, head = "" } = agent;
  const agents = [agent];
  switch (attention) {
    case "needsYou": {
      const items = agent.requests.flatMap((request) => itemOfRequest(agent, request));
      if (items.length > 0) return items;
      const reason = agent.need === "signIn" ? "signIn" : "waiting";
      return [{ id: `${key}|${reason}|${agent.modifiedAt}`, reason, agents }];
    }
    case "failed":
      return [{ id: `${key}|failed|${agent.modifiedAt}`, reason: "failed", agents }];
    case "review":
      return [{ id: `${key}|review|${head}`, reason: "review", agents }];
    case "pullRequest": {
      if (conflicts > 0) return [{ id: `${key}|conflict|${conflicts}`, reason: "conflict", agents }];
      const need = pullRequestNeed(agent);
      return need === undefined ? [] : [{ id: `${key}|${need}|${head}`, reason: needReasons[need], agents }];
    }
    default:
      return [];
  }
}

const needReasons = {
  unshipped: "review",
  checksFailed: "checks",
  changesRequested: "comments",
  conflicts: "conflict",
  mergeable: "merge",
} as const satisfies Record<PullRequestNeed, InboxReason>;

function itemOfRequest(agent: FleetAgent, request: SessionInputRequest): readonly InboxItem[] {
  const item = { id: `${agent.key}|${request.id}`, agents: [agent] };
  switch (request.kind) {
    case "toolConfirmation":
      return [{ ...item, reason: "approval", requests: [request] }];
    case "toolAuthentication":
      return [{ ...item, reason: "signIn" }];
    case "chatInput":
      return [{ ...item, reason: questionReason(agent, request), request }];
    default:
      return [];
  }
}

/** Only a host of ours asks questions of its own: elsewhere an id of this form means nothing. */
function questionReason({ canShip: isOurs }: FleetAgent, { request }: ChatInput): "question" | "budget" | "network" {
  const asked = isOurs ? hostQuestionOf(request) : undefined;
  if (asked === "budget") return "budget";
  return asked === "egress" ? "network" : "question";
}

/** Agents that ask for the very same are shown once. */
function joinIdentical(items: readonly InboxItem[]): readonly InboxItem[] {
  const joined = new Map<string, InboxItem>();
  for (const item of items) {
    const key = item.reason === "approval" ? (sameness(item.requests[0]) ?? item.id) : item.id;
    const first = joined.get(key);
    if (first?.reason !== "approval" || item.reason !== "approval") joined.set(key, item);
    else
      joined.set(key, {
        ...first,
        agents: [...first.agents, ...item.agents],
        requests: [...first.requests, ...item.requests],
      });
  }
  return Array.from(joined.values());
}

/** Two calls with the same text here are the same to whoever judges them. What changes files is always judged by itself. */
function sameness(request: Confirmation | undefined): string | undefined {
  const call = request?.toolCall;
  if (request === undefined || call?.status !== "pending-confirmation" || call.edits?.items.length) return undefined;
  const options = call.options?.map(({ id, label, kind }) => [id, label, kind]);
  return JSON.stringify([call.toolName, call.displayName, toRequestText(request), call.toolInput, options]);
}
