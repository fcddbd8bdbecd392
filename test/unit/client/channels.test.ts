import { describe, expect, it } from "vitest";
import { aChat, chat } from "../../support/aChat.ts";
import { ClientOnFakeHost, emptyTerminal, onTerminal, printed, terminalUri } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

describe("a followed channel", () => {
  it("shares one subscription and lets it go some time after the last handle", async () => {
    const { scene, handle } = await onTerminal();
    const second = scene.client.subscribe("terminal", terminalUri);
    await expect(second.ready).resolves.toMatchObject({ title: "t" });
    handle.dispose();
    second.dispose();
    await scene.clock.advance(20_000);
    const third = scene.client.subscribe("terminal", terminalUri);
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
    scene.host.act(terminalUri, printed("missed"));
    const changes: unknown[] = [];
    handle.onDidChange(({ applied }) => changes.push(applied));
    await scene.retried();
    expect(handle).toMatchObject({ status: "live", state: { content: [{ value: "missed" }] } });
    expect(changes).toEqual([[printed("missed")]]);
    expect(scene.host.heard.filter(({ method }) => method === "initialize")).toHaveLength(1);
  });

  it("takes snapshots when the host cannot replay", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.dropAll();
    await settle();
    scene.host.replayLimit = 0;
    scene.host.act(terminalUri, printed("missed"));
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
    const handle = scene.client.subscribe("terminal", terminalUri);
    await settle();
    const { id } = JSON.parse(transport.sent.at(-1)!) as { id: number };
    const snapshot = { resource: terminalUri, state: emptyTerminal, fromSeq: 1 };
    transport.receive(JSON.stringify({ jsonrpc: "2.0", id, result: { snapshot } }));
    transport.drop();
    await settle();
    expect(handle).toMatchObject({ status: "loading", state: undefined });
  });

  it("starts afresh on a host that has forgotten it, even when the host counts from the beginning", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.act(terminalUri, printed("old"));
    await settle();
    scene.host.restart();
    scene.host.serverSeq = 0;
    scene.host.put(terminalUri, emptyTerminal);
    await scene.retried();
    scene.host.act(terminalUri, printed("new"));
    await settle();
    expect(handle).toMatchObject({ status: "live", state: { content: [{ value: "new" }] } });
  });

  it("says that a channel is gone which went while the connection was down", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.dropAll();
    await settle();
    scene.host.channels.delete(terminalUri);
    await scene.retried();
    expect(handle).toMatchObject({ status: "failed", error: { code: "notFound" } });
    expect(scene.client.root.status).toBe("live");
  });

  it("starts afresh when a replay cannot be read", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.dropAll();
    await settle();
    scene.host.act(terminalUri, printed("missed"));
    scene.host.answers["reconnect"] = () => ({ result: { type: "replay", actions: [{ bad: true }] } });
    await scene.retried();
    expect(handle).toMatchObject({ status: "live", state: { content: [{ value: "missed" }] } });
  });

  it("may be a window of a long chat, on every connection", async () => {
    const scene = new ClientOnFakeHost();
    scene.host.put(chat, aChat());
    await scene.live();
    const handle = scene.client.subscribe("chat", chat, { turns: 20 });
    await handle.ready;
    scene.host.restart();
    await scene.retried();
    expect(handle.status).toBe("live");
    const asked = scene.host.heard.filter(({ params }) => JSON.stringify(params).includes(chat));
    const ask = { method: "subscribe", params: { channel: chat, view: { turns: 20 } } };
    expect(asked.filter(({ method }) => method !== "reconnect")).toEqual([ask, ask]);
    const resumed = scene.host.heard.find(({ method }) => method === "reconnect");
    expect(resumed?.params).toMatchObject({ _meta: { muster: { windows: [{ channel: chat, turns: 20 }] } } });
  });
});
