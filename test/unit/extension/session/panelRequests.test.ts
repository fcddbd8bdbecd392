import { describe, expect, it } from "vitest";
import { aChat, anActiveTurn, aTurn, chat, markdown, pendingCall, session, toolPart } from "../../../support/aChat.ts";
import { aPanel, fleet, terminal } from "../../../support/aPanel.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";

describe("what a page asks for", () => {
  it("saves and copies a log with the names of what printed it, without its colours", async () => {
    const { ask, asked, host, clock } = await aPanel();
    await ask("ready");
    await ask("followLog", { log: "all" });
    host.act(terminal, { type: "terminal/data", data: "\u001b[31mred\u001b[0m\n" });
    await clock.advance(100);
    await ask("saveLog", { log: "all" });
    await ask("copyLog", { log: "all", from: 2, to: 3 });
    expect(asked).toEqual([
      ["save", "fix-the-parser.log", "── npm test\nok\nred\n"],
      ["copy", "red\n"],
    ]);
    expect(await ask("locateLog", { terminal })).toEqual({ row: 0 });
    expect(await ask("findLog", { log: "all", text: "RED", matchCase: false, from: 0, direction: 0 })).toMatchObject({
      row: 2,
    });
  });

  it("goes on with a log on the new connection of a host that was configured anew", async () => {
    const { ask, items, host, clock, registry } = await aPanel();
    await ask("ready");
    await ask("followLog", { log: "all" });
    await registry.edit("a", { name: "a", url: "wss://a.example/again", token: "other" });
    await clock.advance(1_000);
    host.act(terminal, { type: "terminal/data", data: "after\n" });
    await clock.advance(1_000);
    const log = items().findLast(({ type }) => type === "log");
    expect(log).toMatchObject({ rows: 3, isReading: false });
    const last = { kind: "line", number: 2, spans: [{ text: "after", style: {} }] };
    expect(await ask("readLog", { log: "all", from: 2, to: 3 })).toMatchObject({ rows: [last] });
  });

  it("asks the host for turns that it kept back", async () => {
    const older = aTurn("t0", [markdown("before")]);
    const { ask, page, host } = await aPanel((host) => {
      host.put(chat, aChat({ turns: [aTurn("t1")], turnsNextCursor: "c1" }));
      host.answers["fetchTurns"] = () => {
        host.act(chat, { type: "chat/turnsLoaded", turns: [older] });
        return { result: {} };
      };
    });
    await ask("ready");
    const subscribed = host.heard.find(({ method, params }) => method === "subscribe" && params["channel"] === chat);
    expect(subscribed?.params["view"]).toEqual({ turns: 60 });
    expect(page.facts.value?.hasOlder).toBe(true);
    await ask("loadOlder");
    expect(page.chat.value?.turns.map(({ id }) => id)).toEqual(["t0", "t1"]);
    expect(page.facts.value?.hasOlder).toBe(false);
  });

  it("edits, moves and takes back what waits, and says when the agent has it already", async () => {
    const message = (text: string) => ({ text, origin: { kind: "user" } });
    const { ask, host } = await aPanel((host) =>
      host.put(
        chat,
        aChat({
          activeTurn: anActiveTurn("t1"),
          queuedMessages: ["a", "b", "c"].map((id) => ({ id, message: message(id) })),
        }),
      ),
    );
    await ask("ready");
    await ask("editQueued", { id: "b", text: "better" });
    await ask("advanceQueued", { id: "c" });
    await ask("removeQueued", { id: "a" });
    expect(host.state(chat)).toMatchObject({
      queuedMessages: [
        { id: "c", message: { text: "c" } },
        { id: "b", message: { text: "better" } },
      ],
    });
    await expect(ask("editQueued", { id: "a", text: "x" })).rejects.toThrow("waits no more");
  });

  it("steers an agent on hosts that let it, and says so on those that do not", async () => {
    const prepare = (host: FakeHost) => host.put(chat, aChat({ activeTurn: anActiveTurn("t1") }));
    const ours = await aPanel(prepare);
    await ours.ask("ready");
    expect(ours.page.facts.value?.canSteer).toBe(false);
    await expect(ours.ask("steer", { text: "left" })).rejects.toThrow("cannot tell an agent");
    const other = await aPanel((host) => {
      host.fleet = false;
      prepare(host);
    });
    await other.ask("ready");
    expect(other.page.facts.value?.canSteer).toBe(true);
    await other.ask("steer", { text: "left" });
    expect(other.host.state(chat)).toMatchObject({ steeringMessage: { message: { text: "left" } } });
  });

  it("says with an answer what the person had been shown", async () => {
    const { ask, host, bridge, posted, clock } = await aPanel((host) =>
      host.put(chat, aChat({ activeTurn: anActiveTurn("t1", [toolPart(pendingCall("make"))]) })),
    );
    await ask("ready");
    host.act(chat, { type: "chat/activityChanged", activity: "Waits" });
    await clock.advance(100);
    const shown = host.serverSeq;
    // The page is hidden: it is sent no more.
    bridge.pause();
    host.act(chat, { type: "chat/activityChanged", activity: "Waits still" });
    bridge.receive({
      nonce: "n",
      kind: "request",
      id: 99,
      method: "approve",
      params: { turnId: "t1", toolCallId: "call-1" },
    });
    await clock.advance(100);
    expect(posted.at(-1)).toMatchObject({ id: 99, kind: "response" });
    const sent = host.heard.findLast(({ method }) => method === "dispatchAction");
    expect(sent?.params["_meta"]).toEqual({ muster: { seenSeq: shown } });
  });

  it("shows pictures of the host that the conversation names, and nothing else", async () => {
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]).toString("base64");
    const ref = (uri: string) => ({ kind: "contentRef" as const, uri, contentType: "image/png" });
    const uris = ["x-fleet-blob:/s1/1", "x-fleet-blob:/s1/2", "https://tracker.example/a.png"];
    const { ask, host } = await aPanel((host) => {
      host.put(chat, aChat({ turns: [aTurn("t1", uris.map(ref))] }));
      host.answers["resourceRead"] = ({ uri }) => ({
        result: {
          data: uri === uris[0] ? png : Buffer.from("<svg onload='x'/>").toString("base64"),
          encoding: "base64",
        },
      });
    });
    await ask("ready");
    expect(await ask("readImage", { uri: uris[0] })).toEqual({ url: `data:image/png;base64,${png}` });
    await expect(ask("readImage", { uri: uris[1] })).rejects.toThrow("no picture of a kind");
    await expect(ask("readImage", { uri: uris[2] })).rejects.toThrow("host only");
    await expect(ask("readImage", { uri: "file:///etc/passwd" })).rejects.toThrow("not one of this agent's");
    expect(host.heard.filter(({ method }) => method === "resourceRead")).toHaveLength(2);
  });

  it("shows what a file's lines were and are", async () => {
    const { ask } = await aPanel();
    await ask("ready");
    const lines = [
      { kind: " ", text: "a" },
      { kind: "-", text: "b" },
      { kind: "+", text: "c" },
    ];
    expect(await ask("readDiff", { fileId: "f1" })).toMatchObject({ hunks: [{ before: 1, after: 1, lines }] });
    await expect(ask("readDiff", { fileId: "f9" })).rejects.toThrow("not among");
    await expect(ask("readEdit", { toolCallId: "call-2", index: 0 })).rejects.toThrow("not among");
  });

  it("tells the timeline only while somebody looks at it", async () => {
    const { ask, items, host, clock } = await aPanel();
    await ask("ready");
    host.act(fleet, { type: "x-fleet/budgetSet", usd: 5 });
    await clock.advance(1_000);
    expect(items().some(({ type }) => type === "timeline")).toBe(false);
    await ask("followTimeline");
    expect(items().at(-1)).toMatchObject({
      type: "timeline",
      entries: [{ title: "Prompt t1" }, { title: "Launched" }],
    });
    const before = items().length;
    const push = { branch: "agent/x", commit: "c".repeat(40), at: "2026-01-02T00:00:00Z" };
    for (let index = 0; index < 20; index++) host.act(fleet, { type: "x-fleet/pushed", ...push });
    await clock.advance(1_000);
    const told = items()
      .slice(before)
      .filter(({ type }) => type === "timeline");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ entries: [{ title: "Pushed agent/x" }, {}, {}] });
  });
});

