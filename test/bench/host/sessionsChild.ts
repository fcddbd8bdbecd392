import { mkdtempSync, rmSync } from "node:fs";
import { setImmediate as nextTick } from "node:timers/promises";
import { silentLogger } from "../../../src/base/logger.ts";
import { Channels } from "../../../src/host/channels/channels.ts";
import { SqliteLog } from "../../../src/host/log/sqlite.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import { serve } from "../child.ts";
import { residentBytes } from "../measure.ts";
import { dataDirectory } from "./dataDirectory.ts";
import { addSession } from "./manyTurns.ts";

/** Channels of any number of sessions on a real log, in a process of their own. */
const directory = mkdtempSync(dataDirectory("sessions"));
const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
const channels = new Channels({ log, logger: silentLogger });
const turns: ReturnType<typeof addSession>[] = [];

const calls = {
  /** Each with a turn that goes on. */
  async start({ sessions }: { sessions: number }) {
    const before = await residentBytes();
    for (let index = 0; index < sessions; index++) {
      turns.push(addSession(channels));
      if (index % 50 === 0) await nextTick();
    }
    await log.flush();
    return { bytesEach: ((await residentBytes()) - before) / sessions };
  },

  /** Actions at this rate, one session after the other. CPU in microseconds an action, ages in milliseconds. */
  async work({ perSecond, seconds }: { perSecond: number; seconds: number }) {
    const madeAt = new Map<number, number>();
    const ages: number[] = [];
    let commits = 0;
    const listening = channels.onCommitted((batch) => {
      const now = performance.now();
      commits += 1;
      for (const { seq } of batch) ages.push(now - (madeAt.get(seq) ?? now));
    });
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    let done = 0;
    while (done < perSecond * seconds) {
      const due = ((performance.now() - startedAt) / 1000) * perSecond;
      for (; done < due; done++) {
        const turn = turns[(done * 7) % turns.length];
        if (turn === undefined) break;
        const { refs, turnId } = turn;
        const { seq } = channels.dispatch(refs.chat, {
          type: "chat/delta",
          turnId,
          partId: "answer",
          content: "a few words, ",
        });
        madeAt.set(seq, performance.now());
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await log.flush();
    listening.dispose();
    const { user, system } = process.cpuUsage(cpuBefore);
    return { cpuUs: (user + system) / done, ages, commits };
  },

  async stop() {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  },
};

export type SessionsCalls = typeof calls;

serve(calls);
