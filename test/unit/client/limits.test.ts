import { describe, expect, it } from "vitest";
import type { Logger } from "../../../src/base/logger.ts";
import type { ClientLimits } from "../../../src/client/limits.ts";
import { RPC } from "../../../src/protocol/jsonrpc.ts";
import {
  aSummary,
  ClientOnFakeHost,
  emptyTerminal,
  onTerminal,
  printed,
  terminalUri,
  titled,
} from "../../support/clientOnFakeHost.ts";
import { FakeClock, settle } from "../../support/fakeClock.ts";
import { FakeHost } from "../../support/fakeHost.ts";

const root = "ahp-root://";

/** A live client that speaks to a transport of which the test holds the client's end. */
async function onWire(limits: Partial<ClientLimits>) {
  const scene = new ClientOnFakeHost(new FakeHost(), new FakeClock(), "client-1", limits);
  const transport = scene.host.connect();
  scene.dial = async () => transport;
  await scene.live();
  scene.dial = async () => scene.host.connect();
  const say = (message: object) => transport.receive(JSON.stringify({ jsonrpc: "2.0", ...message }));
  return { scene, transport, say };
}

/** Ended by name, and left alone for a while. */
async function expectCut(scene: ClientOnFakeHost) {
  expect(scene.client.state).toMatchObject({
    kind: "waiting",
    error: { code: "limit.exceeded", message: expect.stringMatching(/^farm /) },
  });
  const dials = scene.dials;
  await scene.clock.advance(29_000);
  expect(scene.dials).toBe(dials);
  await scene.clock.advance(31_000);
  expect(scene.client.state.kind).toBe("live");
}

describe("a host that sends too much", () => {
  it.each([
    ["frames", { framesPerSecond: 10, burstFrames: 100 }],
    ["characters", { charsPerSecond: 100, burstChars: 5000 }],
  ])("is cut at once by the number of %s", async (_what, limits) => {
    const { scene, say } = await onWire(limits);
    for (let i = 0; i < 200; i++) say({ method: "no/suchThing", params: { i } });
    await expectCut(scene);
  });

  it("passes as long as it keeps within what may come in for long", async () => {
    const { scene, say } = await onWire({ framesPerSecond: 100, burstFrames: 50 });
    for (let i = 0; i < 1000; i++) {
      say({ method: "no/suchThing", params: { i } });
      await scene.clock.advance(10);
    }
    expect(scene.client.state.kind).toBe("live");
  });

  it("passes with a terminal that floods at 25 MB a second", async () => {
    const { scene, handle } = await onTerminal();
    const block = "x".repeat(64 * 1024);
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 400; i++) scene.host.act(terminalUri, printed(block));
      await scene.clock.advance(1000);
    }
    expect(scene.client.state.kind).toBe("live");
    expect(handle.status).toBe("live");
  });

  it("before its answer to the handshake is cut as well", async () => {
    const scene = new ClientOnFakeHost(new FakeHost(), new FakeClock(), "client-1", { maxHeldChars: 1000 });
    scene.host.put(terminalUri, emptyTerminal);
    scene.host.isSilent = true;
    await scene.live();
    for (let i = 0; i < 10; i++) scene.host.notify("root/progress", { text: "x".repeat(200) });
    await settle();
    scene.host.isSilent = false;
    await expectCut(scene);
  });

  it("while a view is being opened loses that view only", async () => {
    const { scene, say } = await onWire({ maxHeld: 5 });
    scene.host.isSilent = true;
    const handle = scene.client.subscribe("terminal", terminalUri);
    await settle();
    for (let i = 1; i <= 6; i++)
      say({ method: "action", params: { channel: terminalUri, action: printed("x"), serverSeq: i } });
    expect(handle).toMatchObject({ status: "failed", error: { code: "limit.exceeded" } });
    expect(handle.error?.message).toMatch(/^farm /);
    expect(scene.client.state.kind).toBe("live");
  });

  it("is cut when it keeps asking and sending nonsense, each of which wants an answer", async () => {
    const { scene, transport, say } = await onWire({ refusalsPerSecond: 1, burstRefusals: 10 });
    for (let i = 0; i < 5; i++) say({ id: i, method: "resourceList", params: {} });
    for (let i = 0; i < 6; i++) transport.receive("{");
    await expectCut(scene);
  });

  it("of one message beyond the size that the transport takes is left alone for a while", async () => {
    const { scene, transport } = await onWire({});
    transport.drop(1009);
    await settle();
    await expectCut(scene);
  });

  it("ignores a frame that is too large or too deep, and goes on", async () => {
    const { scene, transport, say } = await onWire({ maxFrameBytes: 10_000, maxFrameDepth: 8 });
    transport.receive(`{"jsonrpc":"2.0","method":"x","params":"${"x".repeat(10_000)}"}`);
    transport.receive(`{"jsonrpc":"2.0","method":"x","params":${"[".repeat(20)}${"]".repeat(20)}}`);
    say({ method: "root/sessionAdded", params: { channel: root, summary: aSummary("ahp-session:/1") } });
    expect(scene.client.state.kind).toBe("live");
    expect(scene.client.sessions.all.size).toBe(1);
  });
});

