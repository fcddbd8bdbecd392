import { beforeEach, describe, expect, it } from "vitest";
import type { CombineState, CoordinationState } from "../../../../src/protocol/coordinationReport.ts";
import { chatUri } from "../../../../src/protocol/uris.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import type { FakeWebviewPanel } from "../../../support/fakeWebviews.ts";
import { ann, aStage, at, bob, cat, channel, forecast, repository, run } from "./aStage.ts";

beforeEach(() => fakeVscode.reset());

async function opened(panel: FakeWebviewPanel | undefined): Promise<FakeWebviewPanel> {
  if (panel === undefined) throw new Error("no tab");
  panel.say({ kind: "ready" });
  await settle();
  return panel;
}

describe("where the agents of a repository meet", () => {
  async function shown(prepare?: (host: FakeHost) => void) {
    const stage = await aStage(prepare);
    await run("muster.agents.showOverlaps", at(ann));
    const panel = await opened(fakeVscode.webviews.panels[0]);
    return { ...stage, panel, state: () => (panel.last as { state: CoordinationState }).state };
  }

  it("is told in the order of merging, with what each may do, and follows the host", async () => {
    const { state, host, clock } = await shown();
    expect(state()).toMatchObject({ repository: "acme/widgets", isLoading: false, note: undefined });
    expect(state().agents.map(({ session, obstacle }) => [session, obstacle])).toEqual([
      [cat, "conflict"],
      [ann, undefined],
      [bob, "current"],
    ]);
    host.act(channel, {
      type: "x-fleet/conflictsChanged",
      branches: [],
      removed: [cat],
      pairs: [],
      mergeOrder: [bob, ann],
      at: "2026-01-01T00:00:01Z",
    });
    await clock.advance(250);
    expect(state().agents.map(({ session }) => session)).toEqual([bob, ann]);
  });

  it("tells how far the host is with its updates, and stops them on a click", async () => {
    const stops = [
      { session: ann, state: "updated" as const, commits: 2 },
      { session: cat, state: "refused" as const, message: "The same lines." },
      { session: bob, state: "waiting" as const },
    ];
    const train = { id: "t1", by: "me", stops, startedAt: "2026-01-01T00:00:00Z" };
    const { state, panel, host, clock } = await shown((each) => {
      each.put(channel, { ...forecast, train });
      each.answers["x-fleet/stopTrain"] = () => ({ result: {} });
    });
    expect(state().train).toEqual({ done: 2, count: 3 });
    panel.say({ kind: "stopTrain" });
    await settle();
    expect(host.heard.at(-1)).toMatchObject({ method: "x-fleet/stopTrain", params: { channel: ann } });
    const ended = { ...train, stops: stops.slice(0, 2), endedAt: "2026-01-01T00:00:01Z" };
    host.act(channel, { type: "x-fleet/trainChanged", train: ended });
    await clock.advance(250);
    expect(state().train).toBeUndefined();
    expect(state().agents.map(({ update }) => update)).toEqual([
      { state: "refused", message: "The same lines." },
      undefined,
      undefined,
    ]);
  });

  it("is empty before the first branch, and looks again when an agent has changed", async () => {
    const { state, host, clock } = await shown((each) => each.channels.delete(channel));
    expect(state()).toMatchObject({ isLoading: false, agents: [], note: undefined });
    host.put(channel, forecast);
    host.notify("root/sessionSummaryChanged", { channel: "ahp-root://", session: ann, changes: { title: "Renamed" } });
    await clock.advance(250);
    await clock.advance(250);
    expect(state().agents).toHaveLength(3);
  });

  it("stays as it was last when the host is away, and says so", async () => {
    const { state, host, clock } = await shown();
    host.dropAll();
    await settle();
    await clock.advance(250);
    expect(state()).toMatchObject({ agents: [{}, {}, {}], note: { hostId: "a" } });
  });

  it("shows the lines of a pair, writes what the person sends, and sends it to who does not have it", async () => {
    const { state, panel, host, clock, kept, presented } = await shown();
    panel.say({ kind: "choosePair", pair: { first: ann, second: bob } });
    await settle();
    expect(host.heard.findLast(({ method }) => method === "x-fleet/parts")?.params).toMatchObject({
      channel: ann,
      others: [bob],
      isShared: true,
    });
    expect(state().chosen).toMatchObject({ isLoading: false, files: [{ path: "a.ts" }] });
    panel.say({ kind: "write", text: null, to: [ann, bob] });
    expect(state().chosen?.draft?.text).toContain("In `a.ts`");
    panel.say({ kind: "write", text: "Mind each other.", to: [ann, bob] });
    const draft = { [`${ann} ${bob}`]: { text: "Mind each other.", to: [ann, bob] } };
    expect(Array.from(kept.values())).toEqual([{ chosen: { first: ann, second: bob }, drafts: draft }]);
    panel.say({ kind: "choosePair", pair: { first: cat, second: "" } });
    expect(state().chosen?.draft).toBeUndefined();
    panel.say({ kind: "choosePair", pair: { first: bob, second: ann } });
    expect(state().chosen?.draft?.text).toBe("Mind each other.");
    host.refuse = (action) => (JSON.stringify(action).includes("Mind") && host.log.length > 0 ? "No." : undefined);
    panel.say({ kind: "send" });
    await clock.advance(0);
    await settle();
    expect(presented).toHaveLength(1);
    expect(state().chosen?.draft).toMatchObject({ to: [bob], isSending: false });
    host.refuse = () => undefined;
    panel.say({ kind: "send" });
    await settle();
    expect(state().chosen?.draft).toBeUndefined();
    const sent = (session: string) => JSON.stringify(host.state(chatUri(session))).includes("Mind each other.");
    expect([sent(ann), sent(bob), sent(cat)]).toEqual([true, true, false]);
  });

  it("comes back with the window: the pair, and what was written to it", async () => {
    const stage = await aStage();
    const of = { hostId: "a", repository };
    const drafts = { [`${ann} ${bob}`]: { text: "Half a sen", to: [bob] } };
    stage.kept.set(`muster.overlaps a|${channel}`, { chosen: { first: ann, second: bob }, drafts });
    const panel = await opened(await fakeVscode.webviews.restore("muster.overlaps", "Overlaps", of));
    expect(panel.last).toMatchObject({ state: { chosen: { first: ann, draft: { text: "Half a sen" } } } });
    const strange = await fakeVscode.webviews.restore("muster.overlaps", "Overlaps", { hostId: 7 });
    expect(strange.isClosed).toBe(true);
    stage.coordination?.dispose();
    expect(panel.isClosed).toBe(true);
  });

  it("opens both sides of a pair in the editor's diff", async () => {
    const { panel } = await shown();
    panel.say({ kind: "choosePair", pair: { first: ann, second: bob } });
    await settle();
    panel.say({ kind: "compare" });
    await settle();
    const rows = [[`${bob} a.ts b`, `${ann} a.ts a`, `${bob} a.ts b`]];
    expect(fakeVscode.executed.at(-1)).toMatchObject({ command: "vscode.changes", args: [expect.any(String), rows] });
  });
});

