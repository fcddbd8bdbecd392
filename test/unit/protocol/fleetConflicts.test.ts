import { describe, expect, it } from "vitest";
import { conflictCount } from "../../../src/protocol/fleetConflicts.ts";
import { channelKind } from "../../../src/protocol/reduce.ts";
import { fleetConflictsUri, parseFleetConflictsUri } from "../../../src/protocol/uris.ts";
import { aState, fold } from "./builders.ts";

const [a, b, c] = ["ahp-session:/a", "ahp-session:/b", "ahp-session:/c"];
const branch = (session: string, overlap = "none") => ({
  session,
  branch: `agent/${session}`,
  head: "h",
  baseBranch: "main",
  baseHead: "m",
  behind: 0,
  overlap,
  files: [],
  fileCount: 0,
});
const pair = (first: string, second: string, overlap: string) => ({
  first,
  second,
  overlap,
  files: ["x"],
  fileCount: 1,
});
const changed = (change: object) => ({
  type: "x-fleet/conflictsChanged",
  branches: [],
  removed: [],
  pairs: [],
  mergeOrder: [],
  at: "2026-01-01T00:00:00.000Z",
  ...change,
});

describe("the forecast of a repository", () => {
  const state = fold(
    "fleetConflicts",
    aState("fleetConflicts"),
    changed({
      branches: [branch(a), branch(b), branch(c, "conflict")],
      pairs: [pair(a, b, "conflict"), pair(b, c, "sameFile")],
      mergeOrder: [a, b, c],
    }),
  );

  it("holds branches, overlapping pairs and an order", () => {
    expect(state.branches.map(({ session }) => session)).toEqual([a, b, c]);
    expect(state.pairs).toHaveLength(2);
    expect([a, b, c].map((session) => conflictCount(state, session))).toEqual([1, 1, 1]);
  });

  it("replaces what changed and takes away what ended", () => {
    const calmer = fold(
      "fleetConflicts",
      state,
      changed({ branches: [branch(c)], pairs: [pair(a, b, "none")], mergeOrder: [a, b, c] }),
    );
    expect(calmer.pairs.map(({ first, second }) => [first, second])).toEqual([[b, c]]);
    expect([a, b, c].map((session) => conflictCount(calmer, session))).toEqual([0, 0, 0]);
  });

  it("takes the pairs of a removed session along", () => {
    const left = fold("fleetConflicts", state, changed({ removed: [b], mergeOrder: [a, c] }));
    expect(left.branches.map(({ session }) => session)).toEqual([a, c]);
    expect(left.pairs).toEqual([]);
  });
});

describe("the channel of a repository", () => {
  it("is the same for every spelling of its address", () => {
    const spellings = [
      "https://github.com/octo/app",
      "https://GitHub.com/octo/app.git",
      "https://github.com/octo/app/",
      "git@github.com:octo/app.git",
      "ssh://git@github.com/octo/app",
    ];
    const uris = new Set(spellings.map(fleetConflictsUri));
    expect(Array.from(uris, parseFleetConflictsUri)).toEqual(["github.com/octo/app"]);
    expect(Array.from(uris, channelKind)).toEqual(["fleetConflicts"]);
  });

  it.each([
    ["/srv/git/app.git", "/srv/git/app"],
    ["file:///srv/git/app.git", "/srv/git/app"],
    ["http://127.0.0.1:4000/octo/app.git", "127.0.0.1:4000/octo/app"],
    ["ssh://git@host:2222/octo/app", "host:2222/octo/app"],
  ])("of %s is %s", (address, key) => {
    expect(parseFleetConflictsUri(fleetConflictsUri(address))).toBe(key);
  });

  it("is of no other form", () => {
    expect(["x-fleet-conflicts:/***", "x-fleet-conflicts:/", "x-fleet-session:/a"].map(parseFleetConflictsUri)).toEqual(
      [undefined, undefined, undefined],
    );
  });
});

it("a session tells how its workspace was set up", () => {
  const setup = { status: "running", source: "repository", log: "ahp-terminal:/a/setup" };
  const state = fold("fleetSession", aState("fleetSession"), { type: "x-fleet/setupChanged", setup });
  expect(state.setup).toEqual(setup);
});
