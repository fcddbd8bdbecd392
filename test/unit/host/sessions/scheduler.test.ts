import { array, assert, boolean, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { initialScheduler, positionOf, release, request } from "../../../../src/host/sessions/scheduler.ts";

describe("scheduler", () => {
  it("admits up to the limit and queues the rest in the order in which they asked", () => {
    const state = ["a", "b", "c", "d"].reduce(request, initialScheduler(2));
    expect(state.running).toEqual(["a", "b"]);
    expect([positionOf(state, "c"), positionOf(state, "d"), positionOf(state, "a")]).toEqual([1, 2, undefined]);
  });

  it("gives a free slot to the one that waits longest", () => {
    const state = ["a", "b", "c"].reduce(request, initialScheduler(1));
    expect(release(state, "a")).toMatchObject({ running: ["b"], waiting: ["c"] });
  });

  it("puts who asks again behind those that wait", () => {
    const state = ["a", "b"].reduce(request, initialScheduler(1));
    expect(request(release(state, "a"), "a")).toMatchObject({ running: ["b"], waiting: ["a"] });
  });

  it("never runs more than the limit, loses nobody and lists nobody twice", () => {
    const step = record({ isRequest: boolean(), id: constantFrom("a", "b", "c", "d", "e", "f") });
    assert(
      property(integer({ min: 1, max: 4 }), array(step), (limit, steps) => {
        const wanted = new Set<string>();
        let state = initialScheduler(limit);
        for (const { isRequest, id } of steps) {
          state = isRequest ? request(state, id) : release(state, id);
          if (isRequest) wanted.add(id);
          else wanted.delete(id);
          const listed = [...state.running, ...state.waiting];
          expect(state.running.length).toBeLessThanOrEqual(limit);
          expect(listed.toSorted()).toEqual([...wanted].toSorted());
          expect(state.running.length === limit || state.waiting.length === 0).toBe(true);
        }
      }),
    );
  });
});
