import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTENTIONS, type FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { GROUPINGS, SORTINGS } from "../../../../src/extension/tree/agentLayout.ts";
import { AgentOrder, groupList } from "../../../../src/extension/tree/agentOrder.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";
import { anAgentOrder, orderOptions } from "../../../support/anAgentOrder.ts";

const agent = (id: string, changes: Parameters<typeof aFleetAgent>[0] = {}) =>
  aFleetAgent({ session: `ahp-session:/${id}`, ...changes });
const names = (keys: readonly string[]) => keys.map((key) => key.slice(-1));
const all = Number.MAX_SAFE_INTEGER;

/** Puts them into an order, or puts them anew. */
function place(order: AgentOrder, ...agents: readonly FleetAgent[]) {
  const byKey = new Map(agents.map((one) => [one.key, one]));
  return order.update(byKey.keys(), (key) => byKey.get(key));
}

function anOrder(...agents: readonly FleetAgent[]): AgentOrder {
  const order = anAgentOrder();
  place(order, ...agents);
  return order;
}

const rows = (order: AgentOrder, group: string) => names(order.keys(groupList(group), all));

describe("the order of agents", () => {
  it("puts who waits longest first, and failures after those that wait", () => {
    const order = anOrder(
      agent("1", { attention: "failed", modifiedAt: nowMs - 900_000 }),
      agent("2", { attention: "needsYou", need: "approval", modifiedAt: nowMs - 1000 }),
      agent("3", { attention: "needsYou", need: "approval", modifiedAt: nowMs - 5000 }),
    );
    expect(rows(order, "needsYou")).toEqual(["3", "2", "1"]);
    expect(order.tally("needsYou")).toEqual({ agents: 3, needing: 3 });
  });

  it("does not move a working agent when something happens to it", () => {
    const [one, two] = [agent("1", { createdAt: 2 }), agent("2", { createdAt: 1 })];
    const order = anOrder(one, two);
    expect(order.groups).toEqual(["working"]);
    expect(place(order, { ...two, modifiedAt: nowMs })).toEqual({ isRootChanged: false, lists: new Map() });
  });

  it("queues by place, those without one last", () => {
    const order = anOrder(
      agent("1", { attention: "queued", queuePosition: undefined, createdAt: 1 }),
      agent("2", { attention: "queued", queuePosition: 3 }),
      agent("3", { attention: "queued", queuePosition: 1 }),
      agent("4", { attention: "queued", queuePosition: undefined, createdAt: 2 }),
    );
    expect(rows(order, "queued")).toEqual(["3", "2", "4", "1"]);
  });

  it("puts pinned agents first in their group, whatever the order", () => {
    for (const sorting of SORTINGS) {
      const order = anAgentOrder({ sorting, isPinned: ({ key }) => key.endsWith("2") });
      place(order, agent("1"), agent("2", { spend: 0, createdAt: 0, modifiedAt: 0, title: "Z" }), agent("3"));
      expect(rows(order, "working")[0], sorting).toBe("2");
    }
  });

  it("sorts by what happened last, launch, cost and title", () => {
    const agents = [
      agent("1", { modifiedAt: 3, createdAt: 1, spend: 0.2, title: "beta" }),
      agent("2", { modifiedAt: 1, createdAt: 3, spend: undefined, title: "Alpha" }),
      agent("3", { modifiedAt: 2, createdAt: 2, spend: 4, title: "gamma" }),
    ];
    const sorted = (sorting: (typeof SORTINGS)[number]) => {
      const order = anAgentOrder({ sorting });
      place(order, ...agents);
      return rows(order, "working").join("");
    };
    expect([sorted("activity"), sorted("created"), sorted("cost"), sorted("title")]).toEqual([
      "132",
      "231",
      "312",
      "213",
    ]);
  });

  it("groups by repository and by host, or not at all, and counts who needs somebody", () => {
    const agents = [
      agent("1", { place: "b/b", hostId: "x", attention: "failed" }),
      agent("2", { place: "a/a", hostId: "x" }),
      agent("3", { place: "b/b", hostId: "y" }),
    ];
    const groups = (grouping: (typeof GROUPINGS)[number]) => {
      const order = anAgentOrder({ grouping });
      place(order, ...agents);
      return order.groups.map((id) => [id, order.tally(id).agents, order.tally(id).needing]);
    };
    expect(groups("repository")).toEqual([
      ["a/a", 1, 0],
      ["b/b", 2, 1],
    ]);
    expect(groups("host")).toEqual([
      ["x", 2, 1],
      ["y", 1, 0],
    ]);
    expect(groups("none")).toEqual([["", 3, 1]]);
  });

  it("tells the two groups between which an agent moved", () => {
    const order = anOrder(agent("1"), agent("2", { attention: "review" }), agent("3"));
    expect(order.groups).toEqual(["working", "review"]);
    const { isRootChanged, lists } = place(order, agent("3", { attention: "review" }));
    expect(isRootChanged).toBe(false);
    expect(new Set(lists.keys())).toEqual(new Set([groupList("working"), groupList("review")]));
  });

  it("tells that a group came or went, but not that its only agent moved", () => {
    const order = anAgentOrder();
    const one = agent("1", { attention: "review" });
    expect(place(order, one).isRootChanged).toBe(true);
    expect(order.groups).toEqual(["review"]);
    expect(place(order, { ...one, modifiedAt: nowMs + 1 }).isRootChanged).toBe(false);
    expect(order.update([one.key], () => undefined).isRootChanged).toBe(true);
    expect(order.groups).toEqual([]);
  });

  it("puts an agent under the one that it comes from, as long as both are in one group", () => {
    const parent = agent("1", { createdAt: 1 });
    const child = agent("2", { createdAt: 2, parent: parent.key });
    // The child is told of first.
    const order = anOrder(child, parent);
    expect(rows(order, "working")).toEqual(["1"]);
    expect(names(order.keys(parent.key, all))).toEqual(["2"]);
    expect(order.tally("working").agents).toBe(2);

    const listed = new Map([parent, child].map((one) => [one.key, one]));
    const waiting: FleetAgent = { ...parent, attention: "needsYou" };
    listed.set(parent.key, waiting);
    order.update([parent.key], (key) => listed.get(key));
    expect([rows(order, "needsYou"), rows(order, "working")]).toEqual([["1"], ["2"]]);
    expect(order.count(parent.key)).toBe(0);

    listed.delete(parent.key);
    order.update([parent.key], (key) => listed.get(key));
    expect(rows(order, "working")).toEqual(["2"]);
  });

  it("shows agents that name each other as their origin", () => {
    const one = agent("1", { createdAt: 1, parent: agent("2").key });
    const two = agent("2", { createdAt: 1, parent: one.key });
    const order = anOrder(one, two, agent("3", { parent: agent("3").key }));
    expect(rows(order, "working")).toEqual(["3", "1"]);
    expect(names(order.keys(one.key, all))).toEqual(["2"]);
  });

  const time = fc.integer({ min: 1, max: 4 });
  const session = fc.constantFrom("1", "2", "3", "4", "5").map((id) => `ahp-session:/${id}`);
  const anyAgent = fc
    .record({
      session,
      attention: fc.constantFrom(...ATTENTIONS),
      isArchived: fc.boolean(),
      place: fc.constantFrom("a", "b"),
      createdAt: time,
      modifiedAt: time,
      queuePosition: fc.option(time, { nil: undefined }),
      parent: fc.option(
        session.map((uri) => `a|${uri}`),
        { nil: undefined },
      ),
    })
    .map((changes) => aFleetAgent(changes));

  it("is the same whether kept up by differences or made anew, and says what became other", () => {
    const steps = fc.array(fc.tuple(anyAgent, fc.boolean()), { maxLength: 30 });
    const looks = fc.record({ grouping: fc.constantFrom(...GROUPINGS), sorting: fc.constantFrom(...SORTINGS) });
    const isShown = ({ modifiedAt }: FleetAgent) => modifiedAt !== 3;
    fc.assert(
      fc.property(steps, looks, (steps, look) => {
        const options = orderOptions({ ...look, isShown });
        const listed = new Map<string, FleetAgent>();
        const kept = new AgentOrder(options);
        const listsOf = (order: AgentOrder) => {
          const lists = order.groups.map(groupList).concat(Array.from(listed.keys()));
          return new Map(lists.map((list) => [list, order.keys(list, all).join()]));
        };
        for (const [one, isGone] of steps) {
          const before = listsOf(kept);
          const groups = kept.groups;
          if (isGone) listed.delete(one.key);
          else listed.set(one.key, one);
          const { isRootChanged, lists } = kept.update([one.key], (key) => listed.get(key));
          const anew = new AgentOrder(options);
          anew.update(listed.keys(), (key) => listed.get(key));
          expect(listsOf(kept)).toEqual(listsOf(anew));
          expect(kept.groups.map((id) => kept.tally(id))).toEqual(anew.groups.map((id) => anew.tally(id)));
          const shown = Array.from(listed.values()).filter(isShown).length;
          expect(kept.size).toBe(shown);
          if (groups.join() !== kept.groups.join()) expect(isRootChanged).toBe(true);
          for (const [list, keys] of listsOf(kept)) {
            if ((before.get(list) ?? "") !== keys) expect(Array.from(lists.keys()), list).toContain(list);
          }
        }
      }),
    );
  });
});

