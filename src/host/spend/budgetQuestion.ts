import { formatUsd } from "../../base/formatUsd.ts";
import type { StateAction } from "../../protocol/actions.ts";
import { budgetFields, hostQuestionPrefixes } from "../../protocol/fleetQuestions.ts";
import type { InputAnswer, InputRequest } from "../../protocol/input.ts";
import type { Role } from "../access/rights.ts";
import type { BudgetUse, Scope } from "./budgets.ts";

/** What a person answers when a budget is used up. `byUsd` is absent for the sum that was proposed. */
export type Decision = { readonly kind: "raise"; readonly byUsd?: number } | { readonly kind: "once" | "stop" };

const prefix = hostQuestionPrefixes.budget;
const scopes: readonly Scope[] = ["session", "repository", "user", "fleet"];
const maxRaiseUsd = 1_000_000;

export function isBudgetQuestion(requestId: string): boolean {
  return requestId.startsWith(prefix);
}

/** The question in the standard vocabulary, so that every client can ask it. `count` tells the questions of a turn apart. */
export function budgetQuestion(turnId: string, count: number, use: BudgetUse): InputRequest {
  const files = "The agent was stopped; its files and its conversation are kept.";
  return {
    id: `${prefix}${use.scope}-${turnId.slice(0, 40)}-${count}`,
    message: `${spentSentence(use)} ${files} How shall it go on?`,
    questions: [
      {
        kind: "single-select",
        id: budgetFields.decision,
        title: "Budget",
        message: "How shall it go on?",
        required: true,
        options: [
          {
            id: budgetFields.raise,
            label: "Raise the budget",
            description: `By ${formatUsd(use.limitUsd)}, or by the sum below.`,
          },
          {
            id: budgetFields.once,
            label: "Once more",
            description: "This turn may end, whatever it costs. The next one asks again.",
          },
          { id: budgetFields.stop, label: "Stop", description: "The turn ends here." },
        ],
      },
      {
        kind: "number",
        id: budgetFields.usd,
        title: "Raise by",
        message: "US dollars to add to the budget.",
        min: 0,
        defaultValue: use.limitUsd,
      },
    ],
  };
}

/**
 * Why somebody of this role may not answer, as a sentence; undefined for what is no answer of theirs to refuse. Anybody may
 * stop; more money for one session takes an approver, for many an admin.
 */
export function answerRefusal(role: Role, action: StateAction): string | undefined {
  if (action.type !== "chat/inputCompleted" || action.response !== "accept") return undefined;
  const scope = scopes.find((each) => action.requestId.startsWith(`${prefix}${each}-`));
  if (scope === undefined || role === "admin" || (scope === "session" && role === "approver")) return undefined;
  if (action.answers && decisionOf(action.response, action.answers).kind === "stop") return undefined;
  const who = scope === "session" ? "an approver" : "an admin";
  return `Only ${who} may go past this budget. You can stop the turn; its files are kept.`;
}

/** Whoever does not accept the question stops the turn. */
export function decisionOf(
  response: string | undefined,
  answers: Readonly<Record<string, InputAnswer>> | undefined,
): Decision {
  if (response !== "accept") return { kind: "stop" };
  const decision = valueOf(answers?.[budgetFields.decision]);
  if (decision === "once") return { kind: "once" };
  if (decision !== "raise") return { kind: "stop" };
  const by = Number(valueOf(answers?.[budgetFields.usd]));
  return by > 0 && by <= maxRaiseUsd ? { kind: "raise", byUsd: by } : { kind: "raise" };
}

function valueOf(answer: InputAnswer | undefined): string | number | undefined {
  if (answer?.state !== "submitted" && answer?.state !== "draft") return undefined;
  const { value } = answer;
  return value.kind === "selected" || value.kind === "text" || value.kind === "number" ? value.value : undefined;
}

export const unpricedSentence =
  "Nobody knows what this turn has cost: the agent tells no cost, and this host has no price for its tokens. No budget can hold it. A price under spend.prices in the host's configuration helps where the agent tells its tokens.";

/** "This session has spent $4.10, 80 % of its budget of $5.00." */
export function reachedSentence(use: BudgetUse, percent: number): string {
  if (percent >= 100) return spentSentence(use);
  const budget = `${possessive[use.scope]} budget of ${formatUsd(use.limitUsd)}${span(use)}`;
  return `${subject(use)} spent ${formatUsd(use.spentUsd)}, ${percent} % of ${budget}.`;
}

function spentSentence(use: BudgetUse): string {
  return `${subject(use)} spent ${formatUsd(use.spentUsd)}; ${possessive[use.scope]} budget${span(use)} is ${formatUsd(use.limitUsd)}.`;
}

const possessive: Readonly<Record<Scope, string>> = {
  session: "its",
  repository: "their",
  user: "their",
  fleet: "the",
};

function subject({ scope, key }: BudgetUse): string {
  const subjects: Readonly<Record<Scope, string>> = {
    session: "This session has",
    repository: `The agents on ${key} have`,
    user: `The agents of ${key} have`,
    fleet: "The agents of this host have",
  };
  return subjects[scope];
}

function span({ period }: BudgetUse): string {
  return period === undefined ? "" : ` for ${period}`;
}
