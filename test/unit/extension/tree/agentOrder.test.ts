import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTENTIONS, type FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { AgentOrder } from "../../../../src/extension/tree/agentOrder.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";

const agent = (id: string, changes: Parameters<typeof aFleetAgent>[0] = {}) =>
  aFleetAgent({ session: `ahp-session:/${id}`, ...changes });
const names = (keys: readonly string[]) => keys.map((key) => key.slice(-1));

/** Puts them into an order, or puts them anew. */
function place(order: AgentOrder, ...agents: readonly FleetAgent[]) {
  const byKey = new Map(agents.map((one) => [one.key, one]));
  return order.update(byKey.keys(), (key) => byKey.get(key));
}

function anOrder(...agents: readonly FleetAgent[]): AgentOrder {
  const order = new AgentOrder();
  place(order, ...agents);
  return order;
}

describe("the order of agents", () => {
  it("puts who waits longest first, and failures after those that wait", () => {
    const order = anOrder(
      agent("1", { attention: "failed", modifiedAt: nowMs - 900_000 }),
      agent("2", { attention: "needsYou", need: "approval", modifiedAt: nowMs - 1000 }),
      agent("3", { attention: "needsYou", need: "approval", modifiedAt: nowMs - 5000 }),
    );
    expect(names(order.keys("needsYou"))).toEqual(["3", "2", "1"]);
  });

  it("does not move a working agent when something happens to it", () => {
    const [one, two] = [agent("1", { createdAt: 2 }), agent("2", { createdAt: 1 })];
    const order = anOrder(one, two);
    expect(place(order, { ...two, modifiedAt: nowMs })).toEqual({ isRootChanged: false, groups: [] });
  });

  it("queues by place, those without one last", () => {
    const order = anOrder(
      agent("1", { attention: "queued", queuePosition: undefined, createdAt: 1 }),
      agent("2", { attention: "queued", queuePosition: 3 }),
      agent("3", { attention: "queued", queuePosition: 1 }),
      agent("4", { attention: "queued", queuePosition: undefined, createdAt: 2 }),
    );
    expect(names(order.keys("queued"))).toEqual(["3", "2", "4", "1"]);
  });

  it("tells the two groups between which an agent moved", () => {
    const order = anOrder(agent("1"), agent("2", { attention: "review" }), agent("3"));
    expect(place(order, agent("3", { attention: "review" }))).toEqual({
      isRootChanged: false,
      groups: ["working", "review"],
    });
  });

  it("tells that a group came or went", () => {
    const order = new AgentOrder();
    expect(place(order, agent("1")).isRootChanged).toBe(true);
    expect(order.groups).toEqual(["working"]);
    expect(order.update([agent("1").key], () => undefined)).toEqual({ isRootChanged: true, groups: [] });
    expect(order.groups).toEqual([]);
  });

  const time = fc.integer({ min: 1, max: 4 });
  const anyAgent = fc
    .record({
      session: fc.constantFrom(
        "ahp-session:/1",
        "ahp-session:/2",
        "ahp-session:/3",
        "ahp-session:/4",
        "ahp-session:/5",
      ),
      attention: fc.constantFrom(...ATTENTIONS),
      createdAt: time,
      modifiedAt: time,
      queuePosition: fc.option(time, { nil: undefined }),
    })
    .map((changes) => aFleetAgent(changes));

  it("is the same whether kept up by differences or made anew, and says what became other", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyAgent, fc.boolean())), (steps) => {
        const listed = new Map<string, FleetAgent>();
        const kept = new AgentOrder();
        const rowsOf = (order: AgentOrder) => order.groups.map((id) => [id, order.keys(id)] as const);
        for (const [one, isGone] of steps) {
          const before = new Map(rowsOf(kept));
          if (isGone) listed.delete(one.key);
          else listed.set(one.key, one);
          const { isRootChanged, groups } = kept.update([one.key], (key) => listed.get(key));
          expect(rowsOf(kept)).toEqual(rowsOf(anOrder(...listed.values())));
          const after = new Map(rowsOf(kept));
          expect(isRootChanged).toBe(Array.from(before.keys()).join() !== Array.from(after.keys()).join());
          const others = Array.from(after).filter(([id, keys]) => before.get(id)?.join() !== keys.join());
          expect(groups).toEqual(others.map(([id]) => id));
        }
      }),
    );
  });
});
