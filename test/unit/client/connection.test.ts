import { expect, it } from "vitest";
import { AppError } from "../../../src/base/appError.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { Connection, type Handshake } from "../../../src/client/connection.ts";
import { defaultLimits } from "../../../src/client/limits.ts";
import { FakeClock } from "../../support/fakeClock.ts";

const handshake: Handshake = {
  canResume: () => false,
  initialize: async () => {},
  resume: async () => "resumed",
  established: () => {},
  notification: () => {},
};

it("goes on trying when its timer fires a moment before the time by the clock", async () => {
  const time = new FakeClock();
  const early: Clock = {
    now: () => time.now(),
    elapsed: () => time.elapsed(),
    setTimeout: (callback, ms) => time.setTimeout(callback, Math.max(0, ms - 1)),
  };
  let dials = 0;
  const connection = new Connection({
    dial: async () => {
      dials++;
      throw new AppError("host.unreachable", "Nothing listens there.");
    },
    handshake,
    clock: early,
    random: () => 0.5,
    logger: silentLogger,
    limits: defaultLimits,
    hostName: "The host",
  });
  connection.connect();
  await time.advance(60_000);
  expect(dials).toBeGreaterThan(3);
  connection.dispose();
});
