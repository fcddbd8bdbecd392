import { describe, expect, it } from "vitest";
import { aChat, aTurn, chat } from "../../support/aChat.ts";
import { ClientOnFakeHost } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

const started = {
  type: "chat/turnStarted",
  turnId: "t1",
  startedAt: "2026-01-01T00:00:00Z",
  message: { text: "go", origin: { kind: "user" } },
} as const;
const part = {
  type: "chat/responsePart",
  turnId: "t1",
  part: { kind: "markdown", id: "p1", content: "Hello" },
} as const;

async function onChat(protocolVersion: string) {
  const scene = new ClientOnFakeHost();
  scene.host.protocolVersion = protocolVersion;
  scene.host.put(chat, aChat());
  await scene.live();
  const handle = scene.client.subscribe("chat", chat);
  await settle();
  return { scene, handle };
}

describe("the version of a connection", () => {
  it("is one of those that are offered, the latest first", async () => {
    const scene = await new ClientOnFakeHost().live();
    const { params } = scene.host.heard.find(({ method }) => method === "initialize")!;
    expect(params["protocolVersions"]).toEqual(["1.1.0", "1.0.0", "0.9.0"]);
  });

  it.each(["2.0.0", "1.2.0", "0.9.1", "0.8.0", "", "latest"])("is not %j, which nobody offered", async (version) => {
    const scene = new ClientOnFakeHost();
    scene.host.protocolVersion = version;
    await scene.live();
    expect(scene.client.state).toMatchObject({ kind: "refused", error: { code: "host.incompatible" } });
    expect(scene.client.state).toHaveProperty("error.message", expect.stringMatching(/Update the older of the two\.$/));
  });

  it.each([
    ["1.1.0", 1],
    ["1.0.0", 1],
    ["0.9.0", 0],
  ])("%s decides what a repeated start of a turn means", async (version, parts) => {
    const { scene, handle } = await onChat(version);
    for (const action of [started, part, started]) {
      scene.host.notify("action", { channel: chat, action, serverSeq: ++scene.host.serverSeq });
    }
    await settle();
    expect(handle.state?.activeTurn?.responseParts).toHaveLength(parts);
  });

  it("may be another one after a host was updated", async () => {
    const { scene, handle } = await onChat("0.9.0");
    scene.host.restart();
    scene.host.protocolVersion = "1.0.0";
    await scene.retried();
    expect(scene.client.hostInfo?.protocolVersion).toBe("1.0.0");
    for (const action of [started, part, started]) {
      scene.host.notify("action", { channel: chat, action, serverSeq: ++scene.host.serverSeq });
    }
    await settle();
    expect(handle.state?.activeTurn?.responseParts).toHaveLength(1);
  });
});

describe("a host of an earlier version", () => {
  const error = { errorType: "query", message: "Out of tokens" };
  const failed = { type: "chat/error", turnId: "t1", duration: 5, error };

  it("tells how a turn failed beside the turn", async () => {
    const { scene, handle } = await onChat("0.9.0");
    for (const action of [started, failed]) {
      scene.host.notify("action", { channel: chat, action, serverSeq: ++scene.host.serverSeq });
    }
    await settle();
    expect(handle.state?.turns[0]?.responseParts).toEqual([{ kind: "error", error }]);
  });

  it("tells so in a replay too", async () => {
    const { scene, handle } = await onChat("0.9.0");
    scene.host.dropAll();
    await settle();
    const actions = [started, failed].map((action) => ({ channel: chat, action, serverSeq: ++scene.host.serverSeq }));
    scene.host.answers["reconnect"] = () => ({ result: { type: "replay", actions } });
    await scene.retried();
    expect(handle.state?.turns[0]?.responseParts).toEqual([{ kind: "error", error }]);
  });

  it("tells so in a snapshot too", async () => {
    const scene = new ClientOnFakeHost();
    const turn = { ...aTurn("t1", [], { state: "error" }), error };
    scene.host.put(chat, aChat({ turns: [turn] }));
    await scene.live();
    const state = await scene.client.subscribe("chat", chat).ready;
    expect(state.turns[0]?.responseParts).toEqual([{ kind: "error", error }]);
  });

  it("names what it wants credentials for by URL alone", async () => {
    const scene = await new ClientOnFakeHost().live();
    const wanted: unknown[] = [];
    scene.client.onDidRequireAuth((event) => wanted.push(event));
    scene.host.notify("auth/required", { channel: "ahp-root://", resource: "https://github.com" });
    scene.host.notify("auth/required", { channel: "ahp-root://", resource: 7 });
    await settle();
    expect(wanted).toEqual([{ resource: "https://github.com", scopes: [], reason: undefined }]);
  });
});

