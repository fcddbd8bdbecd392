import { describe, expect, it } from "vitest";
import { snoozeEnd, Snoozes } from "../../../../src/extension/inbox/snoozes.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";
import { asks, FakeState } from "../../../support/anInbox.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

const waiting = aFleetAgent({ attention: "needsYou", requests: [asks("a", "ls")] });
const fail = (error: unknown) => {
  throw error;
};

function someSnoozes(state = new FakeState()) {
  const clock = new FakeClock();
  const snoozes = new Snoozes(state, clock, fail);
  let changes = 0;
  snoozes.onDidChange(() => changes++);
  return { clock, state, snoozes, changes: () => changes };
}

describe("a snooze", () => {
  it("ends when its time is over, and tells of it", async () => {
    const { clock, snoozes, changes } = someSnoozes();
    await snoozes.add([waiting], "quarter");
    expect([snoozes.has(waiting), changes()]).toEqual([true, 1]);
    await clock.advance(14 * 60_000);
    expect([snoozes.has(waiting), changes()]).toEqual([true, 1]);
    await clock.advance(61_000);
    expect([snoozes.has(waiting), changes()]).toEqual([false, 2]);
  });

  it("ends early when the agent needs somebody for another reason", async () => {
    const { snoozes } = someSnoozes();
    await snoozes.add([waiting], "tomorrow");
    expect(snoozes.has({ ...waiting, requests: [] })).toBe(true);
    expect(snoozes.has({ ...waiting, requests: [{ ...asks("a", "ls"), id: "another" }] })).toBe(false);
    expect(snoozes.has({ ...waiting, attention: "failed", requests: [] })).toBe(false);
  });

  it("lasts over a reload, whatever somebody else has written there", async () => {
    const { state, snoozes } = someSnoozes();
    await snoozes.add([waiting], "hour");
    expect(someSnoozes(state).snoozes.has(waiting)).toBe(true);
    await state.update("muster.inbox.snoozes", "nonsense");
    expect(someSnoozes(state).snoozes.has(waiting)).toBe(false);
  });

  it("takes its agents out of the count of those who need somebody", async () => {
    const { snoozes } = someSnoozes();
    await snoozes.add([waiting], "hour");
    const agents = new Map([[waiting.key, waiting]]);
    expect(snoozes.count(agents, () => true)).toBe(1);
    expect(snoozes.count(agents, () => false)).toBe(0);
    await snoozes.end([waiting]);
    expect(snoozes.count(agents, () => true)).toBe(0);
  });

  it("until tomorrow ends in the morning", () => {
    const end = new Date(snoozeEnd("tomorrow", new Date(2026, 4, 31, 23, 30).getTime()));
    expect([end.getMonth(), end.getDate(), end.getHours(), end.getMinutes()]).toEqual([5, 1, 8, 0]);
  });
});
