import { describe, expect, it } from "vitest";
import type { StateAction } from "../../../src/protocol/actions.ts";
import { RPC } from "../../../src/protocol/jsonrpc.ts";
import {
  type ClientOnFakeHost,
  emptyTerminal,
  onTerminal,
  printed,
  terminalUri,
  titled,
} from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

const envelope = (serverSeq: number, action: StateAction, channel = terminalUri) => ({ channel, action, serverSeq });
const methodsOf = ({ host }: ClientOnFakeHost) => host.heard.map(({ method }) => method);

/** On a terminal that has printed three times; the connection is down and the host has printed `missed` since. */
async function afterDrop() {
  const { scene, handle } = await onTerminal();
  for (const text of ["a", "b", "c"]) scene.host.act(terminalUri, printed(text));
  await settle();
  scene.host.dropAll();
  await settle();
  scene.host.act(terminalUri, printed("missed"));
  return { scene, handle };
}

async function expectInStep({ scene, handle }: Awaited<ReturnType<typeof onTerminal>>) {
  scene.host.act(terminalUri, titled("live"));
  await settle();
  expect(scene.client.state.kind).toBe("live");
  expect(handle).toMatchObject({ status: "live", state: { title: "live" } });
  expect(handle.state).toEqual(scene.host.state(terminalUri));
}

describe("NET-3: a client that comes back", () => {
  it("takes a replay as one change", async () => {
    const { scene, handle } = await afterDrop();
    scene.host.act(terminalUri, titled("too"));
    const changes: unknown[] = [];
    handle.onDidChange(({ status, applied }) => changes.push([status, applied]));
    await scene.retried();
    expect(changes).toEqual([["live", [printed("missed"), titled("too")]]]);
    expect(handle.state).toEqual(scene.host.state(terminalUri));
  });

  it.each([
    ["numbers that do not go up", [envelope(5, titled("x")), envelope(5, titled("y"))]],
    ["numbers that were seen", [envelope(3, printed("c")), envelope(4, printed("missed"))]],
    ["numbers of a log that counts anew", [envelope(1, printed("other"))]],
    ["something that is no envelope", [{ serverSeq: 4 }]],
  ])("starts afresh after a replay of %s", async (_name, actions) => {
    const { scene, handle } = await afterDrop();
    scene.host.answers["reconnect"] = () => ({ result: { type: "replay", actions, missing: [] } });
    await scene.retried();
    expect(methodsOf(scene).filter((method) => method === "reconnect")).toHaveLength(1);
    expect(handle.state).toEqual(scene.host.state(terminalUri));
    await expectInStep({ scene, handle });
  });

  it.each([
    ["of an unknown type", { type: "banana" }],
    ["that is nothing", null],
    ["of a wrong shape", { type: "snapshot", snapshots: [{ resource: 1 }] }],
  ])("starts afresh after an answer %s", async (_name, result) => {
    const { scene, handle } = await afterDrop();
    scene.host.answers["reconnect"] = () => ({ result });
    await scene.retried();
    await expectInStep({ scene, handle });
  });

  it.each([RPC.notFound, RPC.methodNotFound, RPC.internal])(
    "greets a host that refuses to resume with %i",
    async (code) => {
      const { scene, handle } = await afterDrop();
      const dials = scene.dials;
      scene.host.answers["reconnect"] = () => ({ error: { code, message: "No." } });
      await scene.retried();
      expect(scene.dials).toBe(dials + 1);
      await expectInStep({ scene, handle });
    },
  );

  it("does not come back to a host that has changed to another version", async () => {
    const { scene } = await afterDrop();
    scene.host.answers["reconnect"] = () => ({
      error: { code: RPC.versionMismatch, message: "No.", data: { supportedVersions: ["^2.0.0"] } },
    });
    await scene.retried();
    expect(scene.client.state).toMatchObject({ kind: "refused", error: { code: "host.incompatible" } });
  });

  it("asks one by one for what a snapshot answer leaves out", async () => {
    const { scene, handle } = await afterDrop();
    scene.host.answers["reconnect"] = () => ({ result: { type: "snapshot", snapshots: [] } });
    await scene.retried();
    expect(scene.host.heard).toContainEqual({ method: "subscribe", params: { channel: terminalUri } });
    await expectInStep({ scene, handle });
  });

  it("starts afresh on a host with another log", async () => {
    const { scene, handle } = await afterDrop();
    scene.host.answers["reconnect"] = () => ({
      result: {
        type: "replay",
        actions: [],
        _meta: { muster: { version: 1, epoch: "epoch-2", methods: [], channels: [], isolation: "none" } },
      },
    });
    await scene.retried();
    await expectInStep({ scene, handle });
  });

  it("does not take the events of a host that counts anew, and that claims to know it, for repetitions", async () => {
    const { scene, handle } = await afterDrop();
    scene.host.log.length = 0;
    scene.host.serverSeq = 0;
    scene.host.put(terminalUri, emptyTerminal);
    scene.host.answers["reconnect"] = () => ({ result: { type: "replay", actions: [] } });
    await scene.retried();
    // The fake peer has subscribed nothing on this connection, so the event is told by hand.
    scene.host.notify("action", envelope(1, printed("new")));
    scene.host.act(terminalUri, printed("new"));
    await settle();
    expect(scene.client.state).toMatchObject({ kind: "waiting", error: { message: expect.stringContaining("farm") } });
    await scene.retried();
    await expectInStep({ scene, handle });
  });

  it("starts afresh when events come that the replay has told", async () => {
    const { scene, handle } = await afterDrop();
    await scene.retried();
    scene.host.notify("action", envelope(4, printed("missed")));
    await settle();
    expect(scene.client.state.kind).toBe("waiting");
    await scene.retried();
    await expectInStep({ scene, handle });
  });

  it("reads a channel anew of which something unreadable comes with the handshake, without a failure to be seen", async () => {
    const { scene, handle } = await afterDrop();
    const statuses: string[] = [];
    handle.onDidChange(({ status }) => statuses.push(status));
    const loads = () => methodsOf(scene).filter((method) => method === "subscribe").length;
    const before = loads();
    scene.host.afterAnswer = (method) => {
      if (method !== "reconnect") return;
      scene.host.notify("action", {
        channel: terminalUri,
        serverSeq: ++scene.host.serverSeq,
        action: { type: "terminal/data" },
      });
    };
    await scene.retried();
    expect(loads()).toBe(before + 1);
    expect(statuses).not.toContain("failed");
    await expectInStep({ scene, handle });
  });

  it("gives a channel of which the replay is unreadable a fresh snapshot, and the others their replay", async () => {
    const other = "ahp-terminal:/s/other";
    const { scene, handle } = await onTerminal();
    scene.host.put(other, emptyTerminal);
    const second = scene.client.subscribe("terminal", other);
    await settle();
    scene.host.dropAll();
    await settle();
    scene.host.act(terminalUri, printed("one"));
    scene.host.act(other, printed("two"));
    const actions = [{ ...envelope(1, printed("one")), action: { type: "terminal/data", data: 7 } }, scene.host.log[1]];
    scene.host.answers["reconnect"] = () => {
      delete scene.host.answers["reconnect"];
      return { result: { type: "replay", actions } };
    };
    scene.host.heard.length = 0;
    await scene.retried();
    expect(scene.host.heard.filter(({ method }) => method === "subscribe")).toHaveLength(1);
    expect(second).toMatchObject({ status: "live", state: { content: [{ value: "two" }] } });
    await expectInStep({ scene, handle });
  });

  it("does not resume over a channel that was out of step when the connection broke", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.answers["subscribe"] = () => ({ error: { code: RPC.internal, message: "No." } });
    scene.host.notify("action", {
      channel: terminalUri,
      serverSeq: ++scene.host.serverSeq,
      action: { type: "terminal/data" },
    });
    await settle();
    expect(handle.status).toBe("failed");
    scene.host.act(terminalUri, printed("lost on it"));
    scene.host.act("ahp-root://", { type: "root/activeSessionsChanged", activeSessions: 1 });
    await settle();
    scene.host.dropAll();
    await settle();
    delete scene.host.answers["subscribe"];
    await scene.retried();
    await expectInStep({ scene, handle });
  });

  it("is told of sessions that were announced to nobody meanwhile", async () => {
    const { scene } = await afterDrop();
    scene.host.heard.length = 0;
    await scene.retried();
    expect(methodsOf(scene)).toContain("listSessions");
    expect(scene.client.sessions.isCurrent).toBe(true);
  });
});

