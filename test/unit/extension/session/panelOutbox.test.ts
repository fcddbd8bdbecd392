import { describe, expect, it } from "vitest";
import type { StateAction } from "../../../../src/protocol/actions.ts";
import { MAX_PUSH_CHARS, type PanelItem } from "../../../../src/protocol/panel.ts";
import { PanelOutbox } from "../../../../src/extension/session/panelOutbox.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

const facts = {
  hostName: "farm",
  connection: "live",
  heardAtMs: 0,
  problem: undefined,
  pullRequest: undefined,
  hasOlder: false,
  canShip: true,
  needsSignIn: false,
  changes: undefined,
} as const;
const terminal = (value: string) => ({
  title: "t",
  content: [{ type: "unclassified" as const, value }],
  claim: { kind: "client" as const, clientId: "c" },
});
const data = (text: string): StateAction => ({ type: "terminal/data", data: text });

function anOutbox(states: Record<string, string> = {}) {
  const clock = new FakeClock();
  const pushes: { seq: number; items: readonly PanelItem[] }[] = [];
  const outbox = new PanelOutbox(
    {
      facts: () => facts,
      snapshot: (uri) =>
        states[uri] === undefined
          ? undefined
          : { type: "snapshot", kind: "terminal", uri, state: terminal(states[uri]) },
    },
    (seq, items) => pushes.push({ seq, items }),
    clock,
  );
  const kinds = () =>
    pushes.map(({ items }) => items.map((item) => (item.type === "facts" ? "facts" : `${item.type} ${item.uri}`)));
  const acknowledge = () => outbox.acknowledge(pushes.at(-1)?.seq ?? 0);
  return { clock, pushes, outbox, kinds, acknowledge, states };
}

describe("the panel's outbox", () => {
  it("sends nothing to a page that has not asked", async () => {
    const { outbox, clock, pushes } = anOutbox({ a: "x" });
    outbox.addSnapshot("a");
    outbox.addFacts();
    await clock.advance(1000);
    expect(pushes).toEqual([]);
  });

  it("sends facts and snapshots when the page is ready", async () => {
    const { outbox, clock, kinds } = anOutbox({ a: "x", b: "y" });
    outbox.open();
    outbox.addSnapshot("a");
    outbox.addSnapshot("b");
    await clock.advance(0);
    expect(kinds()).toEqual([["facts", "snapshot a", "snapshot b"]]);
  });

  it("waits for the acknowledgement and 33 ms, and joins what came meanwhile", async () => {
    const { outbox, clock, pushes, acknowledge } = anOutbox();
    outbox.open();
    await clock.advance(0);
    for (const text of ["one ", "two ", "three"]) outbox.addActions("a", [data(text)]);
    await clock.advance(500);
    expect(pushes).toHaveLength(1);
    acknowledge();
    await clock.advance(0);
    expect(pushes[1]?.items).toEqual([{ type: "actions", uri: "a", actions: [data("one two three")] }]);
    acknowledge();
    outbox.addActions("a", [data("four")]);
    await clock.advance(32);
    expect(pushes).toHaveLength(2);
    await clock.advance(1);
    expect(pushes).toHaveLength(3);
  });

  it("joins deltas of the same part only", async () => {
    const { outbox, clock, pushes, acknowledge } = anOutbox();
    outbox.open();
    await clock.advance(0);
    acknowledge();
    const delta = (partId: string, content: string): StateAction => ({
      type: "chat/delta",
      turnId: "t",
      partId,
      content,
    });
    outbox.addActions("a", [delta("1", "x"), delta("1", "y"), delta("2", "z")]);
    await clock.advance(33);
    expect(pushes[1]?.items).toEqual([{ type: "actions", uri: "a", actions: [delta("1", "xy"), delta("2", "z")] }]);
  });

  it("takes the snapshot when it sends it, and leaves out actions that it holds", async () => {
    const { outbox, clock, pushes, states } = anOutbox({ a: "old" });
    outbox.open();
    outbox.addSnapshot("a");
    states["a"] = "new";
    outbox.addActions("a", [data("new")]);
    await clock.advance(0);
    expect(pushes[0]?.items.slice(1)).toEqual([
      { type: "snapshot", kind: "terminal", uri: "a", state: terminal("new") },
    ]);
  });

  it("gives a page that falls far behind a snapshot instead of a queue", async () => {
    const { outbox, clock, kinds, acknowledge } = anOutbox({ a: "all of it" });
    outbox.open();
    await clock.advance(0);
    for (let index = 0; index < 30; index++) outbox.addActions("a", [data("x".repeat(50_000))]);
    acknowledge();
    await clock.advance(33);
    expect(kinds()[1]).toEqual(["snapshot a"]);
  });

  it("splits what is more than one message", async () => {
    const size = Math.round(MAX_PUSH_CHARS * 0.4);
    const { outbox, clock, pushes, kinds, acknowledge } = anOutbox({
      a: "a".repeat(size),
      b: "b".repeat(size),
      c: "c".repeat(size),
    });
    outbox.open();
    for (const uri of ["a", "b", "c"]) outbox.addSnapshot(uri);
    await clock.advance(0);
    acknowledge();
    await clock.advance(33);
    expect(kinds()).toEqual([["facts", "snapshot a", "snapshot b"], ["snapshot c"]]);
    for (const { items } of pushes) expect(JSON.stringify(items).length).toBeLessThan(MAX_PUSH_CHARS * 1.01);
  });

  it("starts over when the page does, and ignores the acknowledgement of before", async () => {
    const { outbox, clock, pushes } = anOutbox({ a: "x" });
    outbox.open();
    await clock.advance(0);
    outbox.close();
    outbox.addActions("a", [data("lost on a hidden page")]);
    outbox.open();
    outbox.addSnapshot("a");
    await clock.advance(33);
    expect(pushes).toHaveLength(2);
    outbox.acknowledge(1);
    outbox.addFacts();
    await clock.advance(100);
    expect(pushes).toHaveLength(2);
    outbox.dispose();
    expect(clock.pending).toBe(0);
  });
});
