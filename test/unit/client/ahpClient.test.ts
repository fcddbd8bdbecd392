import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/base/appError.ts";
import type { StateAction } from "../../../src/protocol/actions.ts";
import { RPC } from "../../../src/protocol/jsonrpc.ts";
import type { TerminalState } from "../../../src/protocol/terminal.ts";
import { ClientOnFakeHost } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

const uri = "ahp-terminal:/s/t";
const data = (text: string): StateAction => ({ type: "terminal/data", data: text });
const title = (text: string): StateAction => ({ type: "terminal/titleChanged", title: text });
const terminal: TerminalState = {
  title: "t",
  content: [],
  lifecycle: { status: "running" },
  claim: { kind: "client", clientId: "client-1" },
};

async function onTerminal() {
  const scene = new ClientOnFakeHost();
  scene.host.put(uri, terminal);
  await scene.live();
  const handle = scene.client.subscribe("terminal", uri);
  await settle();
  return { scene, handle };
}

describe("connecting", () => {
  it("introduces itself, learns of the host and mirrors the root", async () => {
    const { client, host } = await new ClientOnFakeHost().live();
    expect(client.state.kind).toBe("live");
    expect(client.hostInfo).toMatchObject({ name: "Fake host", fleet: { epoch: "epoch-1" } });
    expect(client.root.status).toBe("live");
    expect(host.heard.map(({ method }) => method)).toEqual(["initialize", "listSessions"]);
  });

  it("tries again with growing waits while the host cannot be reached", async () => {
    const scene = new ClientOnFakeHost();
    scene.dial = () => Promise.reject(new AppError("host.unreachable", "Nothing listens there."));
    await scene.live();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      const { state } = scene.client;
      if (state.kind !== "waiting") throw new Error(state.kind);
      waits.push(state.retryAtMs - scene.clock.now());
      await scene.clock.advance(state.retryAtMs - scene.clock.now());
    }
    expect(waits).toEqual([375, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
  });

  it.each(["host.unauthorized", "host.untrustedAddress"] as const)("does not try again after %s", async (code) => {
    const scene = new ClientOnFakeHost();
    scene.dial = () => Promise.reject(new AppError(code, "No."));
    await scene.live();
    await scene.clock.advance(600_000);
    expect(scene.client.state).toMatchObject({ kind: "refused", error: { code } });
    expect(scene.dials).toBe(1);
    scene.dial = async () => scene.host.connect();
    await scene.live();
    expect(scene.client.state.kind).toBe("live");
  });

  it("says which versions do not fit, and does not try again", async () => {
    const scene = new ClientOnFakeHost();
    const data = { supportedVersions: ["^1.0.0"] };
    scene.host.answers["initialize"] = () => ({ error: { code: RPC.versionMismatch, message: "no", data } });
    await scene.live();
    await scene.clock.advance(600_000);
    expect(scene.client.state).toMatchObject({ kind: "refused", error: { code: "host.incompatible" } });
    expect(scene.client.state).toHaveProperty("error.message", expect.stringContaining("^1.0.0"));
    expect(scene.dials).toBe(1);
  });

  it("gives up on a host that accepts the connection and says nothing", async () => {
    const scene = new ClientOnFakeHost();
    scene.host.isSilent = true;
    await scene.live();
    await scene.clock.advance(20_000);
    expect(scene.client.state).toMatchObject({ kind: "waiting", error: { code: "host.unreachable" } });
  });

  it("asks a quiet host for a sign of life, and leaves one that gives none", async () => {
    const scene = await new ClientOnFakeHost().live();
    await scene.clock.advance(60_000);
    expect(scene.client.state.kind).toBe("live");
    expect(scene.host.heard.filter(({ method }) => method === "ping").length).toBeGreaterThan(5);
    scene.host.isSilent = true;
    await scene.clock.advance(26_000);
    expect(scene.client.state.kind).not.toBe("live");
    expect(scene.dials).toBeGreaterThan(1);
  });

  it("refuses every request of the host", async () => {
    const scene = new ClientOnFakeHost();
    const transport = scene.host.connect();
    scene.dial = async () => transport;
    await scene.live();
    transport.receive(
      JSON.stringify({ jsonrpc: "2.0", id: 7, method: "resourceRead", params: { uri: "file:///etc" } }),
    );
    await settle();
    expect(transport.sent.map((text) => JSON.parse(text))).toContainEqual(
      expect.objectContaining({ id: 7, error: expect.objectContaining({ code: RPC.permissionDenied }) }),
    );
  });

  it("ignores what a replaced connection still delivers", async () => {
    const { scene, handle } = await onTerminal();
    const late = scene.host.connect();
    scene.client.disconnect();
    scene.dial = async () => late;
    await scene.live();
    scene.client.disconnect();
    const before = handle.state;
    late.isOpen = true;
    late.receive(
      JSON.stringify({ jsonrpc: "2.0", method: "action", params: { channel: uri, action: data("x"), serverSeq: 99 } }),
    );
    late.drop(1006);
    await settle();
    expect(handle.state).toBe(before);
    expect(scene.client.state.kind).toBe("offline");
  });

  it("leaves no timer and no connection behind", async () => {
    const { scene } = await onTerminal();
    scene.client.dispose();
    await settle();
    expect(scene.host.connections).toBe(0);
    expect(scene.clock.pending).toBe(0);
  });

  it("survives frames that make no sense", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.notify("action", { channel: uri, action: { type: "terminal/data" }, serverSeq: 1 });
    scene.host.notify("action", { nonsense: true });
    scene.host.notify("root/sessionAdded", { summary: 3 });
    scene.host.notify("no/suchThing", {});
    scene.host.act(uri, data("ok"));
    await settle();
    expect(scene.client.state.kind).toBe("live");
    expect(handle.state?.content).toEqual([{ type: "unclassified", value: "ok" }]);
  });
});

