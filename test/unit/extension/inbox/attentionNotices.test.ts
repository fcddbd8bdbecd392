import { beforeEach, describe, expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import type { FleetAgent, FleetChange } from "../../../../src/extension/fleet/fleetAgent.ts";
import { AttentionNotices } from "../../../../src/extension/inbox/attentionNotices.ts";
import { NoticeLease } from "../../../../src/extension/inbox/noticeLease.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";
import { asks, FakeState } from "../../../support/anInbox.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

const fail = (error: unknown) => {
  throw error;
};

/** Agents that every window sees. */
class FakeAgents {
  readonly agents = new Map<string, FleetAgent>();
  readonly #changed = new Emitter<FleetChange>(fail);
  readonly onDidChange = this.#changed.event;
  readonly get = (key: string) => this.agents.get(key);

  put(id: string, changes: Partial<FleetAgent>): FleetAgent {
    const agent = aFleetAgent({ session: `ahp-session:/${id}`, title: id, ...changes });
    const isKnown = this.agents.has(agent.key);
    this.agents.set(agent.key, agent);
    this.#changed.fire({ added: isKnown ? [] : [agent.key], changed: isKnown ? [agent.key] : [], removed: [] });
    return agent;
  }
}

interface WindowOptions {
  readonly level?: "all" | "needsYou" | "off";
  readonly press?: string;
  readonly fleet?: FakeAgents;
  readonly state?: FakeState;
  readonly clock?: FakeClock;
  readonly id?: string;
}

/** One window. */
function aWindow(options: WindowOptions = {}) {
  const { level = "needsYou", press, fleet = new FakeAgents(), id = "one" } = options;
  const { clock = new FakeClock(), state = new FakeState() } = options;
  const told: string[] = [];
  const standing: string[] = [];
  const shown = new Set<string>();
  const snoozed = new Set<string>();
  const focused = new Emitter<void>(fail);
  let isFocused = false;
  const lease = new NoticeLease({
    state,
    windowId: id,
    isFocused: () => isFocused,
    onDidFocus: focused.event,
    clock,
    random: () => (id === "one" ? 0 : 0.5),
  });
  const notices = new AttentionNotices({
    fleet,
    settings: { read: (() => level) as never },
    dialogs: {
      tell: async (text) => {
        told.push(text);
        return press;
      },
      stand: (text) => {
        told.push(text);
        standing.push(text);
        return { show: (next) => void standing.splice(-1, 1, next), dispose: () => void standing.splice(-1, 1) };
      },
    },
    clock,
    snoozes: { has: ({ key }) => snoozed.has(key) },
    lease,
    isShown: ({ key }) => shown.has(key),
  });
  const focus = (now: boolean) => {
    isFocused = now;
    if (now) focused.fire();
  };
  const close = () => {
    notices.dispose();
    lease.dispose();
  };
  return { clock, fleet, state, put: fleet.put.bind(fleet), told, standing, shown, snoozed, focus, close };
}

const asking = { attention: "needsYou", need: "approval", requests: [asks("x", "ls")] } as const;

describe("notices", () => {
  beforeEach(() => fakeVscode.reset());

  it("tell when a working agent comes to need somebody, once", async () => {
    const { clock, put, told } = aWindow();
    put("Parser", {});
    put("Parser", asking);
    put("Parser", { ...asking, activity: "waiting" });
    await clock.advance(5000);
    expect(told).toEqual(['"Parser" asks for your approval.']);
  });

  it("are silent about what was so when it was first seen", async () => {
    const { clock, put, told } = aWindow();
    put("Parser", asking);
    await clock.advance(5000);
    expect(told).toEqual([]);
  });

  it("gather several agents into one", async () => {
    const { clock, put, told } = aWindow();
    for (const id of ["a", "b", "c"]) put(id, {});
    for (const id of ["a", "b", "c"]) put(id, { attention: "failed" });
    await clock.advance(5000);
    expect(told).toEqual(["3 agents need you."]);
  });

  it("that stand are short enough for one line with the way to answer", async () => {
    const { clock, put, standing } = aWindow();
    put("a", {});
    put("a", { ...asking, title: "Tidy up the build output, but ask before deleting anything" });
    await clock.advance(5000);
    expect(standing).toEqual([expect.stringMatching(/^"Tidy up the build output.*" asks for your approval\.$/)]);
    expect(standing[0]?.length).toBeLessThan(60);
  });

  it("go away with the answer, and take in who comes to wait meanwhile", async () => {
    const { clock, put, told, standing } = aWindow();
    for (const id of ["a", "b"]) put(id, {});
    put("a", asking);
    await clock.advance(5000);
    put("b", { ...asking, need: "question" });
    await clock.advance(5000);
    expect(standing).toEqual(["2 agents need you."]);
    put("a", {});
    expect(standing).toEqual(['"b" asks you a question.']);
    put("b", {});
    expect(standing).toEqual([]);
    expect(told).toEqual(['"a" asks for your approval.', "2 agents need you."]);
  });

  it("leave out an agent that is looked at, put off, or answered meanwhile", async () => {
    const { clock, put, told, shown, snoozed } = aWindow();
    for (const id of ["a", "b", "c"]) put(id, {});
    shown.add(put("a", asking).key);
    snoozed.add(put("b", asking).key);
    put("c", asking);
    put("c", {});
    await clock.advance(5000);
    expect(told).toEqual([]);
  });

  it("obey the level", async () => {
    for (const [level, expected] of [
      ["off", []],
      ["needsYou", []],
      ["all", ['"a" is ready for review.']],
    ] as const) {
      const { clock, put, told } = aWindow({ level });
      put("a", {});
      put("a", { attention: "review" });
      await clock.advance(5000);
      expect(told, level).toEqual(expected);
    }
  });

  it("open the agent on a click, or the inbox when there are several", async () => {
    const one = aWindow({ press: "Open" });
    one.put("a", {});
    one.put("a", { attention: "failed" });
    await one.clock.advance(5000);
    const two = aWindow({ press: "Open Inbox" });
    for (const id of ["a", "b"]) two.put(id, {});
    for (const id of ["a", "b"]) two.put(id, { attention: "failed" });
    await two.clock.advance(5000);
    expect(fakeVscode.executed).toEqual([
      { command: "muster.agent.open", args: [{ hostId: "a", session: "ahp-session:/a" }] },
      { command: "muster.inbox.open", args: [] },
    ]);
  });
});

describe("of several windows", () => {
  function twoWindows() {
    const shared = { fleet: new FakeAgents(), state: new FakeState(), clock: new FakeClock() };
    const one = aWindow({ ...shared, id: "one" });
    const two = aWindow({ ...shared, id: "two" });
    const agents = { ...asking, requests: [asks("x", "ls")] };
    return { ...shared, one, two, agents };
  }

  it("the one in front tells", async () => {
    const { fleet, clock, one, two, agents } = twoWindows();
    one.focus(true);
    one.focus(false);
    two.focus(true);
    fleet.put("a", {});
    fleet.put("a", agents);
    await clock.advance(10_000);
    expect([one.told, two.told]).toEqual([[], ['"a" asks for your approval.']]);
  });

  it("the one that was in front last tells while the person is elsewhere", async () => {
    const { fleet, clock, one, two, agents } = twoWindows();
    two.focus(true);
    two.focus(false);
    fleet.put("a", {});
    fleet.put("a", agents);
    await clock.advance(10_000);
    expect([one.told, two.told]).toEqual([[], ['"a" asks for your approval.']]);
  });

  it("another tells when that one is gone, and from then on at once", async () => {
    const { fleet, clock, one, two, agents } = twoWindows();
    two.focus(true);
    two.focus(false);
    two.close();
    fleet.put("a", {});
    fleet.put("a", agents);
    await clock.advance(1600);
    expect(one.told).toEqual([]);
    await clock.advance(5000);
    expect(one.told).toEqual(['"a" asks for your approval.']);
    fleet.put("b", {});
    fleet.put("b", { attention: "failed" });
    await clock.advance(1600);
    expect(one.told).toHaveLength(2);
  });

  it("none tells what was answered while it left the telling to another", async () => {
    const { fleet, clock, one, two, agents } = twoWindows();
    two.focus(true);
    two.focus(false);
    two.close();
    fleet.put("a", {});
    fleet.put("a", agents);
    await clock.advance(1600);
    fleet.put("a", {});
    await clock.advance(5000);
    expect(one.told).toEqual([]);
  });
});
