import { describe, expect, it } from "vitest";
import { AgentsViewSettings } from "../../../../src/extension/tree/agentsViewSettings.ts";
import { FakeMemento } from "../ship/memento.ts";

const fail = (error: unknown) => {
  throw error;
};
const open = (memories: { global: FakeMemento; workspace: FakeMemento }) => new AgentsViewSettings(memories, fail);

describe("how a person looks at the agents", () => {
  it("is remembered: layout and pins everywhere, the filter where it was set", async () => {
    const global = new FakeMemento();
    const here = open({ global, workspace: new FakeMemento() });
    await here.setLayout({ grouping: "host" });
    await here.setLayout({ sorting: "cost", showsArchived: true });
    await here.pin(["a|1"], true);
    const workspace = new FakeMemento();
    const filtered = open({ global, workspace });
    expect(filtered.layout).toEqual({ grouping: "host", sorting: "cost", showsArchived: true });
    expect(filtered.isPinned("a|1")).toBe(true);
    await filtered.setFilter({ text: "x", states: ["failed"], isUnread: true });
    expect(open({ global, workspace }).filter.states).toEqual(["failed"]);
    expect(open({ global, workspace: new FakeMemento() }).filter.text).toBe("");
  });

  it("does not keep a filter that was only tried", async () => {
    const memories = { global: new FakeMemento(), workspace: new FakeMemento() };
    await open(memories).setFilter({ text: "tried", states: [], isUnread: false }, { keep: false });
    expect(open(memories).filter.text).toBe("");
  });

  it("does not lose what another window pinned meanwhile", async () => {
    const memories = { global: new FakeMemento(), workspace: new FakeMemento() };
    const [one, other] = [open(memories), open(memories)];
    await one.pin(["a|1", "a|2"], true);
    await other.pin(["a|3"], true);
    await one.pin(["a|1"], false);
    const later = open(memories);
    expect(["a|1", "a|2", "a|3"].map((key) => later.isPinned(key))).toEqual([false, true, true]);
  });

  it("falls back where something else is stored", () => {
    const global = new FakeMemento();
    global.values.set("muster.agents.layout", '{"grouping":"moon"}');
    global.values.set("muster.agents.pins", "7");
    expect(open({ global, workspace: new FakeMemento() }).layout.grouping).toBe("attention");
  });
});
