import { describe, expect, it } from "vitest";
import { compareOrders, orderAgents } from "../../../../src/extension/tree/agentGroups.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";

const agent = (id: string, changes: Parameters<typeof aFleetAgent>[0] = {}) =>
  aFleetAgent({ session: `ahp-session:/${id}`, ...changes });
const names = (keys: readonly string[] | undefined) => keys?.map((key) => key.slice(-1));

describe("the order of agents", () => {
  it("puts who waits longest first, and failures after those that wait", () => {
    const order = orderAgents([
      agent("1", { attention: "failed", modifiedAt: nowMs - 900_000 }),
      agent("2", { attention: "needsYou", need: "approval", modifiedAt: nowMs - 1000 }),
      agent("3", { attention: "needsYou", need: "approval", modifiedAt: nowMs - 5000 }),
    ]);
    expect(names(order.get("needsYou"))).toEqual(["3", "2", "1"]);
  });

  it("does not move a working agent when something happens to it", () => {
    const [one, two] = [agent("1", { createdAt: 2 }), agent("2", { createdAt: 1 })];
    const before = orderAgents([one, two]);
    const after = orderAgents([one, { ...two, modifiedAt: nowMs }]);
    expect(compareOrders(before, after)).toEqual({ isRootChanged: false, groups: [] });
  });

  it("queues by place", () => {
    const order = orderAgents([
      agent("1", { attention: "queued", queuePosition: 3 }),
      agent("2", { attention: "queued", queuePosition: 1 }),
    ]);
    expect(names(order.get("queued"))).toEqual(["2", "1"]);
  });

  it("tells the two groups between which an agent moved", () => {
    const stay = [agent("1"), agent("2", { attention: "review" })];
    const before = orderAgents([...stay, agent("3")]);
    const after = orderAgents([...stay, agent("3", { attention: "review" })]);
    expect(compareOrders(before, after)).toEqual({ isRootChanged: false, groups: ["working", "review"] });
  });

  it("tells that a group came or went", () => {
    expect(compareOrders(orderAgents([]), orderAgents([agent("1")])).isRootChanged).toBe(true);
    expect(orderAgents([agent("1")]).has("done")).toBe(false);
  });
});
