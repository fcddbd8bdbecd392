import { expect, it } from "vitest";
import { TokenBucket } from "../../../src/base/tokenBucket.ts";
import { FakeClock } from "../../support/fakeClock.ts";

it("gives what it holds, and fills up again at its rate, never beyond its size", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(clock, 10, 5);
  expect([bucket.take(4), bucket.take(2), bucket.has(1), bucket.take()]).toEqual([true, false, true, true]);
  await clock.advance(200);
  expect([bucket.take(2), bucket.take()]).toEqual([true, false]);
  await clock.advance(60_000);
  expect([bucket.has(6), bucket.take(5)]).toEqual([false, true]);
});

it("DUR-10 is not filled by a wall clock that is set forward, nor emptied by one that is set back", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(clock, 1, 2);
  expect(bucket.take(2)).toBe(true);
  clock.setForward(3_600_000);
  expect(bucket.take()).toBe(false);
  clock.setForward(-7_200_000);
  await clock.advance(1_000);
  expect(bucket.take()).toBe(true);
});
