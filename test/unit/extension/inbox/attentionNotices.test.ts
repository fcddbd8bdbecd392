import { beforeEach, describe, expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import type { FleetAgent, FleetChange } from "../../../../src/extension/fleet/fleetAgent.ts";
import { AttentionNotices } from "../../../../src/extension/inbox/attentionNotices.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

function someNotices(level: "all" | "needsYou" | "off" = "needsYou", press?: string) {
  const clock = new FakeClock();
  const agents = new Map<string, FleetAgent>();
  const changed = new Emitter<FleetChange>((error) => {
    throw error;
  });
  const told: string[] = [];
  const shown = new Set<string>();
  const put = (id: string, changes: Partial<FleetAgent>) => {
    const agent = aFleetAgent({ session: `ahp-session:/${id}`, title: id, ...changes });
    const isKnown = agents.has(agent.key);
    agents.set(agent.key, agent);
    changed.fire({ added: isKnown ? [] : [agent.key], changed: isKnown ? [agent.key] : [], removed: [] });
    return agent;
  };
  const notices = new AttentionNotices({
    fleet: { agents, get: (key) => agents.get(key), onDidChange: changed.event },
    settings: { read: (() => level) as never },
    dialogs: {
      tell: async (text) => {
        told.push(text);
        return press;
      },
    },
    clock,
    isShown: ({ key }) => shown.has(key),
  });
  return { clock, put, told, shown, notices };
}

describe("notices", () => {
  beforeEach(() => fakeVscode.reset());

  it("tell when a working agent comes to need somebody, once", async () => {
    const { clock, put, told } = someNotices();
    put("Parser", {});
    put("Parser", { attention: "needsYou", need: "approval" });
    put("Parser", { attention: "needsYou", need: "approval", activity: "waiting" });
    await clock.advance(5000);
    expect(told).toEqual(['"Parser" asks for your approval.']);
  });

  it("are silent about what was so when it was first seen", async () => {
    const { clock, put, told } = someNotices();
    put("Parser", { attention: "needsYou", need: "approval" });
    await clock.advance(5000);
    expect(told).toEqual([]);
  });

  it("gather several agents into one", async () => {
    const { clock, put, told } = someNotices();
    for (const id of ["a", "b", "c"]) put(id, {});
    for (const id of ["a", "b", "c"]) put(id, { attention: "failed" });
    await clock.advance(5000);
    expect(told).toEqual(["3 agents need you."]);
  });

  it("leave out an agent that is looked at, or that has been answered meanwhile", async () => {
    const { clock, put, told, shown } = someNotices();
    put("a", {});
    put("b", {});
    shown.add(put("a", { attention: "needsYou", need: "question" }).key);
    put("b", { attention: "needsYou", need: "question" });
    put("b", {});
    await clock.advance(5000);
    expect(told).toEqual([]);
  });

  it("obey the level", async () => {
    for (const [level, expected] of [
      ["off", []],
      ["needsYou", []],
      ["all", ['"a" is ready for review.']],
    ] as const) {
      const { clock, put, told } = someNotices(level);
      put("a", {});
      put("a", { attention: "review" });
      await clock.advance(5000);
      expect(told, level).toEqual(expected);
    }
  });

  it("open the agent on a click", async () => {
    const { clock, put } = someNotices("needsYou", "Open");
    put("a", {});
    put("a", { attention: "failed" });
    await clock.advance(5000);
    expect(fakeVscode.executed).toEqual([
      { command: "muster.agent.open", args: [{ hostId: "a", session: "ahp-session:/a" }] },
    ]);
  });
});
