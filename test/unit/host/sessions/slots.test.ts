import { expect, it } from "vitest";
import { placeInWords } from "../../../../src/host/sessions/queuePlace.ts";
import type { QueueLimits } from "../../../../src/host/sessions/queueLimits.ts";
import type { Priority } from "../../../../src/host/sessions/scheduler.ts";
import { Slots } from "../../../../src/host/sessions/slots.ts";
import type { FleetQueue } from "../../../../src/protocol/fleetQueue.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

function aQueue(limits: QueueLimits = { host: 1 }) {
  const clock = new FakeClock();
  const granted: string[] = [];
  const told: { readonly id: string; readonly place: FleetQueue }[] = [];
  const slots = new Slots(limits, clock, {
    onGranted: (id) => granted.push(id),
    onQueued: (id, place) => told.push({ id, place }),
  });
  const ask = (id: string, priority: Priority = "normal") =>
    slots.request({ id, user: "ada", repository: "r", agent: "codex", priority });
  const placeOf = (id: string) => told.findLast((each) => each.id === id)?.place;
  return { clock, granted, told, slots, ask, placeOf };
}

it("tells each its place and its reason, and only what changed", () => {
  const { granted, told, slots, ask } = aQueue();
  for (const id of ["a", "b", "c"]) ask(id);
  const reason = "one agent works, the limit of this host";
  expect(granted).toEqual(["a"]);
  expect(told).toEqual([
    { id: "b", place: { position: 1, ticket: 2, reason } },
    { id: "c", place: { position: 2, ticket: 3, reason } },
  ]);
  slots.release("a");
  expect(granted).toEqual(["a", "b"]);
  expect(told.slice(2)).toEqual([{ id: "c", place: { position: 1, ticket: 3, reason } }]);
  slots.release("c");
  slots.release("b");
  expect([granted, slots.waitingCount, slots.running]).toEqual([["a", "b"], 0, []]);
});

it("gives everybody a place at once when ten thousand wait, and the exact one to those that are near", async () => {
  const { clock, told, slots, ask, granted, placeOf } = aQueue({ host: 4 });
  for (let index = 0; index < 10_000; index += 1) ask(`s${index}`);
  expect(granted).toHaveLength(4);
  expect(placeOf("s9999")).toMatchObject({ position: 21, isAtLeast: true });
  expect(placeOf("s4")).toMatchObject({ position: 1 });
  // Nearly one for each that asked.
  expect(told.length).toBeLessThan(10_100);
  await clock.advance(250);
  const before = told.length;
  for (let turn = 0; turn < 100; turn += 1) slots.release(granted[turn] ?? "");
  expect(granted).toHaveLength(104);
  await clock.advance(250);
  // However many turns there were.
  expect(told.length - before).toBeLessThanOrEqual(40);
  expect(placeOf("s104")).toMatchObject({ position: 1 });
  expect(clock.pending).toBe(0);
});

it("tells one that is no longer near", async () => {
  const { clock, ask, placeOf } = aQueue();
  for (let index = 0; index < 21; index += 1) ask(`s${index}`);
  expect(placeOf("s20")).toMatchObject({ position: 20 });
  ask("urgent", "high");
  await clock.advance(250);
  expect(placeOf("urgent")).toMatchObject({ position: 1 });
  expect(placeOf("s20")).toMatchObject({ position: 21, isAtLeast: true });
});

it("gives no slot while it is held, and then by the places that were asked for", () => {
  const { granted, slots, placeOf } = aQueue();
  slots.hold();
  const job = { user: "ada", repository: "r", agent: "codex", priority: "normal" } as const;
  slots.request({ id: "second", ...job }, { index: 1, ticket: 8 });
  slots.request({ id: "first", ...job }, { index: 0, ticket: 7 });
  expect(granted).toEqual([]);
  slots.proceed();
  expect(granted).toEqual(["first"]);
  expect(placeOf("second")).toMatchObject({ position: 1, ticket: 8 });
});

it("is put in words", () => {
  const reason = "4 agents work, the limit of this host";
  expect(placeInWords({ position: 2, reason })).toBe("2nd in the queue: 4 agents work, the limit of this host");
  expect(placeInWords({ position: 21, isAtLeast: true, reason })).toBe(`Behind 20 others in the queue: ${reason}`);
  expect(placeInWords({ position: 1 })).toBe("1st in the queue");
});