describe("going back", () => {
  const withCheckpoints = (host: FakeHost) => {
    host.methods = ["x-fleet/checkpoint", "x-fleet/restore", "x-fleet/fork", "x-fleet/compare"];
    for (const method of host.methods) host.answers[method] = () => ({ result: answersOf[method] });
  };
  const checkpoint = {
    id: "3",
    turnId: "",
    commit: "c",
    tree: "t",
    createdAt: "",
    files: 0,
    additions: 0,
    deletions: 0,
  };
  const answersOf: Record<string, object> = {
    "x-fleet/checkpoint": { checkpoint },
    "x-fleet/restore": { checkpoint, safety: "4" },
    "x-fleet/fork": { checkpoint: "3", conversation: "none", message: "" },
  };

  it("is asked about, and stops a turn only when that was said", async () => {
    const { ask, asked, answers, host } = await aPanel((host) => {
      withCheckpoints(host);
      host.put(chat, aChat({ activeTurn: anActiveTurn("t1") }));
    });
    await ask("ready");
    answers.confirm = false;
    await ask("restore", { checkpoint: "3" });
    expect(host.heard.some(({ method }) => method === "x-fleet/restore")).toBe(false);
    answers.confirm = true;
    await ask("restore", { checkpoint: "3" });
    const question = ["confirmRestore", "3", true];
    expect(asked).toEqual([question, question]);
    expect(host.heard.findLast(({ method }) => method === "x-fleet/restore")?.params).toMatchObject({
      channel: session,
      checkpoint: "3",
      cancelTurn: true,
    });
  });

  it("asks in the editor what a fork is to do, and compares there", async () => {
    const { ask, asked } = await aPanel(withCheckpoints);
    await ask("ready");
    await ask("checkpoint");
    await ask("fork", { checkpoint: "3" });
    await ask("compare", { from: "0", to: "3" });
    expect(asked).toEqual([
      ["fork", { hostId: "a", session }, "3"],
      ["compare", { hostId: "a", session }, "0", "3"],
    ]);
  });

  it("is refused on hosts that keep no checkpoints, and without a connection", async () => {
    const { ask, host, clock, page } = await aPanel();
    await ask("ready");
    expect(page.facts.value?.methods).toEqual([]);
    await expect(ask("restore", { checkpoint: "3" })).rejects.toThrow("does not offer");
    host.dropAll();
    await clock.advance(10);
    await expect(ask("fork", { checkpoint: "3" })).rejects.toThrow("no connection");
  });
});
