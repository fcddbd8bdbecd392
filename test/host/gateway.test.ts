import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ReplayWindow } from "../../src/host/channels/replayWindow.ts";
import { Methods } from "../../src/protocol/methods.ts";
import type { TerminalState } from "../../src/protocol/terminal.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { CHAT, startGateway, TERMINAL, TOKEN, upgradeStatus } from "./gatewayFixture.ts";
import { WireClient } from "./wireClient.ts";

let gateway: Awaited<ReturnType<typeof startGateway>>;
const clients: WireClient[] = [];

async function open(clientId = "one"): Promise<WireClient> {
  const client = await WireClient.open(gateway.url, TOKEN, clientId);
  clients.push(client);
  return client;
}

async function connected(clientId?: string): Promise<WireClient> {
  const client = await open(clientId);
  await client.initialize();
  return client;
}

beforeEach(async () => {
  gateway = await startGateway();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await gateway.stop();
});

const draft = (text: string) => ({ type: "chat/draftChanged", draft: { text, origin: { kind: "user" } } }) as const;
const print = (data: string) => ({ type: "terminal/data", data }) as const;
const textOf = (state: TerminalState) =>
  state.content.map((part) => (part.type === "unclassified" ? part.value : "")).join("");

describe("the upgrade", () => {
  const query = `/?tkn=${TOKEN}`;
  const bearer = { Authorization: `Bearer ${TOKEN}` };
  it.each([
    ["no token", {}, 401],
    ["the token in the query", { path: query }, 101],
    ["the token in the query of any path", { path: `/some/where${query}` }, 101],
    ["the token as a bearer", { headers: bearer }, 101],
    ["a wrong token", { path: "/?tkn=wrong" }, 403],
    ["an empty token", { path: "/?tkn=" }, 403],
    ["the token twice", { path: `${query}&tkn=${TOKEN}` }, 401],
    ["a web page's Origin", { path: query, headers: { Origin: "https://example.com" } }, 403],
    ["the Origin null", { path: query, headers: { Origin: "null" } }, 403],
    ["the host's own address as Origin", { path: query, headers: { Origin: "http://127.0.0.1" } }, 403],
    ["another name in Host", { path: query, headers: { Host: "rebound.example.com" } }, 403],
  ])("with %s", async (_what, change, status) => {
    expect((await upgradeStatus(gateway.port, change)).status).toBe(status);
  });

  it("lets in the exact Origins that are configured, and no other", async () => {
    await gateway.stop();
    gateway = await startGateway({ allowedOrigins: ["https://editor.example.com"] });
    const from = (origin: string) => upgradeStatus(gateway.port, { path: query, headers: { Origin: origin } });
    expect((await from("https://editor.example.com")).status).toBe(101);
    expect((await from("https://editor.example.com.evil.example")).status).toBe(403);
  });

  it("slows down who guesses, while the right token still passes", async () => {
    for (let guess = 0; guess < 30; guess += 1) await upgradeStatus(gateway.port, { path: "/?tkn=guess" });
    expect(await upgradeStatus(gateway.port, { path: "/?tkn=guess" })).toMatchObject({ status: 429 });
    expect((await upgradeStatus(gateway.port, { path: query })).status).toBe(101);
  });

  it("says why in one sentence that repeats no token", async () => {
    const { body } = await upgradeStatus(gateway.port, { path: "/?tkn=my-guess" });
    expect(JSON.parse(body)).toEqual({ error: "The token is not valid." });
  });

  it("answers /healthz and /readyz without a token, /metrics with one, and nothing else", async () => {
    const url = `http://127.0.0.1:${gateway.port}`;
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: "ready" });
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    const metrics = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(await metrics.text()).toBe("muster_test 1\n");
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`, { method: "POST" })).status).toBe(404);
  });

  it("does not listen where others can reach it", async () => {
    const { gateway: running } = gateway;
    expect(running.connectionCount).toBe(0);
    const elsewhere = startGateway({ host: "0.0.0.0" });
    await expect(elsewhere).rejects.toThrow(/loopback only/);
  });
});

describe("the handshake", () => {
  it("AUTH-1: knows nothing but ping before it, of all methods, and tells nothing", async () => {
    const client = await open();
    await client.request("ping", { channel: ROOT_URI });
    const methods = Object.keys(Methods).filter((method) => !/^(ping|initialize|reconnect)$/.test(method));
    expect(methods.length).toBeGreaterThan(30);
    for (const method of methods)
      expect(await client.refusal(method, { channel: ROOT_URI }), method).toMatchObject({ code: -32601 });
    client.dispatch(ROOT_URI, { type: "root/configChanged", config: {} });
    await client.request("ping", { channel: ROOT_URI });
    expect([client.envelopes, client.notifications]).toEqual([[], []]);
  });

  it("answers with the version, the epoch and the snapshots that exist", async () => {
    const client = await open();
    const result = await client.initialize([ROOT_URI, "ahp-session:/nobody"]);
    expect(result).toMatchObject({
      protocolVersion: "0.9.0",
      serverInfo: { name: "Muster", version: "1.2.3" },
      snapshots: [{ resource: ROOT_URI }],
      _meta: { muster: { version: 1, epoch: gateway.log.epoch } },
    });
  });

  it("FUZ-10: names the versions it speaks to a client that offers none of them, which may try again", async () => {
    const client = await open();
    const offer = { channel: ROOT_URI, clientId: "one", protocolVersions: ["0.5.2", "nonsense"] };
    expect(await client.refusal("initialize", offer)).toMatchObject({
      code: -32005,
      data: { supportedVersions: ["^0.9.0"] },
    });
    await client.initialize();
    expect(await client.refusal("initialize", offer)).toMatchObject({ code: -32601 });
  });

  it("sends a client that it does not know to initialize", async () => {
    const client = await open("stranger");
    const resume = { clientId: "stranger", lastSeenServerSeq: 1, subscriptions: [ROOT_URI] };
    expect(await client.refusal("reconnect", resume)).toMatchObject({ code: -32008 });
    await client.initialize();
  });

  it("closes a connection that says nothing", async () => {
    await gateway.stop();
    gateway = await startGateway({ greetingTimeoutMs: 20 });
    const client = await open();
    expect(await client.closed).toMatchObject({ code: 4000 });
  });
});

describe("messages that are wrong", () => {
  it.each([
    ["no JSON", "{", -32700],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
    ["no version", '{"id":1,"method":"ping"}', -32600],
    ["too deep", `{"jsonrpc":"2.0","id":1,"method":"ping","params":${"[".repeat(100)}${"]".repeat(100)}}`, -32700],
  ])("are answered and forgotten: %s", async (_what, text, code) => {
    const client = await connected();
    const other = await connected("two");
    const answer = new Promise<string>((resolve) =>
      client.socket.once("message", (data: Buffer) => resolve(data.toString())),
    );
    client.socket.send(text);
    expect(JSON.parse(await answer)).toMatchObject({ error: { code } });
    await client.request("ping", {});
    await other.request("ping", {});
  });

  it.each([
    ["a binary frame", Buffer.from([1, 2, 3]), 1003],
    ["a frame of more than 2 MiB", "x".repeat(2 * 1024 * 1024 + 1), 1009],
  ])("end their own connection only: %s", async (_what, data, code) => {
    const client = await connected();
    const other = await connected("two");
    client.socket.send(data);
    expect((await client.closed).code).toBe(code);
    await other.request("ping", {});
  });

  it("ends a connection that breaks the framing, and no other", async () => {
    const other = await connected("two");
    const socket = connect(gateway.port, "127.0.0.1");
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    const head = [
      `GET /?tkn=${TOKEN} HTTP/1.1`,
      `Host: 127.0.0.1:${gateway.port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
    ];
    socket.write([...head, "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${key}`, "", ""].join("\r\n"));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await new Promise((resolve) => socket.once("close", resolve));
    await other.request("ping", {});
  });

  it("tells nothing of the inside when a request fails there", async () => {
    const client = await connected();
    const failure = await client.refusal("createSession", { channel: "ahp-session:/12345678", provider: "x" });
    expect(failure).toMatchObject({ code: -32603, data: { muster: { code: "internal" } } });
    expect(JSON.stringify(failure)).not.toContain("/path");
  });

  it("does not know methods that there are not, nor params of the wrong shape", async () => {
    const client = await connected();
    expect(await client.refusal("runAutomation", { automation: "a:/b", requestId: "1" })).toMatchObject({
      code: -32601,
    });
    expect(
      await client.refusal("resourceWrite", { uri: "file:///etc/passwd", data: "", encoding: "utf-8" }),
    ).toMatchObject({ code: -32009 });
    expect(await client.refusal("toString", {})).toMatchObject({ code: -32601 });
    const malformed = await client.refusal("resourceRead", { uri: 5 });
    expect(malformed).toMatchObject({ code: -32602, message: "The params of resourceRead are malformed at uri." });
  });
});

