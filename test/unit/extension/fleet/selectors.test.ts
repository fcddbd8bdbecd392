import { untranslated } from "../../../../src/base/l10n.ts";
import { describe, expect, it } from "vitest";
import { toFleetAgent } from "../../../../src/extension/fleet/agentRow.ts";
import { needYouCount, nextNeedingYou, sortByPriority } from "../../../../src/extension/fleet/selectors.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";

function agent(id: string, status: number, minute: number) {
  return toFleetAgent(
    {
      hostId: "a",
      summary: aSummary(id, { status, modifiedAt: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z` }),
      freshness: { live: true, heardAt: undefined },
      hasFleet: true,
      requests: [],
      pullRequest: undefined,
      isPending: false,
    },
    untranslated,
  );
}

const agents = [
  agent("idle-old", STATUS.idle, 1),
  agent("waits-late", STATUS.inputNeeded, 9),
  agent("idle-new", STATUS.idle, 5),
  agent("failed", STATUS.error, 3),
  agent("waits-long", STATUS.inputNeeded, 2),
];
const ids = (list: readonly { session: string }[]) => list.map(({ session }) => session);

describe("selectors", () => {
  it("put the pressing first, who waits longest before the others, otherwise the latest first", () => {
    expect(ids(sortByPriority(agents))).toEqual(["waits-long", "waits-late", "failed", "idle-new", "idle-old"]);
  });

  it("find the next one that needs a person, round and round", () => {
    const seen: (string | undefined)[] = [];
    let after: string | undefined;
    for (let i = 0; i < 4; i++) {
      const next = nextNeedingYou(agents, after);
      seen.push(next?.session);
      after = next?.key;
    }
    expect(seen).toEqual(["waits-long", "waits-late", "failed", "waits-long"]);
    expect(nextNeedingYou([agents[0]!], undefined)).toBeUndefined();
  });

  it("find the previous one likewise", () => {
    const before = (after: string | undefined) => nextNeedingYou(agents, after, -1);
    const last = before(undefined);
    expect(last?.session).toBe("failed");
    expect(before(last?.key)?.session).toBe("waits-late");
    expect(before(agents[4]!.key)?.session).toBe("failed");
  });

  it("count who does not go on alone", () => {
    const counts = { needsYou: 2, failed: 1, review: 9, working: 9, queued: 9, pullRequest: 9, done: 9 };
    expect(needYouCount(counts)).toBe(3);
  });
});
