import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetsOf, exhausted, newlyReached, percentOf, periodOf } from "../../../../src/host/spend/budgets.ts";
import { SpendConfig } from "../../../../src/host/spend/spendConfig.ts";

const now = Date.UTC(2026, 10, 30, 23, 59);
const spender = { session: "ahp-session:/s", repository: "https://Git.example/a/b.git", user: "ann" };
const configured = (budgets: object) => SpendConfig.parse({ budgets }).budgets;

describe("the budgets of a session", () => {
  it("are its own, its repository's, its user's and everybody's", () => {
    const budgets = configured({
      session: { usd: 1 },
      repositories: { "git@git.example:a/b": { usd: 2, per: "day" } },
      repository: { usd: 3 },
      users: { ann: { usd: 4 } },
      fleet: { usd: 5 },
    });
    expect(budgetsOf(budgets, spender, undefined, now, () => 0)).toEqual([
      { scope: "session", key: "ahp-session:/s", limitUsd: 1 },
      { scope: "repository", key: "git.example/a/b", limitUsd: 2, period: "2026-11-30" },
      { scope: "user", key: "ann", limitUsd: 4, period: "2026-11" },
      { scope: "fleet", key: "", limitUsd: 5, period: "2026-11" },
    ]);
    expect(budgetsOf(budgets, spender, undefined, now + 60_000, () => 0)[3]?.period).toBe("2026-12");
  });

  it("are what people have set and added", () => {
    const budgets = configured({ session: { usd: 1 }, fleet: { usd: 5 } });
    expect(budgetsOf(budgets, spender, { budgetUsd: 9 }, now, () => 2)).toMatchObject([
      { limitUsd: 9 },
      { limitUsd: 7 },
    ]);
    expect(budgetsOf(configured({}), spender, undefined, now, () => 2)).toEqual([]);
  });

  it("never take a user's name for something else", () => {
    expect(budgetsOf(configured({ users: {} }), { ...spender, user: "constructor" }, undefined, now, () => 0)).toEqual(
      [],
    );
  });
});

describe("the shares of a budget", () => {
  it("are reached at 50, 80 and 100 %, and told once each", () => {
    const use = { scope: "session" as const, key: "s", limitUsd: 10 };
    const cents = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 12 });
    fc.assert(
      fc.property(cents, (spends) => {
        let spentUsd = 0;
        const told: { scope: "session"; limitUsd: number; spentUsd: number; percent: number }[] = [];
        for (const spend of spends) {
          spentUsd += spend / 100;
          for (const { percent } of newlyReached([{ ...use, spentUsd }], told.slice(-1))) {
            told.push({ scope: "session", limitUsd: 10, spentUsd, percent });
          }
        }
        const percents = told.map(({ percent }) => percent);
        expect(percents).toEqual(Array.from(new Set(percents)).toSorted((a, b) => a - b));
        expect(percents.at(-1) ?? 0).toBe(percentOf({ spentUsd, limitUsd: 10 }));
        expect(exhausted([{ ...use, spentUsd }]) !== undefined).toBe(percents.includes(100));
      }),
    );
  });

  it("are told again of a raised budget, and of the next period's", () => {
    const use = { scope: "fleet" as const, key: "", limitUsd: 10, period: "2026-11", spentUsd: 10 };
    const told = [{ scope: "fleet" as const, limitUsd: 10, period: "2026-11", spentUsd: 10, percent: 100 }];
    expect(newlyReached([use], told)).toEqual([]);
    expect(newlyReached([{ ...use, limitUsd: 12 }], told)).toMatchObject([{ percent: 80 }]);
    expect(newlyReached([{ ...use, period: "2026-12", spentUsd: 5 }], told)).toMatchObject([{ percent: 50 }]);
  });
});

it("days and months are those of UTC", () => {
  expect([periodOf(now, "day"), periodOf(now, "month")]).toEqual(["2026-11-30", "2026-11"]);
});