describe("what a host makes this client hold", () => {
  it("is bounded for one channel, by the weight of its state", async () => {
    const { scene, handle } = await onTerminal({ maxChannelWeight: 20_000 });
    for (let i = 0; i < 30; i++) scene.host.act(terminalUri, printed("x".repeat(1000)));
    await settle();
    expect(handle).toMatchObject({ status: "failed", state: undefined, error: { code: "content.tooLarge" } });
    expect(handle.error?.message).toMatch(/^farm /);
    expect(scene.client.state.kind).toBe("live");
    // The host need not go on, and a fresh look may find less.
    expect(scene.host.heard.at(-1)).toMatchObject({ method: "unsubscribe" });
    scene.host.put(terminalUri, emptyTerminal);
    const again = scene.client.subscribe("terminal", terminalUri);
    await settle();
    expect(again.status).toBe("live");
  });

  it("counts what is there, not what has come by", async () => {
    const { scene, handle } = await onTerminal({ maxChannelWeight: 20_000 });
    for (let i = 0; i < 200; i++) scene.host.act(terminalUri, titled("x".repeat(1000)));
    await settle();
    expect(handle.status).toBe("live");
  });

  it("is bounded for all channels together", async () => {
    const scene = new ClientOnFakeHost(new FakeHost(), new FakeClock(), "client-1", { maxMirroredWeight: 20_000 });
    const uris = ["a", "b", "c"].map((id) => `ahp-terminal:/s/${id}`);
    for (const uri of uris) {
      scene.host.put(uri, { ...emptyTerminal, content: [{ type: "unclassified", value: "x".repeat(8000) }] });
    }
    await scene.live();
    const handles = uris.map((uri) => scene.client.subscribe("terminal", uri));
    await settle();
    expect(handles.map(({ status }) => status)).toEqual(["live", "live", "failed"]);
    handles[0]?.dispose();
    await scene.clock.advance(60_000);
    const again = scene.client.subscribe("terminal", uris[2]!);
    await settle();
    expect(again.status).toBe("live");
  });

  it("is bounded in channels", async () => {
    const scene = new ClientOnFakeHost(new FakeHost(), new FakeClock(), "client-1", { maxChannels: 2 });
    scene.host.put(terminalUri, emptyTerminal);
    await scene.live();
    const first = scene.client.subscribe("terminal", terminalUri);
    const beyond = scene.client.subscribe("terminal", "ahp-terminal:/s/beyond");
    await expect(beyond.ready).rejects.toMatchObject({ code: "limit.exceeded" });
    beyond.dispose();
    await settle();
    expect(first.status).toBe("live");
  });

  it("is bounded in requests and actions that it does not answer", async () => {
    const { scene } = await onWire({ maxRequests: 3, maxUnanswered: 2 });
    scene.host.put(terminalUri, emptyTerminal);
    const handle = scene.client.subscribe("terminal", terminalUri);
    await handle.ready;
    scene.host.isSilent = true;
    const actions = [1, 2, 3].map((n) => scene.client.dispatch(terminalUri, titled(`${n}`)));
    for (const action of actions) action.catch(() => undefined);
    await expect(actions[2]).rejects.toMatchObject({ code: "limit.exceeded" });
    const requests = [1, 2, 3, 4].map(() => scene.client.request("ping", { channel: root }));
    for (const request of requests) request.catch(() => undefined);
    await expect(requests[3]).rejects.toMatchObject({
      code: "limit.exceeded",
      message: expect.stringMatching(/^farm /),
    });
  });

  it("is bounded in sessions: the list is cut, says so, and goes on with those that it has", async () => {
    const warnings: string[] = [];
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      error: () => undefined,
      warn: (message) => warnings.push(message),
      child: () => logger,
    };
    const host = new FakeHost();
    host.pageSize = 10;
    for (let i = 0; i < 200; i++) host.sessions.set(`ahp-session:/${i}`, aSummary(`ahp-session:/${i}`));
    const scene = new ClientOnFakeHost(host, new FakeClock(), "client-1", { maxSessions: 20 }, logger);
    await scene.live();
    const { sessions } = scene.client;
    expect(sessions).toMatchObject({ isListed: true, isCurrent: true, isCut: true });
    expect(sessions.all.size).toBe(20);
    expect(host.heard.filter(({ method }) => method === "listSessions")).toHaveLength(3);
    host.notify("root/sessionAdded", { channel: root, summary: aSummary("ahp-session:/more") });
    host.notify("root/sessionSummaryChanged", { channel: root, session: "ahp-session:/3", changes: { title: "yes" } });
    await settle();
    expect(sessions.all.size).toBe(20);
    expect(sessions.all.get("ahp-session:/3")?.title).toBe("yes");
    expect(warnings.filter((message) => message === "the list of sessions is cut")).toHaveLength(1);
  });

  it("is bounded in what sessions say of themselves", async () => {
    const { scene } = await onWire({ maxSessionsWeight: 5000 });
    const uri = "ahp-session:/1";
    scene.host.notify("root/sessionAdded", { channel: root, summary: aSummary(uri) });
    scene.host.notify("root/sessionSummaryChanged", {
      channel: root,
      session: uri,
      changes: { title: "x".repeat(9000) },
    });
    await settle();
    // Not shown is better than shown as it was.
    expect(scene.client.sessions.all.size).toBe(0);
    expect(scene.client.sessions.isCut).toBe(true);
  });
});

describe("a request of the host", () => {
  it.each([
    ["resourceRead", RPC.permissionDenied],
    ["resourceWrite", RPC.permissionDenied],
    ["resourceRequest", RPC.permissionDenied],
    ["createResourceWatch", RPC.permissionDenied],
    ["vscode/requestWorkspaceTrust", RPC.methodNotFound],
    ["initialize", RPC.methodNotFound],
    ["x-fleet/anything", RPC.methodNotFound],
  ])("%s is refused with %i", async (method, code) => {
    const { transport, say } = await onWire({});
    say({ id: 7, method, params: { uri: "file:///etc/passwd" } });
    await settle();
    const answers = transport.sent.map((text) => JSON.parse(text) as { id?: number; error?: { code: number } });
    expect(answers.filter(({ id, error }) => id === 7 && error !== undefined)).toMatchObject([{ error: { code } }]);
  });
});
