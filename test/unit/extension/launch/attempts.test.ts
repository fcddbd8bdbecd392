import { describe, expect, it } from "vitest";
import { type AttemptRead, attemptsOf, toAttemptsState } from "../../../../src/extension/launch/attempts.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";

const group = (index: number) => ({ id: "g", index, count: 3 });
const read = (over: Partial<AttemptRead>): AttemptRead => ({
  files: [],
  tests: [],
  prompt: undefined,
  model: undefined,
  workedMs: undefined,
  problem: undefined,
  ...over,
});
const file = (path: string, added: number) => ({
  id: path,
  path,
  oldPath: undefined,
  status: "modified" as const,
  before: undefined,
  after: undefined,
  added,
  removed: 0,
  isBinary: false,
  mode: undefined,
  oldMode: undefined,
});

describe("attempts beside one another", () => {
  const second = aFleetAgent({ key: "a|2", session: "2", group: group(2), attention: "working", activity: "Editing" });
  const of = { hostId: "a", group: group(1).id };
  const first = aFleetAgent({ key: "a|1", session: "1", group: group(1), attention: "review", spend: 0.4 });
  const others = [
    aFleetAgent({ key: "a|3", session: "3", group: { ...group(1), id: "another" } }),
    aFleetAgent({ key: "b|4", session: "4", hostId: "b", group: group(3) }),
    aFleetAgent({ key: "a|5", session: "5" }),
  ];

  it("are those of one group on one host, in their order", () => {
    const all = [second, ...others, first];
    expect(attemptsOf(all, of).map(({ key }) => key)).toEqual(["a|1", "a|2"]);
    expect(attemptsOf(all, { ...of, group: "" })).toEqual([]);
  });

  it("show what each did, file by file, and what is not read yet as what its row says", () => {
    const reads = new Map([
      [
        "a|1",
        read({
          files: [file("b.ts", 2), file("a.ts", 1)],
          tests: [{ command: "npm test", exitCode: 0, succeeded: true }],
          prompt: "Fix it",
          model: "opus",
          workedMs: 60_000,
        }),
      ],
    ]);
    const state = toAttemptsState(of, [first, second], reads, (provider) => provider.toUpperCase());
    expect(state).toMatchObject({ prompt: "Fix it", count: 3, filesLeft: 0 });
    expect(state.attempts).toMatchObject([
      {
        index: 1,
        state: "ready for review",
        isWorking: false,
        costUsd: 0.4,
        workedMs: 60_000,
        tests: [{ command: "npm test", succeeded: true, isCertain: true }],
      },
      { index: 2, state: "Editing", isWorking: true, tests: [], problem: undefined },
    ]);
    expect(state.attempts[0]?.agent).toMatch(/\(opus\)$/);
    const more = toAttemptsState(
      of,
      [first, second],
      new Map([...reads, ["a|2", read({ files: [file("b.ts", 9)] })]]),
      String,
    );
    expect(more.files).toEqual([
      {
        path: "b.ts",
        changes: [
          { additions: 2, deletions: 0 },
          { additions: 9, deletions: 0 },
        ],
      },
      { path: "a.ts", changes: [{ additions: 1, deletions: 0 }, null] },
    ]);
  });
});