describe("messages", () => {
  it.each([
    ["root/progress", { channel: "ahp-root://", progressToken: "p", progress: 1, total: 2 }],
    ["otlp/exportLogs", { channel: "ahp-otlp://logs/info", payload: {} }],
    ["vendor/somethingElse", { channel: "ahp-root://" }],
  ])("that are only for show pass by", async (method, params) => {
    const on = await onChat("0.9.0");
    const { status, state } = on.handle;
    on.scene.host.notify(method, params);
    on.scene.host.notify(method, params);
    await settle();
    expect(on.handle).toMatchObject({ status, state });
    expect(on.scene.client.state.kind).toBe("live");
    expect(on.scene.host.heard.at(-1)?.method).toBe("subscribe");
  });
});

describe("a host that sends what cannot be read", () => {
  const broken = { type: "chat/turnStarted", turnId: 7 };

  async function break_({ scene }: Awaited<ReturnType<typeof onChat>>, more: object = {}) {
    scene.host.notify("action", { channel: chat, action: broken, serverSeq: ++scene.host.serverSeq, ...more });
    await settle();
  }
  const loads = ({ host }: ClientOnFakeHost) => host.heard.filter(({ method }) => method === "subscribe").length;

  it("is asked for a fresh snapshot of that channel", async () => {
    const on = await onChat("0.9.0");
    const before = loads(on.scene);
    on.scene.host.put(chat, aChat({ title: "what the action did" }));
    await break_(on);
    expect(loads(on.scene)).toBe(before + 1);
    expect(on.handle).toMatchObject({ status: "live", state: { title: "what the action did" } });
  });

  it("is not asked for ever: the channel fails by name, and opens again on demand", async () => {
    const on = await onChat("0.9.0");
    const before = loads(on.scene);
    for (let i = 0; i < 20; i++) await break_(on);
    expect(loads(on.scene)).toBe(before + 5);
    expect(on.handle).toMatchObject({
      status: "failed",
      error: { message: expect.stringMatching(/^farm keeps sending/) },
    });
    expect(on.scene.host.heard.at(-1)?.method).toBe("unsubscribe");
    expect(on.scene.client.root.status).toBe("live");
    const again = on.scene.client.subscribe("chat", chat);
    await settle();
    expect(again.status).toBe("live");
  });

  it("a little now and then goes on for ever", async () => {
    const on = await onChat("0.9.0");
    for (let i = 0; i < 20; i++) {
      await break_(on);
      await on.scene.clock.advance(15_000);
    }
    expect(on.handle.status).toBe("live");
  });

  it("of what was refused changes nothing", async () => {
    const on = await onChat("0.9.0");
    const before = loads(on.scene);
    await break_(on, { rejectionReason: "No." });
    expect(loads(on.scene)).toBe(before);
  });

  it("of channels that are not followed is not asked for anything", async () => {
    const on = await onChat("0.9.0");
    const before = loads(on.scene);
    await break_(on, { channel: "ahp-chat:/other" });
    expect(loads(on.scene)).toBe(before);
  });

  it("as the answer to a dispatch ends the wait for it", async () => {
    const on = await onChat("0.9.0");
    on.scene.host.isSilent = true;
    const origin = (clientSeq: number) => ({ origin: { clientId: "client-1", clientSeq } });
    const refused = expect(on.scene.client.dispatch(chat, started)).rejects.toMatchObject({
      code: "request.rejected",
      message: "No.",
    });
    const unreadable = expect(on.scene.client.dispatch(chat, started)).rejects.toMatchObject({
      code: "host.incompatible",
    });
    await break_(on, { ...origin(1), rejectionReason: "No." });
    await refused;
    await break_(on, origin(2));
    await unreadable;
    expect(on.handle.state?.activeTurn).toBeUndefined();
  });

  it("keeps what is unanswered on top of the fresh snapshot", async () => {
    const on = await onChat("0.9.0");
    on.scene.host.isSilent = true;
    const draft = { text: "mine", origin: { kind: "user" } } as const;
    const dispatched = on.scene.client.dispatch(chat, { type: "chat/draftChanged", draft });
    await settle();
    on.scene.host.isSilent = false;
    await break_(on);
    expect(on.handle.state?.draft).toEqual(draft);
    const origin = { clientId: "client-1", clientSeq: 1 };
    const action = { type: "chat/draftChanged", draft };
    on.scene.host.notify("action", { channel: chat, action, serverSeq: ++on.scene.host.serverSeq, origin });
    await expect(dispatched).resolves.toBeUndefined();
  });
});
