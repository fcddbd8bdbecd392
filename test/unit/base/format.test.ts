import { describe, expect, it } from "vitest";
import { formatAge, formatAgo } from "../../../src/base/formatAge.ts";
import { formatUsd } from "../../../src/base/formatUsd.ts";
import { untranslated } from "../../../src/base/l10n.ts";

describe("what people read", () => {
  it("is an age in its greatest unit, also of what is to come by the clock of another machine", () => {
    expect([0, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000, -5, Number.NaN].map(formatAge)).toEqual([
      "0s",
      "59s",
      "1m",
      "59m",
      "1h",
      "1d",
      "0s",
      "",
    ]);
    expect([0, 9_999, 40_000, 300_000].map((ms) => formatAgo(ms, untranslated))).toEqual([
      "just now",
      "just now",
      "40s ago",
      "5m ago",
    ]);
  });

  it("is money in cents, and never nothing for what was paid", () => {
    expect([0, 0.0042, 0.416, 5, 1234.5].map(formatUsd)).toEqual(["$0.00", "$0.0042", "$0.42", "$5.00", "$1,234.50"]);
  });
});
