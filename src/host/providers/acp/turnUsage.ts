import * as z from "zod/mini";
import { type TokenCounts, tokenKinds } from "../../../protocol/fleetSpend.ts";
import type { EarlierUse } from "../provider.ts";
import { maybe } from "./acpMessages.ts";

/**
 * Which tokens an agent tells in the answer to a prompt: those of the turn; those of its last request to the model alone;
 * or those of the whole conversation so far. Agents differ, and what they send does not say which it is.
 */
export type TokensOf = "turn" | "lastRequest" | "conversation";

/** More than this, less than nothing and what is no number is a mistake of the agent's, or a lie. */
const maxTokens = 1e12;
const maxUsd = 1e6;
const maxModels = 50;

const Count = maybe(z.number());
/** ACP's own names, then those of Codex and Gemini. */
const Counts = z.looseObject({
  totalTokens: Count,
  inputTokens: Count,
  outputTokens: Count,
  cachedReadTokens: Count,
  cachedWriteTokens: Count,
  thoughtTokens: Count,
  cachedInputTokens: Count,
  reasoningOutputTokens: Count,
  input_tokens: Count,
  output_tokens: Count,
});
type Counts = z.infer<typeof Counts>;

const Answer = z.looseObject({
  usage: maybe(Counts),
  _meta: maybe(
    z.looseObject({
      quota: maybe(
        z.looseObject({
          token_count: maybe(Counts),
          model_usage: maybe(z.array(z.looseObject({ model: maybe(z.string()), token_count: maybe(Counts) }))),
        }),
      ),
    }),
  ),
});

export interface ModelTokens {
  readonly model?: string;
  readonly tokens: TokenCounts;
}

/**
 * Tokens by model, from the answer to a prompt. Where an agent tells both a sum and its parts by model, the larger counts:
 * the parts of some hold their subagents, too.
 */
export function tokensOfAnswer(answer: unknown): readonly ModelTokens[] {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success) return [];
  const { usage, _meta } = parsed.data;
  const rows = (_meta?.quota?.model_usage ?? []).slice(0, maxModels).flatMap(({ model, token_count: counts }) => {
    const tokens = counts == null ? undefined : eachApart(counts);
    return tokens === undefined
      ? []
      : [{ ...(model != null && model !== "" && { model: model.slice(0, 200) }), tokens }];
  });
  const told = usage ?? _meta?.quota?.token_count;
  const sum = told == null ? undefined : eachApart(told);
  const ofRows = rows.reduce((all, { tokens }) => all + totalOf(tokens), 0);
  if (rows.length > 0 && (sum === undefined || ofRows >= totalOf(sum))) return rows;
  return sum === undefined ? [] : [{ tokens: sum }];
}

/** US dollars that an agent tells; `undefined` for what is no such sum. */
export function dollars(cost: { readonly amount: number; readonly currency: string } | null | undefined) {
  if (cost?.currency !== "USD") return undefined;
  return Number.isFinite(cost.amount) && cost.amount >= 0 && cost.amount <= maxUsd ? cost.amount : undefined;
}

/** Makes what an agent tells into what was used since it told something before. */
export class TokenMeter {
  readonly #tokensOf: TokensOf;
  /** The running totals of an agent that tells such. */
  #totals: TokenCounts = {};

  constructor(tokensOf: TokensOf) {
    this.#tokensOf = tokensOf;
  }

  /** The conversation goes on. */
  takeUp(totals: TokenCounts): void {
    this.#totals = totals;
  }

  take(told: readonly ModelTokens[]): { readonly used: readonly ModelTokens[]; readonly isPartial: boolean } {
    const isPartial = this.#tokensOf === "lastRequest";
    const [total] = told;
    if (this.#tokensOf !== "conversation" || !total) return { used: told, isPartial };
    const before = this.#totals;
    this.#totals = total.tokens;
    return { used: [{ ...total, tokens: growth(before, total.tokens) }], isPartial };
  }
}

/** What a running total has grown by. One that fell was begun anew, and all of it is growth. */
function growth(before: TokenCounts, now: TokenCounts): TokenCounts {
  const hasFallen = tokenKinds.some((kind) => (now[kind] ?? 0) < (before[kind] ?? 0));
  if (hasFallen) return now;
  return Object.fromEntries(
    tokenKinds.flatMap((kind) => (now[kind] === undefined ? [] : [[kind, now[kind] - (before[kind] ?? 0)]])),
  );
}

/** How dear a token of each kind is beside one of input, as the large models are priced. */
const weights: Readonly<Record<keyof TokenCounts, number>> = {
  inputTokens: 1,
  outputTokens: 5,
  cachedReadTokens: 0.1,
  cachedWriteTokens: 1.25,
  thoughtTokens: 5,
};

/**
 * Of two costs of a turn, is the first the likelier? By what the session's tokens have cost before, and how many this turn
 * took; false where that is not known.
 */
export function isNearer(
  used: readonly ModelTokens[],
  earlier: EarlierUse,
  costUsd: number,
  otherUsd: number,
): boolean {
  const weight = used.reduce((sum, { tokens }) => sum + weightOf(tokens), 0);
  const expectedUsd = ((earlier.spentUsd ?? 0) * weight) / weightOf(earlier.tokens);
  if (!Number.isFinite(expectedUsd) || expectedUsd <= 0) return false;
  return Math.abs(Math.log(costUsd / expectedUsd)) < Math.abs(Math.log(otherUsd / expectedUsd));
}

function weightOf(tokens: TokenCounts): number {
  return tokenKinds.reduce((sum, kind) => sum + (tokens[kind] ?? 0) * weights[kind], 0);
}

/**
 * Some agents count cached tokens as input and thinking as output, others apart. Their total tells which; without one,
 * caches are taken to be apart and thinking to be in the output, as the makers of the largest models count.
 */
function eachApart(counts: Counts): TokenCounts | undefined {
  const input = counted(counts.inputTokens ?? counts.input_tokens);
  const output = counted(counts.outputTokens ?? counts.output_tokens);
  if (input === undefined || output === undefined) return undefined;
  const read = counted(counts.cachedReadTokens ?? counts.cachedInputTokens) ?? 0;
  const write = counted(counts.cachedWriteTokens) ?? 0;
  const thought = counted(counts.thoughtTokens ?? counts.reasoningOutputTokens) ?? 0;
  const total = counted(counts.totalTokens);
  const cached = read + write;
  const isCacheApart = total !== input + output && total !== input + output + thought;
  const isThoughtApart = total === input + output + thought || total === input + output + cached + thought;
  return {
    inputTokens: Math.max(0, isCacheApart ? input : input - cached),
    outputTokens: Math.max(0, isThoughtApart ? output : output - thought),
    ...(read > 0 && { cachedReadTokens: read }),
    ...(write > 0 && { cachedWriteTokens: write }),
    ...(thought > 0 && { thoughtTokens: thought }),
  };
}

function counted(count: number | null | undefined): number | undefined {
  if (count == null || !Number.isFinite(count) || count < 0 || count > maxTokens) return undefined;
  return Math.round(count);
}

function totalOf(tokens: TokenCounts): number {
  return tokenKinds.reduce((sum, kind) => sum + (tokens[kind] ?? 0), 0);
}
