import { setImmediate as nextTick } from "node:timers/promises";
import { WebSocket, WebSocketServer } from "ws";
import { startGateway, TERMINAL, TOKEN } from "../../host/gatewayFixture.ts";
import { serve } from "../child.ts";
import { residentBytes } from "../measure.ts";

/** A gateway on a real log and, beside it in the same process, a bare `ws` server that keeps nothing. */
type Gateway = Awaited<ReturnType<typeof startGateway>>;

let gateway: Gateway | undefined;
let bare: WebSocketServer | undefined;

function running(): Gateway {
  if (gateway === undefined) throw new Error("The gateway has not been started.");
  return gateway;
}

/** What a reader gets of one action, with the time at which it was made. */
function stampedData(length: number): string {
  return `@${process.hrtime.bigint()}@${"x".repeat(length)}`;
}

function ours(length: number): void {
  running().channels.dispatch(TERMINAL, { type: "terminal/data", data: stampedData(length) });
}

function theirs(length: number): void {
  const action = { type: "terminal/data", data: stampedData(length) };
  const params = { channel: TERMINAL, action, serverSeq: 123_456 };
  const message = Buffer.from(JSON.stringify({ jsonrpc: "2.0", method: "action", params }));
  for (const client of bare?.clients ?? []) client.send(message, { binary: false });
}

const sides = { ours, theirs };
export type Side = keyof typeof sides;

const calls = {
  async start() {
    gateway = await startGateway({ maxQueuedBytes: 2 ** 30, maxConnections: 20_000 });
    bare = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
    await new Promise((resolve) => bare?.once("listening", resolve));
    const address = bare.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return { ours: `${gateway.url}/?tkn=${TOKEN}`, theirs: `ws://127.0.0.1:${port}/`, terminal: TERMINAL };
  },

  /** `perSecond` actions a second for so long, each stamped. */
  async steadily({ side, perSecond, seconds }: { side: Side; perSecond: number; seconds: number }) {
    const startedAt = performance.now();
    let done = 0;
    while (done < perSecond * seconds) {
      const due = ((performance.now() - startedAt) / 1000) * perSecond;
      for (; done < due; done++) sides[side](220);
      await nextTick();
    }
    return settled(done);
  },

  /** So many actions as fast as they can be made. CPU in microseconds, time on the wall in milliseconds. */
  async saturated({ side, count, perTick }: { side: Side; count: number; perTick: number }) {
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    for (let done = 0; done < count;) {
      for (let turn = 0; turn < perTick && done < count; turn++, done++) sides[side](220);
      await nextTick();
    }
    const { user, system } = await settled(count).then(() => process.cpuUsage(cpuBefore));
    return { cpuUs: user + system, ms: performance.now() - startedAt };
  },

  memory: residentBytes,

  async stop() {
    for (const client of bare?.clients ?? []) client.terminate();
    bare?.close();
    await gateway?.stop();
  },
};

/** When everything is on disk and out of the process. */
async function settled(count: number): Promise<number> {
  await running().log.flush();
  const busy = () => Array.from(bare?.clients ?? []).some((client) => isFull(client));
  while (busy()) await nextTick();
  return count;
}

function isFull(client: WebSocket): boolean {
  return client.readyState === WebSocket.OPEN && client.bufferedAmount > 0;
}

export type SidesCalls = typeof calls;

serve(calls);
