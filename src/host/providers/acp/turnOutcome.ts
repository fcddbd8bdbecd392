import type { TurnOutcome } from "../provider.ts";
import type { MapState } from "./mapUpdate.ts";

interface ToldTokens {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedReadTokens?: number | null | undefined;
}

/** The end of a turn as its chat shows it. `tokens` as the agent's answer tells them, if it does. */
export function turnOutcome(
  stopReason: TurnOutcome["stopReason"],
  tokens: ToldTokens | undefined,
  { context, turn }: Pick<MapState, "context" | "turn">,
): TurnOutcome {
  const meta = {
    ...(context.size !== undefined && { muster: { contextUsed: context.used, contextSize: context.size } }),
    ...(turn?.costUsd !== undefined && { cost: turn.costUsd }),
  };
  const usage = {
    ...(tokens?.inputTokens !== undefined && { inputTokens: tokens.inputTokens, outputTokens: tokens.outputTokens }),
    ...(tokens?.cachedReadTokens != null && { cacheReadTokens: tokens.cachedReadTokens }),
    ...(Object.keys(meta).length > 0 && { _meta: meta }),
  };
  return Object.keys(usage).length > 0 ? { stopReason, usage } : { stopReason };
}

export function stopReasonOf(reason: string): TurnOutcome["stopReason"] {
  switch (reason) {
    case "cancelled":
      return "cancelled";
    case "refusal":
      return "refused";
    case "max_tokens":
    case "max_turn_requests":
      return "limit";
    default:
      return "complete";
  }
}