describe("a followed channel", () => {
  it("shares one subscription and lets it go some time after the last handle", async () => {
    const { scene, handle } = await onTerminal();
    const second = scene.client.subscribe("terminal", uri);
    await expect(second.ready).resolves.toMatchObject({ title: "t" });
    handle.dispose();
    second.dispose();
    await scene.clock.advance(20_000);
    const third = scene.client.subscribe("terminal", uri);
    await scene.clock.advance(60_000);
    expect(third.status).toBe("live");
    third.dispose();
    await scene.clock.advance(60_000);
    const methods = scene.host.heard.map(({ method }) => method);
    expect(methods.filter((method) => method === "subscribe")).toHaveLength(1);
    expect(methods.filter((method) => method === "unsubscribe")).toHaveLength(1);
  });

  it("tells why a channel cannot be followed", async () => {
    const scene = await new ClientOnFakeHost().live();
    const handle = scene.client.subscribe("chat", "ahp-chat:/none");
    await expect(handle.ready).rejects.toMatchObject({ code: "notFound" });
    expect(handle).toMatchObject({ status: "failed", state: undefined });
  });

  it("refuses a snapshot of a wrong shape without touching the others", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.answers["subscribe"] = () => ({
      result: { snapshot: { resource: "ahp-chat:/x", state: 5, fromSeq: 1 } },
    });
    const broken = scene.client.subscribe("chat", "ahp-chat:/x");
    await expect(broken.ready).rejects.toMatchObject({ code: "request.invalid" });
    expect(handle.status).toBe("live");
  });

  it("is stale while the connection is down and resumes by replay", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.dropAll();
    await settle();
    expect(handle.status).toBe("stale");
    scene.host.act(uri, data("missed"));
    const changes: unknown[] = [];
    handle.onDidChange(({ applied }) => changes.push(applied));
    await scene.retried();
    expect(handle).toMatchObject({ status: "live", state: { content: [{ value: "missed" }] } });
    expect(changes).toEqual([[data("missed")], []]);
    expect(scene.host.heard.filter(({ method }) => method === "initialize")).toHaveLength(1);
  });

  it("takes snapshots when the host cannot replay", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.dropAll();
    await settle();
    scene.host.replayLimit = 0;
    scene.host.act(uri, data("missed"));
    await scene.retried();
    expect(handle).toMatchObject({ status: "live", state: { content: [{ value: "missed" }] } });
    scene.host.dropAll();
    await scene.retried();
    const resumes = scene.host.heard.filter(({ method }) => method === "reconnect");
    expect(resumes.map(({ params }) => params["lastSeenServerSeq"])).toEqual([0, 1]);
  });

  it("takes nothing from a connection that broke with the answer on its way", async () => {
    const scene = new ClientOnFakeHost();
    const transport = scene.host.connect();
    scene.dial = async () => transport;
    await scene.live();
    scene.host.isSilent = true;
    const handle = scene.client.subscribe("terminal", uri);
    await settle();
    const { id } = JSON.parse(transport.sent.at(-1)!) as { id: number };
    const snapshot = { resource: uri, state: terminal, fromSeq: 1 };
    transport.receive(JSON.stringify({ jsonrpc: "2.0", id, result: { snapshot } }));
    transport.drop();
    await settle();
    expect(handle).toMatchObject({ status: "loading", state: undefined });
  });

  it("starts afresh on a host that has forgotten it, even when the host counts from the beginning", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.act(uri, data("old"));
    await settle();
    scene.host.restart();
    scene.host.serverSeq = 0;
    scene.host.put(uri, terminal);
    await scene.retried();
    scene.host.act(uri, data("new"));
    await settle();
    expect(handle).toMatchObject({ status: "live", state: { content: [{ value: "new" }] } });
  });

  it("says that a channel is gone which went while the connection was down", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.dropAll();
    await settle();
    scene.host.channels.delete(uri);
    await scene.retried();
    expect(handle).toMatchObject({ status: "failed", error: { code: "notFound" } });
    expect(scene.client.root.status).toBe("live");
  });

  it("starts afresh when a replay cannot be read", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.dropAll();
    await settle();
    scene.host.act(uri, data("missed"));
    scene.host.answers["reconnect"] = () => ({ result: { type: "replay", actions: [{ bad: true }] } });
    await scene.retried();
    expect(handle).toMatchObject({ status: "live", state: { content: [{ value: "missed" }] } });
  });
});