describe("actions", () => {
  it("reach the sender with its origin and every reader of the channel, framed once", async () => {
    const sender = await connected("one");
    const readers = await Promise.all(["two", "three", "four"].map((id) => connected(id)));
    for (const reader of [sender, ...readers]) await reader.subscribe("chat", CHAT);
    const framed = gateway.fanOut.framed;
    const echo = await sender.dispatched(CHAT, draft("hello"));
    expect(echo).toMatchObject({ channel: CHAT, action: draft("hello"), origin: { clientId: "one", clientSeq: 1 } });
    await Promise.all(readers.map((reader) => reader.until(() => reader.state("chat", CHAT).draft?.text === "hello")));
    expect(gateway.fanOut.framed - framed).toBe(1);
  });

  it.each([
    [
      "the host's own action",
      CHAT,
      { type: "chat/delta", turnId: "t", partId: "p", content: "spoofed" },
      /Only the host/,
    ],
    ["an unknown action", CHAT, { type: "chat/whatever" }, /Only the host/],
    ["an action of another kind of channel", TERMINAL, draft("x"), /does not know/],
    [
      "a channel that is not there",
      "ahp-session:/nobody",
      { type: "session/isReadChanged", isRead: true },
      /no such channel/,
    ],
    [
      "an end for a turn that does not run",
      CHAT,
      { type: "chat/turnCancelled", turnId: "t", duration: 0 },
      /not running/,
    ],
    [
      "a steering message",
      CHAT,
      { type: "chat/pendingMessageSet", kind: "steering", id: "s", message: { text: "x", origin: { kind: "user" } } },
      /cannot steer/,
    ],
    ["a malformed action", CHAT, { type: "chat/turnCancelled", turnId: 5 }, /malformed/],
  ])(
    "that are refused are answered with the reason, to their sender only: %s",
    async (_what, channel, action, reason) => {
      const sender = await connected("one");
      const reader = await connected("two");
      await reader.subscribe("chat", CHAT);
      const before = gateway.channels.state("chat", CHAT);
      const echo = await sender.dispatched(channel, action as never);
      expect(echo.rejectionReason).toMatch(reason);
      expect(gateway.channels.state("chat", CHAT)).toBe(before);
      await sender.dispatched(CHAT, draft("a later one"));
      await reader.until(() => reader.state("chat", CHAT).draft !== undefined);
      expect(reader.envelopes.filter((envelope) => envelope.rejectionReason !== undefined)).toEqual([]);
    },
  );

  it("that are sent again happen once, and are answered again", async () => {
    const client = await connected();
    const first = await client.dispatched(CHAT, draft("once"));
    await client.dispatched(CHAT, draft("twice"));
    const seen = client.envelopes.length;
    client.notify("dispatchAction", { channel: CHAT, clientSeq: 1, action: draft("once") });
    await client.until(() => client.envelopes.length > seen);
    expect(client.envelopes.at(-1)).toMatchObject({ serverSeq: first.serverSeq, origin: { clientSeq: 1 } });
    expect(gateway.channels.state("chat", CHAT)?.draft?.text).toBe("twice");
  });
});