describe("actions without an answer", () => {
  it("that a replay answers are not sent again", async () => {
    const { scene, handle } = await onTerminal();
    const dispatched = scene.client.dispatch(terminalUri, printed("mine"));
    await Promise.resolve();
    await Promise.resolve();
    // The host has taken it; its echo is lost with the connection.
    scene.host.dropAll();
    await settle();
    expect(scene.host.state(terminalUri)).toMatchObject({ content: [{ value: "mine" }] });
    await scene.retried();
    await dispatched;
    expect(methodsOf(scene).filter((method) => method === "dispatchAction")).toHaveLength(1);
    expect(handle.state).toEqual(scene.host.state(terminalUri));
  });

  it("are repeated to a host that does not recognise repetitions only where that changes nothing", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.isIdempotent = false;
    scene.host.fleet = false;
    scene.client.disconnect();
    scene.host.restart();
    await scene.live();
    scene.host.isSilent = true;
    const title = scene.client.dispatch(terminalUri, titled("mine"));
    const input = scene.client.dispatch(terminalUri, { type: "terminal/input", data: "rm -r x\n" });
    const outcome = expect(input).rejects.toMatchObject({
      code: "host.disconnected",
      message: expect.stringContaining("Check whether it took effect"),
    });
    await settle();
    scene.host.isSilent = false;
    scene.host.dropAll();
    scene.host.heard.length = 0;
    await scene.retried();
    await outcome;
    await title;
    const sent = scene.host.heard.filter(({ method }) => method === "dispatchAction");
    expect(sent.map(({ params }) => params["action"])).toEqual([titled("mine")]);
    await expectInStep({ scene, handle });
  });

  it("stay pending while the connection is down for long, and are decided when it is back", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.isSilent = true;
    const dispatched = scene.client.dispatch(terminalUri, titled("mine"));
    await settle();
    scene.dial = () => Promise.reject(new Error("no network"));
    scene.host.dropAll();
    await scene.clock.advance(120_000);
    expect(handle.state?.title).toBe("mine");
    scene.host.isSilent = false;
    scene.dial = async () => scene.host.connect();
    await scene.retried();
    await expect(dispatched).resolves.toBeUndefined();
    expect(scene.host.state(terminalUri)).toMatchObject({ title: "mine" });
  });
});