describe("dispatching", () => {
  it("shows the action at once and resolves with the echo", async () => {
    const { scene, handle } = await onTerminal();
    const answered = scene.client.dispatch(uri, title("mine"));
    expect(handle.state?.title).toBe("mine");
    await expect(answered).resolves.toBeUndefined();
    expect(scene.host.state(uri)).toMatchObject({ title: "mine" });
  });

  it("takes the action back with the host's reason when it is refused", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.refuse = () => "The terminal belongs to somebody else.";
    const answered = scene.client.dispatch(uri, title("mine"));
    await expect(answered).rejects.toMatchObject({
      code: "request.rejected",
      message: "The terminal belongs to somebody else.",
    });
    expect(handle.state?.title).toBe("t");
  });

  it("is refused without a connection, so that nothing is done hours later", async () => {
    const { scene } = await onTerminal();
    scene.host.dropAll();
    await settle();
    await expect(scene.client.dispatch(uri, title("mine"))).rejects.toMatchObject({ code: "host.disconnected" });
  });

  it("is sent once more after a resume, and happens once", async () => {
    const { scene, handle } = await onTerminal();
    const answered = scene.client.dispatch(uri, data("once"));
    scene.host.dropAll();
    await settle();
    await scene.retried();
    await expect(answered).resolves.toBeUndefined();
    expect(handle.state?.content).toEqual([{ type: "unclassified", value: "once" }]);
    expect(scene.host.state(uri)).toEqual(handle.state);
  });

  it("is not sent again when a snapshot hides whether it happened", async () => {
    const scene = new ClientOnFakeHost();
    const transport = scene.host.connect();
    scene.host.put(uri, terminal);
    scene.dial = async () => transport;
    await scene.live();
    const handle = scene.client.subscribe("terminal", uri);
    await handle.ready;
    scene.dial = async () => scene.host.connect();
    scene.host.isIdempotent = false;
    scene.host.replayLimit = 0;
    transport.peer!.isDeaf = true;
    const outcome = expect(scene.client.dispatch(uri, data("once"))).rejects.toMatchObject({
      code: "host.disconnected",
    });
    await settle();
    scene.host.dropAll();
    await scene.retried();
    await outcome;
    expect(scene.host.state(uri)).toMatchObject({ content: [{ value: "once" }] });
    expect(handle.state).toEqual(scene.host.state(uri));
  });

  it("is not answered by an envelope of another channel", async () => {
    const { scene } = await onTerminal();
    scene.host.isSilent = true;
    let isAnswered = false;
    void scene.client.dispatch(uri, title("mine")).then(() => (isAnswered = true));
    const origin = { clientId: "client-1", clientSeq: 1 };
    scene.host.notify("action", { channel: "ahp-root://", action: { type: "x" }, serverSeq: 1, origin });
    await settle();
    expect(isAnswered).toBe(false);
    scene.host.notify("action", { channel: uri, action: title("mine"), serverSeq: 2, origin });
    await settle();
    expect(isAnswered).toBe(true);
  });

  it("is given up when nobody can tell any more whether it happened", async () => {
    const { scene, handle } = await onTerminal();
    const answered = scene.client.dispatch(uri, title("mine"));
    scene.host.restart();
    const outcome = expect(answered).rejects.toMatchObject({ code: "host.disconnected" });
    await settle();
    await scene.retried();
    await outcome;
    expect(handle.state).toEqual(scene.host.state(uri));
  });

  it("on a channel that is not followed resolves when the host answers its sender", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.put(uri, terminal);
    await expect(scene.client.dispatch(uri, title("mine"))).resolves.toBeUndefined();
  });

  it("on a channel that is not followed does not wait for ever on a host that answers followers only", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.put(uri, terminal);
    const transport = scene.host.connect();
    scene.client.disconnect();
    scene.dial = async () => transport;
    await scene.live();
    transport.peer!.sent.length = 0;
    const send = transport.peer!.send.bind(transport.peer);
    transport.peer!.send = (text) => (text.includes('"method":"action"') ? undefined : send(text));
    const answered = scene.client.dispatch(uri, title("mine"));
    await scene.clock.advance(6000);
    await expect(answered).resolves.toBeUndefined();
  });
});

