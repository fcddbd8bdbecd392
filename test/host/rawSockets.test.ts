import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Dice } from "../support/dice.ts";
import { type RawFrame, rawFrame, RawSocket } from "../support/rawWebSocket.ts";
import { startGateway, TERMINAL, TOKEN } from "./gatewayFixture.ts";
import { WireClient } from "./wireClient.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let gateway: Awaited<ReturnType<typeof startGateway>>;
let good: WireClient;
let sockets: RawSocket[];

beforeEach(async () => {
  sockets = [];
  gateway = await startGateway();
  good = await WireClient.open(gateway.url, TOKEN, "good");
  await good.initialize([TERMINAL]);
});

afterEach(async () => {
  for (const socket of sockets) socket.end();
  good.socket.terminate();
  await gateway.stop();
});

async function raw(): Promise<RawSocket> {
  const socket = await RawSocket.open(gateway.port);
  sockets.push(socket);
  return socket;
}

function upgrade(change: { readonly line?: string; readonly headers?: readonly string[] } = {}): string {
  const headers = change.headers ?? [
    `Host: 127.0.0.1:${gateway.port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  return [change.line ?? `GET /?tkn=${TOKEN} HTTP/1.1`, ...headers, "", ""].join("\r\n");
}

async function upgraded(): Promise<RawSocket> {
  const socket = await raw();
  socket.send(upgrade());
  expect(await socket.status()).toBe(101);
  socket.forget();
  return socket;
}

async function staysServed(): Promise<void> {
  await good.request("ping", {});
  gateway.channels.dispatch(TERMINAL, { type: "terminal/data", data: "still here" });
  await good.until(() => good.envelopes.some(({ action }) => "data" in action && action.data === "still here"));
}

const text = (payload: Buffer | string, more: Partial<RawFrame> = {}) => rawFrame({ opcode: 1, payload, ...more });
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

describe("FUZ-3: frames that are wrong end their own connection with the right code", () => {
  it.each<[string, Buffer[], number | undefined]>([
    ["the first reserved bit, as if compressed", [text(ping, { reserved: 4 })], 1002],
    ["the other reserved bits", [text(ping, { reserved: 3 })], 1002],
    ["a reserved opcode for data", [rawFrame({ opcode: 3 })], 1002],
    ["a reserved opcode for control", [rawFrame({ opcode: 11 })], 1002],
    ["no mask", [text(ping, { isMasked: false })], 1002],
    ["a ping of 126 bytes", [rawFrame({ opcode: 9, payload: "x".repeat(126) })], 1002],
    ["a ping in pieces", [rawFrame({ opcode: 9, fin: false })], 1002],
    ["the rest of nothing", [rawFrame({ opcode: 0, payload: "x" })], 1002],
    ["a message within a message", [text("a", { fin: false }), text("b")], 1002],
    ["text that is no UTF-8", [text(Buffer.from([0xc3, 0x28]))], 1007],
    [
      "half a character, cut at a fragment",
      [text(Buffer.from([0xe2, 0x82]), { fin: false }), rawFrame({ opcode: 0 })],
      1007,
    ],
    ["a close of one byte", [rawFrame({ opcode: 8, payload: "x" })], 1002],
    ["a close with a code that is none", [rawFrame({ opcode: 8, payload: Buffer.from([0x03, 0xed]) })], 1002],
    ["a close whose reason is no UTF-8", [rawFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8, 0xff]) })], 1007],
    ["a length of 2 MiB and one byte", [text("", { length: { bits: 64, value: 2n ** 21n + 1n } })], 1009],
    ["a length of 2^62", [text("", { length: { bits: 64, value: 2n ** 62n } })], 1009],
    [
      "fragments that together are too long",
      Array.from({ length: 40 }, (_, at) =>
        rawFrame({ opcode: at === 0 ? 1 : 0, fin: false, payload: "x".repeat(60_000) }),
      ),
      1009,
    ],
    [
      "more than 64 fragments",
      Array.from({ length: 70 }, (_, at) => rawFrame({ opcode: at === 0 ? 1 : 0, fin: false, payload: "x" })),
      1008,
    ],
    [
      "binary data",
      [rawFrame({ opcode: 2, payload: ping }), rawFrame({ opcode: 8, payload: Buffer.from([0x03, 0xeb]) })],
      1003,
    ],
  ])("%s", async (_what, frames, code) => {
    const socket = await upgraded();
    for (const frame of frames) socket.send(frame);
    expect(await socket.closeCode()).toBe(code);
    await staysServed();
    expect(gateway.gateway.connectionCount).toBe(1);
  });

  it("while empty fragments, pings in between and single bytes are no fault", async () => {
    const socket = await upgraded();
    socket.send(text("", { fin: false }));
    socket.send(rawFrame({ opcode: 9, payload: "?" }));
    for (const byte of rawFrame({ opcode: 0, payload: ping })) {
      socket.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await socket.until(() => (socket.text.includes('{"jsonrpc":"2.0","id":1,"result":null}') ? true : undefined));
  });
});

describe("FUZ-4: a flood", () => {
  it("of tiny fragments from fifty connections is cut, and leaves no memory behind", async () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const attackers = await Promise.all(Array.from({ length: 50 }, upgraded));
    const flood = Buffer.concat([
      text("x", { fin: false }),
      ...Array.from({ length: 5_000 }, () => rawFrame({ opcode: 0, fin: false, payload: "x" })),
    ]);
    for (const attacker of attackers) attacker.send(flood);
    await Promise.all(attackers.map(({ closed }) => closed));
    await staysServed();
    for (const attacker of attackers.splice(0)) attacker.end();
    sockets = [];
    collect();
    expect((process.memoryUsage().heapUsed - before) / 2 ** 20).toBeLessThan(10);
  });

  it("of bytes without sense ends connections, never the host", async () => {
    const dice = new Dice(1);
    for (let round = 0; round < 100; round++) {
      const socket = dice.chance(0.7) ? await upgraded() : await raw();
      socket.send(Buffer.from(Array.from({ length: 1 + dice.below(600) }, () => dice.below(256))));
      if (dice.chance(0.5)) socket.end();
    }
    await staysServed();
  });
});

describe("FUZ-5: an upgrade that is wrong", () => {
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  const rest = () => [`Host: 127.0.0.1:${gateway.port}`, "Connection: Upgrade", "Upgrade: websocket"];
  it.each<[string, () => string]>([
    [
      "2,000 headers",
      () => upgrade({ headers: [...rest(), ...Array.from({ length: 2_000 }, (_, at) => `X-${at}: y`)] }),
    ],
    ["a header of 64 KB", () => upgrade({ headers: [...rest(), `X-Long: ${"y".repeat(65_536)}`] })],
    ["HTTP/1.0", () => upgrade({ line: `GET /?tkn=${TOKEN} HTTP/1.0` })],
    ["no key", () => upgrade({ headers: [...rest(), "Sec-WebSocket-Version: 13"] })],
    [
      "a key that is none",
      () => upgrade({ headers: [...rest(), "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x"] }),
    ],
    ["two keys", () => upgrade({ headers: [...rest(), "Sec-WebSocket-Version: 13", key, key] })],
    ["an old version", () => upgrade({ headers: [...rest(), "Sec-WebSocket-Version: 7", key] })],
    [
      "another protocol",
      () => upgrade({ headers: [...rest().slice(0, 2), "Upgrade: h2c", "Sec-WebSocket-Version: 13", key] }),
    ],
    ["another method", () => upgrade({ line: `POST /?tkn=${TOKEN} HTTP/1.1` })],
    ["two Hosts", () => upgrade({ headers: [...rest(), `Host: evil.example`, "Sec-WebSocket-Version: 13", key] })],
    [
      "a body of two lengths",
      () =>
        upgrade({
          headers: [...rest(), "Content-Length: 4", "Transfer-Encoding: chunked", "Sec-WebSocket-Version: 13", key],
        }),
    ],
    [
      "a line end within a header",
      () => upgrade({ headers: [...rest(), "X-A: b\rX-B: c", "Sec-WebSocket-Version: 13", key] }),
    ],
    ["no HTTP at all", () => "\u0016\u0003\u0001\u0002\u0000\r\n\r\n"],
  ])("is refused: %s", async (_what, request) => {
    const socket = await raw();
    socket.send(request());
    const status = await socket.status();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    await staysServed();
    expect(gateway.gateway.connectionCount).toBe(1);
  });

  it("does not carry a second request in behind it", async () => {
    const socket = await raw();
    socket.send(`${upgrade()}${upgrade({ line: "GET /healthz HTTP/1.1" })}`);
    expect(await socket.status()).toBe(101);
    expect(await socket.closeCode()).toBe(1002);
    expect(socket.text).not.toContain("ok");
  });

  it("is given up when it is never finished", async () => {
    const socket = await raw();
    socket.send("GET / HTTP/1.1\r\nHost: ");
    await once(socket.socket, "close");
    await staysServed();
  });
});