describe("subscriptions", () => {
  it("lose and double nothing between snapshot and first action while the channel is busy", async () => {
    const readers = await Promise.all(Array.from({ length: 8 }, (_, index) => connected(`reader-${index}`)));
    let printed = 0;
    const printSome = () => {
      for (let count = 0; count < 3; count += 1) gateway.channels.dispatch(TERMINAL, print(`${(printed += 1)} `));
    };
    const states: TerminalState[] = [];
    for (let round = 0; round < 20; round += 1) {
      printSome();
      const watching = readers.map(async (reader) => {
        const state = await reader.subscribe("terminal", TERMINAL);
        states.push(state);
      });
      printSome();
      await new Promise((resolve) => setImmediate(resolve));
      printSome();
      await Promise.all(watching);
      if (round % 2 === 0) for (const reader of readers) reader.notify("unsubscribe", { channel: TERMINAL });
    }
    printSome();
    const expected = Array.from({ length: printed }, (_, index) => `${index + 1} `).join("");
    expect(states.every((state) => expected.startsWith(textOf(state)))).toBe(true);
    await Promise.all(
      readers.map((reader) => reader.until(() => textOf(reader.state("terminal", TERMINAL)) === expected)),
    );
  });

  it("show nothing that is not on disk", async () => {
    const client = await connected();
    const watching = client.subscribe("terminal", TERMINAL);
    gateway.channels.dispatch(TERMINAL, print("x"));
    await watching;
    const durable = gateway.log.durableSeq;
    expect(client.envelopes.every((envelope) => envelope.serverSeq <= durable)).toBe(true);
  });

  it("end with unsubscribe, and a second one is harmless", async () => {
    const client = await connected();
    await client.subscribe("terminal", TERMINAL);
    client.notify("unsubscribe", { channel: TERMINAL });
    client.notify("unsubscribe", { channel: TERMINAL });
    await client.request("ping", {});
    gateway.channels.dispatch(TERMINAL, print("unheard"));
    await gateway.log.flush();
    await client.request("ping", {});
    expect(client.envelopes).toEqual([]);
  });

  it("are not to be had for what is no channel", async () => {
    const client = await connected();
    for (const channel of ["ahp-session:/nobody", "file:///etc/passwd", "x-fleet-blob:/a/b"]) {
      expect(await client.refusal("subscribe", { channel })).toMatchObject({ code: -32001 });
    }
  });
});

