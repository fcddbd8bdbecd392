import { mkdtempSync, rmSync } from "node:fs";
import { setImmediate as nextTick } from "node:timers/promises";
import { silentLogger } from "../../../src/base/logger.ts";
import { Channels } from "../../../src/host/channels/channels.ts";
import { Retention } from "../../../src/host/channels/retention.ts";
import { SqliteLog } from "../../../src/host/log/sqlite.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import { serve } from "../child.ts";
import { longestStallMs } from "../stall.ts";
import { dataDirectory } from "./dataDirectory.ts";
import { addSession, type BegunTurn, endTurn, fillSessions, writeText } from "./manyTurns.ts";

/** The data of many sessions and what is done with all of it, in a process of its own. */
const directory = mkdtempSync(dataDirectory("stalls"));
const turnLength = 100;
let log: SqliteLog | undefined;
let long: BegunTurn | undefined;

function open() {
  log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
  return { log, channels: new Channels({ log, logger: silentLogger, elapsed: () => systemClock.elapsed() }) };
}

/** Goes on with the conversation, a turn for every hundred actions. */
async function goOn(channels: Channels, turn: BegunTurn, actions: number): Promise<BegunTurn> {
  let running = turn;
  for (let done = 0; done < actions; done += turnLength) {
    writeText(channels, running, turnLength);
    endTurn(channels, running);
    running = { ...running, turnId: `turn-${done}` };
    const message = { text: "Go on", origin: { kind: "user" } } as const;
    const startedAt = "2026-01-01T00:00:00.000Z";
    channels.dispatch(running.refs.chat, { type: "chat/turnStarted", turnId: running.turnId, startedAt, message });
    const part = { kind: "markdown", id: "answer", content: "" } as const;
    channels.dispatch(running.refs.chat, { type: "chat/responsePart", turnId: running.turnId, part });
    await nextTick();
  }
  return running;
}

const calls = {
  async fill({ sessions, actions, long: length }: { sessions: number; actions: number; long: number }) {
    const { log: filled, channels } = open();
    await fillSessions(channels, sessions, actions);
    long = await goOn(channels, addSession(channels), length);
    channels.saveSnapshots();
    await filled.close();
  },

  /** Longest stalls, in ms. */
  async work({ actions }: { actions: number }) {
    const { log: opened, channels } = open();
    const turn = long;
    if (turn === undefined) throw new Error("There is no data.");
    const { chat } = turn.refs;
    const sweep = (disposedMs: number) => {
      const retention = new Retention({ log: opened, channels, clock: systemClock, logger: silentLogger, disposedMs });
      return retention.sweep();
    };
    const everything = async () => {
      for (const [index, uri] of (await channels.known("")).entries()) {
        if (index % 10 === 0) await nextTick();
        await channels.load(uri);
        if (channels.state("session", uri)) channels.dispatch(uri, { type: "session/titleChanged", title: "Touched" });
      }
      await opened.flush();
    };
    const restAll = async () => {
      while (channels.rest(-1, () => true)) await nextTick();
      await opened.flush();
    };
    globalThis.gc?.();
    const looking = await longestStallMs(() => sweep(Number.POSITIVE_INFINITY));
    const loading = await longestStallMs(() => channels.load(chat));
    const writing = await longestStallMs(() => goOn(channels, turn, actions).then(() => opened.flush()));
    await everything();
    const resting = await longestStallMs(restAll);
    await channels.load(chat);
    channels.remove(chat);
    await opened.flush();
    const deleting = await longestStallMs(() => sweep(-1));
    return {
      "it looks for what may be deleted": looking,
      "the long conversation is read": loading,
      "the long conversation goes on": writing,
      "all that nobody uses leaves the memory": resting,
      "the long conversation is deleted": deleting,
    };
  },

  async stop() {
    await log?.close();
    rmSync(directory, { recursive: true, force: true });
  },
};

export type StallsCalls = typeof calls;

serve(calls);
