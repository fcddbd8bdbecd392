import { describe, expect, it } from "vitest";
import {
  noPicks,
  type PartsRead,
  presentPicks,
  toCombineState,
  toPartsPicks,
  withPick,
} from "../../../../src/extension/coordination/combineState.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";

const hunk = (id: string) => ({ id, start: 1, lines: 1, removed: [], added: [] });
const part = (session: string, ...hunks: string[]) => ({
  session,
  status: "modified" as const,
  additions: 1,
  deletions: 0,
  hunks: hunks.map(hunk),
});
const read: PartsRead = {
  base: "b",
  heads: [
    { session: "s:/1", head: "h1" },
    { session: "s:/2", head: "h2" },
  ],
  files: [
    { path: "a", parts: [part("s:/1", "1", "2"), part("s:/2", "3")] },
    { path: "b", parts: [{ ...part("s:/2"), problem: "No." }] },
  ],
  fileCount: 2,
};

describe("picked parts", () => {
  it("go to the host with every branch, because the base is one of theirs", () => {
    const picks = withPick(withPick(noPicks, "s:/1", "a", ["2"]), "s:/1", "gone", "whole");
    expect(toPartsPicks(withPick(picks, "s:/1", "gone", null), read)).toEqual([
      { session: "s:/1", head: "h1", files: [{ path: "a", hunks: ["2"] }] },
      { session: "s:/2", head: "h2", files: [] },
    ]);
  });

  it("that the branches have no more, or that can't be picked, are let go", () => {
    const files = { "s:/1": { a: ["2", "old"], gone: "whole" as const }, "s:/2": { a: ["old"], b: "whole" as const } };
    expect(presentPicks({ title: "T", files }, read)).toEqual({ title: "T", files: { "s:/1": { a: ["2"] } } });
  });

  it("are shown where they are, by the number of the attempt where all are attempts", () => {
    const group = (index: number) => ({ agent: aFleetAgent({ group: { id: "g", index, count: 2 } }) });
    const agents = [
      { session: "s:/1", ...group(2) },
      { session: "s:/2", ...group(1) },
    ];
    const of = { hostId: "a", sessions: ["s:/1", "s:/2"] };
    const shown = {
      of,
      note: undefined,
      isLoading: false,
      isChecking: false,
      problems: [],
      preview: undefined,
      isCreating: false,
    };
    const state = toCombineState(agents, read, withPick(noPicks, "s:/2", "a", "whole"), shown);
    expect(state.sources.map(({ index }) => index)).toEqual([1, 2]);
    expect(state.files[0]?.parts.map(({ pick }) => pick)).toEqual(["whole", undefined]);
  });
});
