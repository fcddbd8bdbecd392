import { createServer, type Server, type Socket } from "node:net";
import { setImmediate as nextTick } from "node:timers/promises";
import { parseAction } from "../../../src/protocol/actions.ts";
import { startGateway, TERMINAL, TOKEN } from "../../host/gatewayFixture.ts";
import { aHostApi } from "../../support/aHostApi.ts";
import { serve } from "../child.ts";
import { manySessions, pageOf } from "./manySessions.ts";
import { frameOf, prose, seeded, SessionTraffic } from "./traffic.ts";

/** A gateway on a real log, and beside it the raw TCP that it is measured against, in one process. */
type Gateway = Awaited<ReturnType<typeof startGateway>>;

const session = new SessionTraffic(0, seeded(0));
/** Every frame that was missed, in the order in which it would have been sent. */
let missed: Buffer = Buffer.alloc(0);
let gateway: Gateway | undefined;
let server: Server | undefined;
const sockets = new Set<Socket>();

function channelsOf({ session, chat, changeset, terminal }: SessionTraffic) {
  return { session, chat, changeset, terminal };
}

function running(): Gateway {
  if (gateway === undefined) throw new Error("The gateway has not been started.");
  return gateway;
}

const calls = {
  /** `sessions`: how many the host lists. They are in the list only. */
  async start({ sessions = 0 }: { sessions?: number } = {}) {
    const listed = manySessions(sessions);
    const api = aHostApi({ recentSessions: () => [], listSessions: (params) => pageOf(listed, params) });
    gateway = await startGateway({ api, maxQueuedBytes: 2 ** 30 });
    const { channels, log } = gateway;
    for (const [uri, { kind, state }] of Object.entries(session.channels())) channels.create(uri, kind, state);
    await log.flush();
    server = createServer((socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => sockets.delete(socket));
      socket.on("close", () => sockets.delete(socket));
      // One byte asks for everything that was missed.
      socket.once("data", () => socket.write(missed));
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const rawPort = typeof address === "object" && address !== null ? address.port : 0;
    return { url: `${gateway.url}/?tkn=${TOKEN}`, rawPort, terminal: TERMINAL, session: channelsOf(session) };
  },

  /** Lets at least `count` actions happen on the session. */
  async happen({ count }: { count: number }) {
    const { channels, log } = running();
    const frames: string[] = [];
    while (frames.length < count) {
      for (const event of session.turn()) {
        if (!("action" in event)) continue;
        const action = parseAction(event.action);
        if (!action.ok) throw new Error(action.error);
        const { seq } = channels.dispatch(event.channel, action.value);
        frames.push(frameOf(event, seq));
      }
      await nextTick();
    }
    await log.flush();
    missed = Buffer.from(frames.join("\n"));
    return { actions: frames.length, bytes: missed.length };
  },

  /** Publishes on a terminal, `perTick` actions each time the event loop comes round. */
  async publish({ terminal, count, perTick }: { terminal: string; count: number; perTick: number }) {
    const { channels, log } = running();
    const data = prose(seeded(1), 220);
    const before = process.cpuUsage();
    for (let done = 0; done < count;) {
      for (let turn = 0; turn < perTick && done < count; turn++, done++) {
        channels.dispatch(terminal, { type: "terminal/data", data });
      }
      await nextTick();
    }
    await log.flush();
    const { user, system } = process.cpuUsage(before);
    channels.dispatch(terminal, { type: "terminal/cleared" });
    await log.flush();
    return { cpuUs: user + system };
  },

  /** The same bytes to every raw socket, one write a message. */
  async publishRaw({ count, perTick }: { count: number; perTick: number }) {
    const message = rawMessage();
    const before = process.cpuUsage();
    for (let done = 0; done < count;) {
      for (let turn = 0; turn < perTick && done < count; turn++, done++) {
        for (const socket of sockets) socket.write(message);
      }
      await nextTick();
    }
    await Promise.all(Array.from(sockets, drained));
    const { user, system } = process.cpuUsage(before);
    return { cpuUs: user + system };
  },

  /** The same as `publish` on a terminal that nobody reads, with raw writes for every action that is on disk. */
  async publishBeside({ terminal, count }: { terminal: string; count: number }) {
    const message = rawMessage();
    const writing = running().channels.onCommitted((batch) => {
      for (const { channel } of batch) if (channel === terminal) for (const socket of sockets) socket.write(message);
    });
    const told = await calls.publish({ terminal, count, perTick: 1 });
    writing.dispose();
    return told;
  },

  /** Actions framed so far, and actions so far. */
  counts() {
    const { fanOut, channels } = running();
    return { framed: fanOut.framed, actions: channels.lastSeq };
  },

  /** CPU of this process since its start, in microseconds. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  async stop() {
    for (const socket of sockets) socket.destroy();
    server?.close();
    await gateway?.stop();
  },
};

function rawMessage(): Buffer {
  const action = { type: "terminal/data", data: prose(seeded(1), 220) };
  return Buffer.from(frameOf({ channel: TERMINAL, action }, 123_456));
}

function drained(socket: Socket): Promise<void> {
  if (socket.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => socket.once("drain", resolve));
}

export type GatewayCalls = typeof calls;

serve(calls);
