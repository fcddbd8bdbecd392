import { AppError, assertNever } from "../../base/appError.ts";
import type { ActiveTurn } from "../../protocol/chatState.ts";
import type { ChatActionOf } from "../../protocol/chatActions.ts";
import type { TurnOutcome } from "../providers/provider.ts";
import { isBudgetQuestion } from "../spend/budgetQuestion.ts";

type TurnEnd = ChatActionOf<"chat/turnComplete" | "chat/turnCancelled" | "chat/error">;

/** How a turn ends in its chat. Every failure leaves a turn that can be resumed. */
export function endOfTurn(turnId: string, durationMs: number, outcome: TurnOutcome | AppError): TurnEnd {
  const duration = Math.max(0, durationMs);
  if (outcome instanceof AppError) return failureOfTurn(turnId, duration, outcome);
  switch (outcome.stopReason) {
    case "complete":
      return { type: "chat/turnComplete", turnId, duration };
    case "cancelled":
      return { type: "chat/turnCancelled", turnId, duration };
    case "refused":
      return failureOfTurn(
        turnId,
        duration,
        new AppError("agent.failed", "The agent refused this request. Word it another way."),
      );
    case "limit":
      return failureOfTurn(
        turnId,
        duration,
        new AppError("limit.exceeded", "The agent reached its own limit for one turn. Resume to let it go on."),
      );
    default:
      return assertNever(outcome.stopReason);
  }
}

export function failureOfTurn(turnId: string, duration: number, failure: AppError): ChatActionOf<"chat/error"> {
  const error = { errorType: failure.code, message: failure.message };
  return { type: "chat/error", turnId, duration, part: { kind: "error", error, resumable: true } };
}

/** The host ended while the turn ran. */
export const interruption = new AppError(
  "agent.interrupted",
  "The host was restarted while the agent worked. Its files are kept; resume to let it go on.",
);

/**
 * Was this turn with the agent before? A reopened turn holds what came of the earlier attempt; one that failed before the
 * agent saw it holds that failure alone.
 */
export function wasInterrupted(turn: ActiveTurn): boolean {
  return turn.responseParts.some((part) => {
    if (part.kind === "error") return part.error.errorType === interruption.code;
    // The host's own words, before an agent was asked.
    return part.kind !== "systemNotification" && !(part.kind === "inputRequest" && isBudgetQuestion(part.request.id));
  });
}
