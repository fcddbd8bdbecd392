import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels, type CommittedAction } from "../../../../src/host/channels/channels.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";

const chat: ChatState = { resource: "c", title: "C", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [] };
const uri = "ahp-chat://default/Yw";
const origin = (clientSeq: number, clientId = "one") => ({ principal: "owner", clientId, clientSeq });
const draft = (text: string) => ({ type: "chat/draftChanged", draft: { text, origin: { kind: "user" } } }) as const;

function open(disk = memoryDisk()) {
  const log = new MemoryLog(new FakeClock(), disk);
  const channels = new Channels({ log, logger: silentLogger });
  const committed: CommittedAction[] = [];
  channels.onCommitted((batch) => committed.push(...batch));
  return { disk, log, channels, committed };
}

describe("channels", () => {
  it("publish an action only when it is on disk", async () => {
    const { log, channels, committed } = open();
    channels.create(uri, "chat", chat);
    channels.dispatch(uri, draft("x"), origin(1));
    expect(committed).toEqual([]);
    expect(channels.state("chat", uri)?.draft?.text).toBe("x");
    await log.flush();
    expect(committed).toMatchObject([{ seq: 2, channel: uri, kind: "chat", origin: origin(1) }]);
    expect(JSON.parse(committed[0]?.frame ?? "")).toEqual({
      jsonrpc: "2.0",
      method: "action",
      params: { channel: uri, action: draft("x"), serverSeq: 2, origin: { clientId: "one", clientSeq: 1 } },
    });
  });

  it("begin nothing while the host takes no work, and let everything else go on", async () => {
    const log = new MemoryLog(new FakeClock(), memoryDisk());
    let reason: string | undefined = "The disk is nearly full.";
    const channels = new Channels({ log, logger: silentLogger, refuseWork: () => reason });
    channels.create(uri, "chat", chat);
    const turn = { type: "chat/turnStarted", startedAt: "2026-01-02T00:00:00Z", message: draft("go").draft } as const;
    expect(channels.dispatch(uri, { ...turn, turnId: "t1" }, origin(1)).refused).toBe(reason);
    expect(channels.dispatch(uri, draft("kept"), origin(2)).refused).toBeUndefined();
    expect(() => channels.assertTakesWork()).toThrow("The disk is nearly full.");
    reason = undefined;
    expect(channels.dispatch(uri, { ...turn, turnId: "t1" }, origin(3)).refused).toBeUndefined();
    expect(() => channels.assertTakesWork()).not.toThrow();
  });

  it("show nothing that the log does not say: a member without a value is no member", async () => {
    const first = open();
    const session = "ahp-session:/s";
    const row = { resource: "c", title: "C", status: 8, modifiedAt: chat.modifiedAt, activity: "Edit a.ts" };
    const state = {
      provider: "p",
      title: "S",
      status: 1,
      lifecycle: "ready",
      chats: [row],
      activeClients: [],
    } as const;
    first.channels.create(session, "session", { ...state, chats: [row], activeClients: [] });
    const changes = { status: 1, activity: undefined };
    first.channels.dispatch(session, { type: "session/chatUpdated", chat: "c", changes });
    const shown = first.channels.state("session", session);
    await first.log.close();
    const again = open(first.disk);
    await again.channels.load(session);
    expect(again.channels.state("session", session)).toEqual(shown);
    expect(shown?.chats[0]).toHaveProperty("activity", "Edit a.ts");
  });

  it("fold to the same state after a restart, from records and from snapshots", async () => {
    const first = open();
    first.channels.create(uri, "chat", chat);
    first.channels.dispatch(uri, draft("one"), origin(1));
    first.channels.dispatch(uri, { type: "chat/turnCancelled", turnId: "none", duration: 0 }, origin(2));
    first.channels.saveSnapshots();
    first.channels.dispatch(
      uri,
      { type: "chat/turnStarted", turnId: "t", startedAt: "2026-01-02T00:00:00Z", message: draft("go").draft },
      origin(3),
    );
    await first.log.close();
    const again = open(first.disk);
    expect(await again.channels.load(uri)).toBe(true);
    expect(again.channels.state("chat", uri)).toEqual(first.channels.state("chat", uri));
    first.disk.snapshots.clear();
    await again.log.close();
    const bare = open(first.disk);
    await bare.channels.load(uri);
    expect(bare.channels.state("chat", uri)).toEqual(first.channels.state("chat", uri));
  });

  it("come into memory with those that belong to them, and never again once they are removed", async () => {
    const others = ["ahp-chat://default/b25l", "ahp-chat://default/dHdv"] as const;
    const first = open();
    for (const each of [uri, ...others]) first.channels.create(each, "chat", chat);
    await first.log.close();
    const { channels, log } = open(first.disk);
    channels.keepTogether((each) => (each === uri ? others : []));
    // Another reader is slower: what it finds was removed before it comes back with it.
    const slow = Promise.withResolvers<void>();
    const load = log.loadSnapshot.bind(log);
    log.loadSnapshot = async (channel) => (channel === uri ? slow.promise.then(() => load(channel)) : load(channel));
    const reading = channels.load(uri);
    await channels.load(others[0]);
    channels.remove(others[0]);
    expect([uri, ...others].map((each) => channels.isLoaded(each))).toEqual([false, false, false]);
    slow.resolve();
    expect(await reading).toBe(true);
    expect([uri, ...others].map((each) => channels.isLoaded(each))).toEqual([true, false, true]);
    expect(await channels.load(others[0])).toBe(false);
  });

  it("keep nothing of what is typed into a terminal, and let those see it who watch", async () => {
    const terminal = "ahp-terminal:/s/1";
    const { channels, committed, log, disk } = open();
    const claim = { kind: "session", session: "ahp-session:/s" } as const;
    const lifecycle = { status: "running" } as const;
    channels.create(terminal, "terminal", { title: "bash", content: [], claim, lifecycle, isPty: true });
    const typed = { type: "terminal/input", data: "hunter2", note: "hunter2" } as const;
    const { seq } = channels.dispatch(terminal, typed, origin(1));
    channels.dispatch("ahp-terminal:/s/none", { ...typed }, origin(2));
    await log.flush();
    expect(committed[0]?.frame).toContain('"data":"hunter2"');
    expect(committed[0]?.action).toEqual(typed);
    expect(JSON.stringify(disk.records)).not.toContain("hunter2");
    expect(disk.records[1]?.body).toContain('"type":"terminal/input"');
    const replayed = channels.window.since(seq - 1, new Set([terminal]));
    expect(replayed).toMatchObject([{ seq, channel: terminal }]);
    expect(JSON.parse(replayed?.[0]?.frame ?? "").params).toMatchObject({
      action: { type: "terminal/input", data: "" },
      serverSeq: seq,
      origin: { clientId: "one", clientSeq: 1 },
    });
    expect(channels.dispatch(terminal, typed, origin(1))).toEqual({ seq, isRepeat: true });
  });

  it("do nothing twice, also when the repeat comes after a restart", async () => {
    const first = open();
    first.channels.create(uri, "chat", chat);
    const { seq } = first.channels.dispatch(uri, draft("x"), origin(1));
    expect(first.channels.dispatch(uri, draft("x"), origin(1))).toEqual({ seq, isRepeat: true });
    await first.log.close();
    const again = open(first.disk);
    await again.channels.recover();
    await again.channels.load(uri);
    expect(again.channels.dispatch(uri, draft("x"), origin(1))).toEqual({ seq, isRepeat: true });
    expect(again.channels.dispatch(uri, draft("x"), origin(1, "two")).isRepeat).toBeUndefined();
    expect(again.channels.dispatch(uri, draft("y"), origin(1)).isRepeat).toBeUndefined();
    expect(again.channels.dispatch(uri, draft("y"), origin(0)).isRepeat).toBeUndefined();
    expect(again.channels.dispatch(uri, draft("y"), origin(0)).isRepeat).toBeUndefined();
  });

  it("keep a refusal for the audit and fold it never", async () => {
    const { disk, log, channels, committed } = open();
    channels.create(uri, "chat", chat);
    const spoofed = { type: "chat/usage", turnId: "t", usage: {} } as const;
    expect(channels.dispatch(uri, spoofed, origin(1)).refused).toBe("Only the host may do this.");
    await log.flush();
    expect(committed).toMatchObject([{ refused: "Only the host may do this." }]);
    expect(channels.state("chat", uri)).toBe(chat);
    expect(disk.records.at(-1)?.body).toContain('"refused":"Only the host may do this."');
  });

  it("are gone after they were removed, and their records stay", async () => {
    const { disk, log, channels } = open();
    channels.create(uri, "chat", chat);
    channels.remove(uri);
    await log.flush();
    expect(await channels.load(uri)).toBe(false);
    expect(disk.records).toHaveLength(2);
  });

  it("store a snapshot whenever the records since the last one outgrow it", async () => {
    const { disk, log, channels } = open();
    channels.create(uri, "chat", chat);
    for (let count = 1; count <= 40; count += 1) channels.dispatch(uri, draft("x".repeat(4_000)), origin(count));
    await log.flush();
    const stored = disk.snapshots.get(uri);
    expect(stored?.seq).toBeGreaterThan(10);
    expect(JSON.parse(stored?.state ?? "{}")).toMatchObject({
      kind: "chat",
      state: { draft: { text: "x".repeat(4_000) } },
    });
  });
});
