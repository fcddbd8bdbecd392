import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkpointMessage, parseCheckpointMessage } from "../../../../src/host/workspaces/checkpointCommit.ts";

const line = fc.string({ unit: "binary", maxLength: 40 });
const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
const arbitraryFacts = fc.record({
  id: fc.nat().map(String),
  parent: fc.constant("b".repeat(40)),
  createdAt: fc.constant("2026-01-01T00:00:00.123Z"),
  files: fc.nat(),
  additions: fc.nat(),
  deletions: fc.nat(),
  nestedRepositories: fc.array(line, { maxLength: 3 }),
  parts: fc.array(line, { minLength: 1, maxLength: 3 }),
  place: fc.record({
    kind: fc.constantFrom("turn" as const, "asked" as const, "safety" as const),
    turnId: line.map(oneLine),
    turns: fc.nat(),
    agentSessionId: line.map(oneLine).filter((id) => id !== ""),
  }),
});

describe("the commit of a checkpoint", () => {
  it("says the same when it is read again, whatever title, turn and agent are called", () => {
    fc.assert(
      fc.property(line, arbitraryFacts, (title, facts) => {
        expect(parseCheckpointMessage(checkpointMessage("s", title, facts))).toEqual(facts);
      }),
      { numRuns: 500 },
    );
  });

  it("of somebody else is none", () => {
    expect(parseCheckpointMessage("Fix the login\n\nSigned-off-by: a")).toBeUndefined();
    expect(parseCheckpointMessage("")).toBeUndefined();
  });
});
