import { describe, expect, it } from "vitest";
import { dollars, TokenMeter, tokensOfAnswer } from "../../../../../src/host/providers/acp/turnUsage.ts";

const told = (usage: object) => tokensOfAnswer({ stopReason: "end_turn", usage });

describe("the tokens in an agent's answer", () => {
  it("have each kind apart, whichever way the agent counts", () => {
    const cached = { cachedReadTokens: 40, cachedWriteTokens: 30, thoughtTokens: 5 };
    // Claude: caches beside the input.
    expect(
      told({ totalTokens: 110, inputTokens: 30, outputTokens: 10, cachedReadTokens: 40, cachedWriteTokens: 30 }),
    ).toEqual([{ tokens: { inputTokens: 30, outputTokens: 10, cachedReadTokens: 40, cachedWriteTokens: 30 } }]);
    // Codex: thinking is in the output; its older versions count caches in the input.
    const codex = [{ tokens: { inputTokens: 30, outputTokens: 5, ...cached } }];
    expect(told({ totalTokens: 110, inputTokens: 30, outputTokens: 10, ...cached })).toEqual(codex);
    expect(told({ totalTokens: 110, inputTokens: 100, outputTokens: 10, ...cached })).toEqual(codex);
    // opencode: everything apart.
    expect(told({ totalTokens: 115, inputTokens: 30, outputTokens: 10, ...cached })).toEqual([
      { tokens: { inputTokens: 30, outputTokens: 10, ...cached } },
    ]);
  });

  it("are Gemini's, by model", () => {
    const counts = (input_tokens: number, output_tokens: number) => ({ input_tokens, output_tokens });
    const model_usage = [
      { model: "pro", token_count: counts(10, 2) },
      { model: "flash", token_count: counts(5, 1) },
    ];
    const answer = { stopReason: "end_turn", _meta: { quota: { token_count: counts(15, 3), model_usage } } };
    expect(tokensOfAnswer(answer)).toEqual([
      { model: "pro", tokens: { inputTokens: 10, outputTokens: 2 } },
      { model: "flash", tokens: { inputTokens: 5, outputTokens: 1 } },
    ]);
    expect(tokensOfAnswer({ _meta: { quota: { token_count: counts(15, 3), model_usage: [] } } })).toEqual([
      { tokens: { inputTokens: 15, outputTokens: 3 } },
    ]);
  });

  it("are the parts by model where those hold more than the sum, as Claude's subagents do", () => {
    const usage = { totalTokens: 12, inputTokens: 10, outputTokens: 2 };
    const token_count = { totalTokens: 50, inputTokens: 40, outputTokens: 10, cachedInputTokens: 0 };
    const _meta = { quota: { token_count: usage, model_usage: [{ model: "m", token_count }] } };
    expect(tokensOfAnswer({ usage, _meta })).toEqual([{ model: "m", tokens: { inputTokens: 40, outputTokens: 10 } }]);
  });

  it("are nothing where they are missing, negative, no numbers or beyond belief", () => {
    for (const usage of [
      {},
      { inputTokens: -1, outputTokens: 1 },
      { inputTokens: "9", outputTokens: 1 },
      { inputTokens: 1e300, outputTokens: 1 },
    ]) {
      expect(told(usage)).toEqual([]);
    }
    expect(tokensOfAnswer(undefined)).toEqual([]);
    expect(tokensOfAnswer({ stopReason: "end_turn" })).toEqual([]);
  });
});

it("a running total of tokens becomes what it has grown by, and one that was begun anew counts whole", () => {
  const total = (inputTokens: number, outputTokens: number) => [{ tokens: { inputTokens, outputTokens } }];
  const meter = new TokenMeter("conversation");
  meter.takeUp({ inputTokens: 10, outputTokens: 4 });
  expect(meter.take(total(15, 4)).used).toEqual(total(5, 0));
  expect(meter.take(total(25, 9)).used).toEqual(total(10, 5));
  expect(meter.take(total(3, 1)).used).toEqual(total(3, 1));
  expect(meter.take([])).toEqual({ used: [], isPartial: false });
  expect(new TokenMeter("lastRequest").take(total(5, 5))).toEqual({ used: total(5, 5), isPartial: true });
});

it("a cost is US dollars, and what a cost can be", () => {
  expect(dollars({ amount: 0.25, currency: "USD" })).toBe(0.25);
  for (const amount of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e9])
    expect(dollars({ amount, currency: "USD" })).toBeUndefined();
  expect(dollars({ amount: 1, currency: "EUR" })).toBeUndefined();
  expect(dollars(null)).toBeUndefined();
});