describe("one branch of several agents' parts", () => {
  async function picking(answer: (params: Record<string, unknown>) => object) {
    const stage = await aStage((host) => {
      host.answers["x-fleet/combine"] = (params) => ({ result: answer(params) });
    });
    await run("muster.agent.combine", at(ann));
    const panel = await opened(fakeVscode.webviews.panels[0]);
    const asked = () =>
      stage.host.heard.filter(({ method }) => method === "x-fleet/combine").map(({ params }) => params);
    return { ...stage, panel, asked, state: () => (panel.last as { state: CombineState }).state };
  }
  const fits = { problems: [], files: 1, additions: 1, deletions: 1 };

  it("is offered of all attempts, checked after each pick, made on request and opened", async () => {
    const { panel, state, clock, asked, kept } = await picking(({ isPreview }) => ({
      ...fits,
      ...(isPreview === true && { patch: "+y" }),
    }));
    expect(state()).toMatchObject({
      of: { sessions: [ann, bob] },
      files: [{ path: "a.ts" }],
      sources: [{ index: 1 }, { index: 2 }],
    });
    panel.say({ kind: "pick", session: ann, path: "a.ts", pick: ["h"] });
    expect(state()).toMatchObject({ isChecking: true, files: [{ parts: [{ pick: ["h"] }, {}] }] });
    expect(kept.size).toBe(1);
    await clock.advance(300);
    expect(state()).toMatchObject({ isChecking: false, preview: { files: 1, patch: "+y" } });
    panel.say({ kind: "name", title: "The best" });
    panel.say({ kind: "create" });
    await settle();
    expect(asked().at(-1)).toMatchObject({
      channel: ann,
      session: "ahp-session:/new",
      base: "b",
      title: "The best",
      picks: [
        { session: ann, head: `head-${ann}`, files: [{ path: "a.ts", hunks: ["h"] }] },
        { session: bob, files: [] },
      ],
    });
    expect(asked().at(-1)).not.toHaveProperty("isPreview");
    expect(panel.isClosed).toBe(true);
    expect(Array.from(kept.values())).toEqual([undefined]);
    expect(fakeVscode.executed.at(-1)).toMatchObject({
      command: "muster.agent.open",
      args: [{ hostId: "a", session: "ahp-session:/new" }],
    });
  });

  it("says what does not fit, makes nothing of it, and keeps the picks", async () => {
    const problem = { path: "a.ts", session: bob, hunk: "h", message: "Same place." };
    const { panel, state, clock, asked, coordination, kept } = await picking(() => ({ ...fits, problems: [problem] }));
    panel.say({ kind: "pick", session: ann, path: "a.ts", pick: "whole" });
    panel.say({ kind: "pick", session: bob, path: "a.ts", pick: "whole" });
    await clock.advance(300);
    expect(state()).toMatchObject({ problems: [problem], preview: undefined });
    panel.say({ kind: "create" });
    await settle();
    expect(asked()).toHaveLength(1);
    coordination?.dispose();
    expect(JSON.stringify(Array.from(kept.values()))).toContain("whole");
  });

  it("needs two agents of one repository that have changed something", async () => {
    const { presented } = await aStage();
    await run("muster.agent.combine", at(cat));
    expect(presented).toMatchObject([{ code: "conflict" }]);
  });
});
