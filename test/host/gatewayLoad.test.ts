import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { TerminalState } from "../../src/protocol/terminal.ts";
import { aGrant, FixedTokens, ownersGrant } from "../support/access.ts";
import { startGateway, TERMINAL, TOKEN } from "./gatewayFixture.ts";
import { WireClient } from "./wireClient.ts";

/** The rules say a thousand clients and a million lines; `MUSTER_LOAD=full` takes them. */
const isFull = process.env["MUSTER_LOAD"] === "full";
const crowd = isFull ? 1_000 : 300;
const lines = isFull ? 1_000_000 : 200_000;
const OTHER = "o".repeat(43);

let gateway: Awaited<ReturnType<typeof startGateway>> | undefined;
const sockets: Socket[] = [];
const clients: WireClient[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const client of clients.splice(0)) client.socket.terminate();
  await gateway?.stop();
  gateway = undefined;
});

const print = (data: string) => ({ type: "terminal/data", data }) as const;
const textOf = ({ content }: TerminalState) =>
  content.map((part) => (part.type === "unclassified" ? part.value : "")).join("");

async function connected(url: string, clientId: string, token = TOKEN): Promise<WireClient> {
  const client = await WireClient.connect(url, token, clientId);
  clients.push(client);
  return client;
}

const openFiles = () => readdirSync("/proc/self/fd").length;

it(`NET-6: a reader that stops reading under ${lines} lines is cut, holds no memory, and nobody else waits`, async () => {
  gateway = await startGateway();
  const { channels, url, log } = gateway;
  const slow = await connected(url, "slow");
  const quick = await connected(url, "quick");
  await slow.subscribe("terminal", TERMINAL);
  await quick.subscribe("terminal", TERMINAL);
  slow.socket.pause();
  let largest = 0;
  const waits: number[] = [];
  const block =
    "a line of eighty-eight characters, which an agent prints again and again and again, till it ends\n".slice(-88);
  const perBlock = 1_000;
  for (let sent = 0; sent < lines; sent += perBlock) {
    const seen = quick.envelopes.length;
    const begin = performance.now();
    channels.dispatch(TERMINAL, print(block.repeat(perBlock)));
    await log.flush();
    await quick.until(() => quick.envelopes.length > seen);
    waits.push(performance.now() - begin);
    // What has come is not what this is about.
    quick.envelopes.splice(0);
    largest = Math.max(largest, gateway.fanOut.backlogOf(TERMINAL));
  }
  const p99 = waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? 0;
  expect(largest).toBeLessThan(8 * 1024 * 1024 + 2 * block.length * perBlock);
  expect(p99).toBeLessThan(isFull ? 100 : 500);
  slow.socket.resume();
  expect(await slow.closed).toMatchObject({ code: expect.any(Number) });
  const back = await connected(url, "slow");
  expect(textOf(await back.subscribe("terminal", TERMINAL)).slice(-200)).toBe(
    textOf(channels.state("terminal", TERMINAL) as TerminalState).slice(-200),
  );
});

it("NET-7: half-finished upgrades are given up in seconds, and nobody else notices them", async () => {
  const before = openFiles();
  gateway = await startGateway();
  const { port, url, stop } = gateway;
  const closed: Promise<unknown>[] = [];
  const count = isFull ? 500 : 200;
  for (let each = 0; each < count; each += 1) {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined);
    closed.push(new Promise((resolve) => socket.on("close", resolve)));
    socket.write(`GET /?tkn=${TOKEN} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Slow: `);
    const drip = setInterval(() => socket.write("x"), 1_000);
    socket.on("close", () => clearInterval(drip));
  }
  const begin = performance.now();
  const login = await connected(url, "login");
  await login.request("ping", {});
  expect(performance.now() - begin).toBeLessThan(2_000);
  await Promise.all(closed);
  expect(performance.now() - begin).toBeLessThan(20_000);
  await login.request("ping", {});
  login.close();
  await login.closed;
  gateway = undefined;
  await stop();
  expect(openFiles()).toBeLessThanOrEqual(before + 2);
});

it(`NET-8, NET-10: ${crowd} clients that are cut at once are all back with everything, and each gets every message`, async () => {
  gateway = await startGateway({ maxConnections: crowd + 10 });
  const { channels, url, log } = gateway;
  const seqOf = (client: WireClient) => client.held()[0]?.seq ?? 0;
  const first = await Promise.all(Array.from({ length: crowd }, (_, each) => connected(url, `client-${each}`)));
  await Promise.all(first.map((client) => client.subscribe("terminal", TERMINAL)));
  const messages = 100;
  for (let each = 0; each < messages; each += 1) channels.dispatch(TERMINAL, print(`${each} `));
  await log.flush();
  await Promise.all(first.map((client) => client.until(() => client.envelopes.length >= messages)));
  const seen = first.map((client) => Math.max(seqOf(client), ...client.envelopes.map(({ serverSeq }) => serverSeq)));
  for (const client of first) client.socket.terminate();
  channels.dispatch(TERMINAL, print("while they were away"));
  await log.flush();
  const begin = performance.now();
  const answers = await Promise.all(
    seen.map(async (lastSeenServerSeq, each) => {
      const client = await WireClient.open(url, TOKEN, `client-${each}`);
      clients.push(client);
      return client.request("reconnect", { clientId: `client-${each}`, lastSeenServerSeq, subscriptions: [TERMINAL] });
    }),
  );
  expect(performance.now() - begin).toBeLessThan(10_000);
  for (const answer of answers) {
    expect(answer).toMatchObject({ type: "replay", actions: [{ action: { data: "while they were away" } }] });
  }
});

it(`AUTH-5: of ${crowd} live connections those of a revoked token are dead within 5 seconds, the others go on`, async () => {
  const tokens = new FixedTokens({ [TOKEN]: ownersGrant, [OTHER]: aGrant({ sessions: "all" }) });
  gateway = await startGateway({ tokens, maxConnections: crowd + 10 });
  const { url } = gateway;
  const all = await Promise.all(
    Array.from({ length: crowd }, (_, each) => connected(url, `c-${each}`, each % 2 === 0 ? TOKEN : OTHER)),
  );
  const begin = performance.now();
  tokens.revoke(OTHER);
  const ended = await Promise.all(all.filter((_, each) => each % 2 === 1).map((client) => client.closed));
  expect(performance.now() - begin).toBeLessThan(5_000);
  expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([4001]));
  await Promise.all(all.filter((_, each) => each % 2 === 0).map((client) => client.request("ping", {})));
  await expect(WireClient.open(url, OTHER, "again")).rejects.toThrow(/403/);
});
