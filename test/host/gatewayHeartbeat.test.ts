import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { beatMs } from "../../src/host/gateway/heartbeat.ts";
import { FakeClock } from "../support/fakeClock.ts";
import { startGateway, TOKEN } from "./gatewayFixture.ts";

const clock = new FakeClock();
let gateway: Awaited<ReturnType<typeof startGateway>>;
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await gateway.stop();
});

async function open(autoPong: boolean): Promise<WebSocket> {
  const socket = new WebSocket(`${gateway.url}/?tkn=${TOKEN}`, { autoPong });
  sockets.push(socket);
  await new Promise((resolve) => socket.once("open", resolve));
  return socket;
}

const pinged = (socket: WebSocket) => new Promise((resolve) => socket.once("ping", resolve));
/** What was sent before has been taken in by the host. */
const settled = async (socket: WebSocket) => {
  const ponged = new Promise((resolve) => socket.once("pong", resolve));
  socket.ping();
  await ponged;
};

it("NET-4: a connection that is half open is noticed within 30 seconds, and one that is only quiet stays", async () => {
  // Its patience with the greeting is not what this is about.
  gateway = await startGateway({ clock, greetingTimeoutMs: 1e9 });
  const [quiet, dead, talks] = [await open(true), await open(false), await open(false)];
  const closed = new Promise((resolve) => dead.once("close", resolve));
  const beat = async (asked: readonly WebSocket[]) => {
    const pings = Promise.all(asked.map(pinged));
    await clock.advance(beatMs);
    await pings;
    talks.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: {} }));
    await Promise.all([quiet, talks].map(settled));
  };
  await beat([quiet, dead, talks]);
  await beat([quiet, talks]);
  expect(2 * beatMs).toBeLessThanOrEqual(30_000);
  expect(await closed).toBe(1006);
  await beat([quiet, talks]);
  await beat([quiet, talks]);
  expect([quiet.readyState, talks.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  expect(gateway.gateway.connectionCount).toBe(2);
});
