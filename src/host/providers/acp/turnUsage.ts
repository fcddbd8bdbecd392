import * as z from "zod/mini";

/** Where Gemini tells what a turn used. */
const Quota = z.looseObject({
  quota: z.looseObject({
    token_count: z.looseObject({ input_tokens: z.number(), output_tokens: z.number() }),
  }),
});

export interface TurnUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedReadTokens?: number | null;
}

/** Tokens of a turn from an answer's `_meta`, for agents that tell them nowhere else. */
export function quotaUsage(meta: unknown): TurnUsage | undefined {
  const parsed = Quota.safeParse(meta);
  if (!parsed.success) return undefined;
  const { input_tokens: inputTokens, output_tokens: outputTokens } = parsed.data.quota.token_count;
  return { inputTokens, outputTokens };
}
