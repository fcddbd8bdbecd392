import { expect, it } from "vitest";
import type { AppError } from "../../../../src/base/appError.ts";
import { type TimeLimits, TurnWatch, type WatchedTurn } from "../../../../src/host/sessions/turnWatch.ts";
import { withinTime } from "../../../../src/host/sessions/turnTime.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

const minute = 60_000;
const none: TimeLimits = { turnMinutes: 0, silentMinutes: 0, sessionMinutes: 0 };

function aWatch(limits: Partial<TimeLimits>, its: Partial<WatchedTurn> = {}, before = 0) {
  const clock = new FakeClock();
  const told: string[] = [];
  let worked = before;
  const session = () => ({ workedMs: worked, limitMs: (limits.sessionMinutes ?? 0) * minute });
  const watch = new TurnWatch(clock, {
    limits: { ...none, ...limits },
    session,
    isExcused: () => false,
    onNear: (sentence) => told.push(sentence),
    onOver: () => told.push("over"),
    onWorked: (ms) => (worked += ms),
    ...its,
  });
  return { clock, watch, told, worked: () => worked };
}

it("warns before a turn has worked for too long, then ends it", async () => {
  const { clock, watch, told } = aWatch({ turnMinutes: 60 });
  await clock.advance(54 * minute);
  expect(told).toEqual([]);
  await clock.advance(2 * minute);
  expect(told).toEqual([
    "The agent may work on this message for 5 minutes more. It is stopped then, and everything is kept.",
  ]);
  expect(watch.over).toBeUndefined();
  await clock.advance(4 * minute);
  expect(watch.over).toMatchObject({ code: "limit.exceeded", message: expect.stringContaining("60 minutes") });
  expect(told[1]).toBe("over");
});

it("DUR-10 counts what passes, not what the wall clock is set to", async () => {
  for (const jump of [3_600_000, -3_600_000, 10 * 365 * 24 * 3_600_000]) {
    const { clock, watch, told, worked } = aWatch({ turnMinutes: 60, silentMinutes: 60, sessionMinutes: 60 });
    await clock.advance(minute);
    clock.setForward(jump);
    await clock.advance(minute);
    expect([watch.over, told]).toEqual([undefined, []]);
    await clock.advance(58 * minute);
    expect(watch.over).toBeDefined();
    watch.dispose();
    expect(worked()).toBe(60 * minute);
  }
});

it("does not count the time in which the agent waits for a person", async () => {
  let isAsked = true;
  const { clock, watch, worked } = aWatch({ turnMinutes: 10, silentMinutes: 5 }, { isExcused: () => isAsked });
  await clock.advance(24 * 60 * minute);
  expect(watch.over).toBeUndefined();
  isAsked = false;
  await clock.advance(4 * minute);
  expect(watch.over).toBeUndefined();
  watch.dispose();
  expect(worked()).toBe(4 * minute);
});

it("ends the turn of an agent that says nothing for too long", async () => {
  const { clock, watch, told } = aWatch({ silentMinutes: 10 });
  await clock.advance(9 * minute);
  expect(told).toEqual(["Nothing is heard of the agent. It is stopped if it stays silent for 2 minutes more."]);
  watch.heard();
  await clock.advance(9 * minute);
  expect(watch.over).toBeUndefined();
  await clock.advance(minute);
  expect(watch.over).toMatchObject({ code: "timeout", message: expect.stringContaining("10 minutes") });
});

it("adds up what a session has worked, over its turns", async () => {
  const { clock, watch, told, worked } = aWatch({ sessionMinutes: 30 });
  await clock.advance(16 * minute);
  expect(worked()).toBe(15 * minute);
  watch.dispose();
  expect(worked()).toBe(16 * minute);
  const next = aWatch({ sessionMinutes: 30 }, {}, worked());
  await next.clock.advance(13 * minute);
  expect(next.told).toEqual(["This session may work for 5 minutes more. It is stopped then, and everything is kept."]);
  await next.clock.advance(minute);
  expect(next.watch.over?.message).toContain("Allow it more time, then resume.");
  expect(told).toEqual([]);
});

it("does not begin when the session has no time left, and says the limit whatever the agent says", async () => {
  const over = aWatch({}, { session: () => ({ workedMs: minute, limitMs: minute }) }).watch;
  await expect(withinTime(over, () => Promise.reject(new Error("begun")))).rejects.toThrow("in all");
  const { clock, watch } = aWatch({ turnMinutes: 1 });
  const turn = withinTime(watch, async () => {
    await clock.advance(minute);
    throw new Error("the agent ended because it was told to");
  });
  const failure: AppError = await turn.then(
    () => expect.unreachable(),
    (error: unknown) => error as AppError,
  );
  expect(failure.code).toBe("limit.exceeded");
  expect(clock.pending).toBe(0);
});