describe("requests", () => {
  it("carry the host's own error code", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.answers["invokeChangesetOperation"] = () => ({
      error: { code: RPC.conflict, message: "The branch has moved.", data: { muster: { code: "branch.moved" } } },
    });
    const answer = scene.client.invokeChangesetOperation({ changeset: "x", operationId: "push" });
    await expect(answer).rejects.toMatchObject({ code: "branch.moved", message: "The branch has moved." });
  });

  it("keep what a host wants credentials for", async () => {
    const scene = await new ClientOnFakeHost().live();
    const resources = [{ resource: "https://github.com", scopes_supported: ["repo"] }];
    scene.host.answers["createSession"] = () => ({
      error: { code: RPC.authRequired, message: "Sign in.", data: { resources } },
    });
    const answer = scene.client.createSession({ session: "ahp-session:/1", provider: "p", config: {} });
    await expect(answer).rejects.toMatchObject({ code: "auth.required", details: { resources } });
  });

  it("reject an answer of a wrong shape", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.answers["resourceRead"] = () => ({ result: { data: 7 } });
    await expect(scene.client.resourceRead("x")).rejects.toMatchObject({ code: "host.incompatible" });
  });

  it("announce that a host wants credentials", async () => {
    const scene = await new ClientOnFakeHost().live();
    const wanted: unknown[] = [];
    scene.client.onDidRequireAuth((event) => wanted.push(event));
    const resource = { resource: "https://github.com", scopes_supported: ["repo"] };
    scene.host.notify("auth/required", { channel: "ahp-root://", resource, reason: "expired" });
    await settle();
    expect(wanted).toEqual([{ resource: "https://github.com", scopes: ["repo"], reason: "expired" }]);
  });
});
