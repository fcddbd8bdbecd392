/** An action of the model in words that every agent understands; `toolMapping.ts` finds the offered tool for it. */
export type AbstractCall =
  | { readonly tool: "read"; readonly path: string }
  | { readonly tool: "write"; readonly path: string; readonly content: string }
  /** `old` and `new` are whole lines, so that an agent that only takes patches can apply them. */
  | { readonly tool: "edit"; readonly path: string; readonly old: string; readonly new: string }
  | { readonly tool: "shell"; readonly command: string; readonly why: string }
  | { readonly tool: "plan"; readonly items: readonly PlanItem[] }
  | { readonly tool: "ask"; readonly question: string; readonly choices: readonly string[] };

export interface PlanItem {
  readonly text: string;
  readonly status: "completed" | "in_progress" | "pending";
}

/** One answer of the model: text, then calls. */
export interface Step {
  readonly thought?: string;
  readonly text?: string;
  readonly calls?: readonly AbstractCall[];
  /** Wait before the answer starts, in milliseconds. */
  readonly delayMs?: number;
  /** Characters in each streamed piece. Default 24. */
  readonly chunk?: number;
  /** Wait between two pieces, in milliseconds. Default 0. */
  readonly gapMs?: number;
  /** Tokens reported for this answer. Default: estimated from the sizes. */
  readonly usage?: { readonly input: number; readonly output: number };
  /** Answered before the step itself, `times` times (default 1) for each session. */
  readonly failure?: { readonly status: number; readonly times?: number; readonly retryAfterSeconds?: number };
}

export interface ScenarioTurn {
  /** Tried on the text of each user message, latest first. */
  readonly match: RegExp;
  readonly steps: readonly Step[];
}

/** A scripted model: what it answers to which prompt. Texts may hold `{{cwd}}` and the variables of a registration. */
export interface Scenario {
  readonly name: string;
  readonly turns: readonly ScenarioTurn[];
  /** Said when the prompt is unknown or the steps are used up. */
  readonly fallback?: string;
}

/** One message of a conversation, whatever the wire format. */
export interface HistoryMessage {
  readonly role: "user" | "assistant" | "tool";
  readonly text: string;
}

export interface PickedStep {
  readonly step: Step;
  /** Names the position, for counting injected failures and for logs: `scenario/turn/step`. */
  readonly position: string;
}

const FALLBACK = "There is nothing scripted for that prompt.";

/**
 * The answer to a request. The turn is chosen by the last user message that matches, the step by how many answers
 * follow that message in the request, so a retry, a restarted agent or a loaded session needs no care.
 */
export function pickStep(scenarios: readonly Scenario[], history: readonly HistoryMessage[]): PickedStep {
  for (let index = history.length - 1; index >= 0; index--) {
    const message = history[index];
    if (message?.role !== "user") continue;
    for (const scenario of scenarios) {
      const turn = scenario.turns.findIndex(({ match }) => match.test(message.text));
      if (turn === -1) continue;
      const done = history.slice(index + 1).filter(({ role }) => role === "assistant").length;
      const step = scenario.turns[turn]?.steps[done] ?? { text: scenario.fallback ?? FALLBACK };
      return { step, position: `${scenario.name}/${turn}/${done}` };
    }
  }
  return { step: { text: scenarios[0]?.fallback ?? FALLBACK }, position: "none" };
}
