import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf, priceFor } from "../../../../src/host/spend/prices.ts";
import { SpendConfig } from "../../../../src/host/spend/spendConfig.ts";

describe("prices", () => {
  const special = { agent: "codex", model: "gpt-5*", input: 1, output: 10 };
  const general = { model: "*-mini", input: 0.1, output: 1 };
  const any = { input: 5, output: 5 };

  it("are the first that fit the agent and the model", () => {
    const prices = [special, general, any];
    expect(priceFor(prices, { agent: "codex", model: "gpt-5-pro" })).toBe(special);
    expect(priceFor(prices, { agent: "other", model: "gpt-5-mini" })).toBe(general);
    expect(priceFor(prices, { agent: "other", model: undefined })).toBe(any);
    expect(priceFor([special, general], { agent: "other", model: "gpt-5" })).toBeUndefined();
  });

  it("fit a model as a pattern of stars does", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(word, text, (model, name) => {
        const expected = new RegExp(`^${model.replaceAll("*", ".*")}$`).test(name);
        expect(priceFor([{ model, input: 1, output: 1 }], { agent: "a", model: name }) !== undefined).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are for a million tokens of each kind, and those of a kind without one are the kind's that it is part of", () => {
    const tokens = {
      inputTokens: 1_000_000,
      outputTokens: 2_000_000,
      cachedReadTokens: 1_000_000,
      cachedWriteTokens: 1_000_000,
      thoughtTokens: 1_000_000,
    };
    expect(costOf(tokens, { input: 1, output: 10 })).toBe(33);
    expect(costOf(tokens, { input: 1, output: 10, cachedRead: 0.1, cachedWrite: 2, thought: 5 })).toBeCloseTo(28.1);
    expect(costOf({}, { input: 1, output: 10 })).toBe(0);
  });
});

describe("the configuration of spending", () => {
  it("has neither prices nor budgets of its own", () => {
    expect(SpendConfig.parse(undefined)).toEqual({ prices: [], budgets: { repositories: {}, users: {} } });
  });

  it.each([
    { budgets: { session: { usd: 0 } } },
    { budgets: { fleet: { usd: 5, per: "year" } } },
    { prices: [{ input: -1, output: 1 }] },
    { prices: [{ input: 1 }] },
  ])("refuses %j", (config) => {
    expect(SpendConfig.safeParse(config).success).toBe(false);
  });
});
