import { expect, it } from "vitest";
import { IdleAgents } from "../../../../src/host/sessions/idleAgents.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

function anIdleList(max: number) {
  const clock = new FakeClock();
  const ended: string[] = [];
  const idle = new IdleAgents(clock, { idleMs: 1_000, max });
  return { clock, ended, idle, rest: (id: string) => idle.rest(id, () => ended.push(id)) };
}

it("ends an agent that waited for too long, and not one that was woken", async () => {
  const { clock, ended, idle, rest } = anIdleList(5);
  rest("a");
  rest("b");
  idle.wake("b");
  await clock.advance(1_000);
  expect(ended).toEqual(["a"]);
  expect(clock.pending).toBe(0);
});

it("ends the one that waits longest when too many wait", () => {
  const { ended, rest } = anIdleList(2);
  for (const id of ["a", "b", "a", "c"]) rest(id);
  expect(ended).toEqual(["b"]);
});
