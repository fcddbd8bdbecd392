import type { InputRequest } from "./input.ts";

/**
 * Questions that a host of ours asks by itself, in the standard vocabulary: every client can ask them, and ours knows them
 * by how their ids begin.
 */
export const hostQuestionPrefixes = { budget: "budget-", egress: "egress-" } as const;
export type HostQuestion = keyof typeof hostQuestionPrefixes;

/** `budget`: the agent may not spend more. `egress`: a program wants to reach a server. `undefined`: the agent asks. */
export function hostQuestionOf({ id }: Pick<InputRequest, "id">): HostQuestion | undefined {
  if (id.startsWith(hostQuestionPrefixes.budget)) return "budget";
  return id.startsWith(hostQuestionPrefixes.egress) ? "egress" : undefined;
}

/** Ids in the question about a budget: the decision, one of three, and the sum by which it is raised. */
export const budgetFields = { decision: "decision", usd: "usd", raise: "raise", once: "once", stop: "stop" } as const;