describe("the work of an update", () => {
  /** Places that are made, and comparisons with other rows, of 50 updates in a fleet of that size. */
  function workAt(size: number) {
    let compared = 0;
    let placed = 0;
    const options = orderOptions({ sorting: "activity" });
    const fleet = new Map<string, FleetAgent>();
    for (let index = 0; index < size; index++) {
      const attention = ATTENTIONS[index % ATTENTIONS.length] ?? "done";
      const one = agent(String(index), { attention, modifiedAt: index });
      fleet.set(one.key, one);
    }
    let isCounting = false;
    const order = new AgentOrder({
      ...options,
      placementOf: (agent) => {
        placed++;
        const placement = options.placementOf(agent);
        if (placement === undefined || !isCounting) return placement;
        // A comparison begins with the first part of both ranks.
        return { ...placement, rank: counted(placement.rank, () => compared++) };
      },
    });
    order.update(fleet.keys(), (key) => fleet.get(key));
    isCounting = true;
    placed = 0;
    for (let update = 0; update < 50; update++) {
      const key = agent(String((update * 7919) % size)).key;
      const before = fleet.get(key);
      if (before !== undefined) fleet.set(key, { ...before, modifiedAt: size + update });
      order.update([key], (other) => fleet.get(other));
    }
    return { placed, compared: compared / 50 };
  }

  it("grows with the update, not with the fleet", () => {
    const [ten, thousand, tenThousand] = [workAt(10), workAt(1000), workAt(10_000)];
    expect([ten.placed, thousand.placed, tenThousand.placed]).toEqual([50, 50, 50]);
    // A search halves what is left: ten times as many are three or four comparisons more.
    expect(tenThousand.compared).toBeLessThan(thousand.compared + 20);
    expect(tenThousand.compared).toBeLessThan(80);
  });
});

/** An array that tells of each look into it. */
function counted<T>(values: readonly T[], looked: () => void): readonly T[] {
  return new Proxy(values, {
    get(target, property, receiver) {
      if (property === "0") looked();
      return Reflect.get(target, property, receiver);
    },
  });
}