describe("a client that comes back", () => {
  async function away(clientId: string, actions: number): Promise<{ seen: number }> {
    const client = await connected(clientId);
    await client.subscribe("terminal", TERMINAL);
    gateway.channels.dispatch(TERMINAL, print("before "));
    await client.until(() => client.envelopes.length === 1);
    client.close();
    await client.closed;
    for (let count = 0; count < actions; count += 1) gateway.channels.dispatch(TERMINAL, print(`${count} `));
    await gateway.log.flush();
    return { seen: client.envelopes[0]?.serverSeq ?? 0 };
  }

  const resume = (clientId: string, lastSeenServerSeq: number) => ({
    clientId,
    lastSeenServerSeq,
    subscriptions: [TERMINAL, "ahp-session:/gone"],
  });

  it("gets what it missed, and what is gone by name", async () => {
    const { seen } = await away("one", 3);
    const client = await open("one");
    const result = await client.request("reconnect", resume("one", seen));
    expect(result).toMatchObject({ type: "replay", missing: ["ahp-session:/gone"] });
    expect(result["actions"]).toMatchObject([
      { action: print("0 ") },
      { action: print("1 ") },
      { action: print("2 ") },
    ]);
    gateway.channels.dispatch(TERMINAL, print("live"));
    await client.until(() => client.envelopes.length === 1);
    expect(client.envelopes[0]?.action).toEqual(print("live"));
  });

  it("has one connection from then on: nothing is taken from the one that it gave up, and nothing goes there", async () => {
    const earlier = await connected("one");
    await earlier.subscribe("terminal", TERMINAL);
    const client = await open("one");
    await client.request("reconnect", resume("one", gateway.log.durableSeq));
    earlier.dispatch(CHAT, draft("from the past"));
    gateway.channels.dispatch(TERMINAL, print("now"));
    await client.until(() => client.envelopes.some(({ action }) => "data" in action && action.data === "now"));
    await client.request("ping", {});
    expect(gateway.channels.state("chat", CHAT)?.draft).toBeUndefined();
    expect(earlier.envelopes).toEqual([]);
  });

  it("gets snapshots when it was away for too long", async () => {
    await gateway.stop();
    gateway = await startGateway({ window: new ReplayWindow({ maxActions: 5 }) });
    const { seen } = await away("one", 50);
    const client = await open("one");
    const result = await client.request("reconnect", resume("one", seen));
    expect(result).toMatchObject({
      type: "snapshot",
      snapshots: [{ resource: TERMINAL, fromSeq: gateway.log.lastSeq }],
    });
  });

  it("gets no more turns of a long chat than it looks at", async () => {
    const chat = "ahp-chat:/long";
    const message = { text: "Go on", origin: { kind: "user" } };
    const turns = ["t1", "t2", "t3"].map((id) => ({ id, message, responseParts: [], state: "complete" as const }));
    const state = { resource: chat, title: "Long", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns };
    gateway.channels.create(chat, "chat", state);
    await away("one", 1);
    const client = await open("one");
    const _meta = { muster: { epoch: gateway.log.epoch, windows: [{ channel: chat, turns: 2 }] } };
    const asked = { ...resume("one", 1_000_000), subscriptions: [chat, CHAT], _meta };
    expect(await client.request("reconnect", asked)).toMatchObject({
      snapshots: [{ state: { turns: [{ id: "t2" }, { id: "t3" }], turnsNextCursor: "t2" } }, { resource: CHAT }],
    });
  });

  it("gets snapshots when it says that it saw what was never sent", async () => {
    await away("one", 1);
    const client = await open("one");
    expect(await client.request("reconnect", resume("one", 1_000_000))).toMatchObject({ type: "snapshot" });
  });

  it("is cut off when it does not read, and nobody else waits for it", async () => {
    await gateway.stop();
    gateway = await startGateway({ maxQueuedBytes: 256 * 1024 });
    const slow = await connected("slow");
    const quick = await connected("quick");
    await slow.subscribe("terminal", TERMINAL);
    await quick.subscribe("terminal", TERMINAL);
    slow.socket.pause();
    const block = "x".repeat(64 * 1024);
    for (let count = 1; gateway.gateway.connectionCount === 2 && count < 2_000; count += 1) {
      gateway.channels.dispatch(TERMINAL, print(block));
      gateway.channels.dispatch(TERMINAL, { type: "terminal/cleared" });
      await quick.until(() => quick.envelopes.length >= count * 2);
    }
    slow.socket.resume();
    await slow.closed;
    await quick.request("ping", {});
    expect(gateway.gateway.connectionCount).toBe(1);
  });
});
