import { describe, expect, it } from "vitest";
import type { StateAction } from "../../../../src/protocol/actions.ts";
import { MAX_PUSH_CHARS, type PanelItem } from "../../../../src/protocol/panel.ts";
import { PanelOutbox } from "../../../../src/extension/session/panelOutbox.ts";
import { aSession } from "../../../support/aChat.ts";
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
  canSteer: false,
  methods: [],
  changes: undefined,
} as const;
const state = (title: string) => aSession({ title });
const data = (content: string): StateAction => ({ type: "chat/delta", turnId: "t", partId: "p", content });

function anOutbox(states: Record<string, string> = {}) {
  const clock = new FakeClock();
  const said: string[] = [];
  const pushes: { seq: number; items: readonly PanelItem[] }[] = [];
  const outbox = new PanelOutbox(
    {
      item: (key) => {
        if (key === "facts") return { type: "facts", facts };
        return states[key] === undefined
          ? undefined
          : { type: "snapshot", kind: "session", uri: key, state: state(states[key]) };
      },
      sent: () => said.push("sent"),
      shown: () => said.push("shown"),
    },
    (seq, items) => pushes.push({ seq, items }),
    clock,
  );
  const kinds = () =>
    pushes.map(({ items }) => items.map((item) => ("uri" in item ? `${item.type} ${item.uri}` : item.type)));
  const acknowledge = () => outbox.acknowledge(pushes.at(-1)?.seq ?? 0);
  const open = () => {
    outbox.open();
    outbox.add("facts");
  };
  return { clock, pushes, outbox, open, kinds, acknowledge, states, said };
}

describe("the panel's outbox", () => {
  it("sends nothing to a page that has not asked", async () => {
    const { outbox, clock, pushes } = anOutbox({ a: "x" });
    outbox.add("a");
    outbox.add("facts");
    await clock.advance(1000);
    expect(pushes).toEqual([]);
  });

  it("sends facts and snapshots when the page is ready", async () => {
    const { outbox, open, clock, kinds } = anOutbox({ a: "x", b: "y" });
    open();
    outbox.add("a");
    outbox.add("b");
    await clock.advance(0);
    expect(kinds()).toEqual([["facts", "snapshot a", "snapshot b"]]);
  });

  it("waits for the acknowledgement and 33 ms, and joins what came meanwhile", async () => {
    const { outbox, open, clock, pushes, acknowledge } = anOutbox();
    open();
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
    const { outbox, open, clock, pushes, acknowledge } = anOutbox();
    open();
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
    const { outbox, open, clock, pushes, states } = anOutbox({ a: "old" });
    open();
    outbox.add("a");
    states["a"] = "new";
    outbox.addActions("a", [data("new")]);
    await clock.advance(0);
    expect(pushes[0]?.items.slice(1)).toEqual([{ type: "snapshot", kind: "session", uri: "a", state: state("new") }]);
  });

  it("gives a page that falls far behind a snapshot instead of a queue", async () => {
    const { outbox, open, clock, kinds, acknowledge } = anOutbox({ a: "all of it" });
    open();
    await clock.advance(0);
    for (let index = 0; index < 30; index++) outbox.addActions("a", [data("x".repeat(50_000))]);
    acknowledge();
    await clock.advance(33);
    expect(kinds()[1]).toEqual(["snapshot a"]);
  });

  it("splits what is more than one message", async () => {
    const size = Math.round(MAX_PUSH_CHARS * 0.4);
    const { outbox, open, clock, pushes, kinds, acknowledge } = anOutbox({
      a: "a".repeat(size),
      b: "b".repeat(size),
      c: "c".repeat(size),
    });
    open();
    for (const uri of ["a", "b", "c"]) outbox.add(uri);
    await clock.advance(0);
    acknowledge();
    await clock.advance(33);
    expect(kinds()).toEqual([["facts", "snapshot a", "snapshot b"], ["snapshot c"]]);
    for (const { items } of pushes) expect(JSON.stringify(items).length).toBeLessThan(MAX_PUSH_CHARS * 1.01);
  });

  it("starts over when the page does, and ignores the acknowledgement of before", async () => {
    const { outbox, open, clock, pushes } = anOutbox({ a: "x" });
    open();
    await clock.advance(0);
    outbox.close();
    outbox.addActions("a", [data("lost on a hidden page")]);
    open();
    outbox.add("a");
    await clock.advance(33);
    expect(pushes).toHaveLength(2);
    outbox.acknowledge(1);
    outbox.add("facts");
    await clock.advance(100);
    expect(pushes).toHaveLength(2);
    outbox.dispose();
    expect(clock.pending).toBe(0);
  });

  it("says when the page is sent everything, and when it has that", async () => {
    const { open, outbox, clock, said, acknowledge } = anOutbox({
      a: "a".repeat(MAX_PUSH_CHARS),
      b: "b".repeat(MAX_PUSH_CHARS),
    });
    open();
    outbox.add("a");
    outbox.add("b");
    for (let push = 0; push < 3; push++) {
      await clock.advance(33);
      acknowledge();
    }
    expect(said).toEqual(["shown", "shown", "sent", "shown"]);
  });
});
