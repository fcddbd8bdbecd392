import type { RunOptions } from "./runOptions.ts";
import type { SessionRecord } from "./sessionRecord.ts";
import { TurnWatch } from "./turnWatch.ts";

const minuteMs = 60_000;

/**
 * Holds a turn of this session against the host's limits: what comes near is told in the transcript, what was worked is
 * added to the session's time.
 * @param stop asks the agent to end its turn; called again until it has
 */
export function watchTurn(options: RunOptions, record: SessionRecord, turnId: string, stop: () => void): TurnWatch {
  const { timeLimits, clock, logger } = options;
  const { refs } = record;
  return new TurnWatch(clock, {
    limits: timeLimits,
    session: () => {
      const { workedMs = 0, limitMinutes = timeLimits.sessionMinutes } = record.fleet?.time ?? {};
      return { workedMs, limitMs: limitMinutes * minuteMs };
    },
    isExcused: () => (record.session?.inputNeeded?.length ?? 0) > 0,
    onNear: (sentence) => {
      if (record.chat?.activeTurn?.id !== turnId) return;
      const content = { markdown: sentence };
      const part = { kind: "systemNotification" as const, content, _meta: { muster: { limit: "time" } } };
      record.dispatch(refs.chat, { type: "chat/responsePart", turnId, part });
    },
    onOver: () => {
      logger.warn("a turn reached its time limit", { session: refs.id });
      stop();
    },
    onWorked: (ms) => record.dispatch(refs.fleet, { type: "x-fleet/timeUsed", ms }),
  });
}

/** Does the work as long as there is time. Throws the limit that ended it, whatever the work made of that. */
export async function withinTime<T>(watch: TurnWatch, work: () => Promise<T>): Promise<T> {
  const assertTime = () => {
    const { over } = watch;
    if (over) throw over;
  };
  try {
    assertTime();
    const result = await work();
    assertTime();
    return result;
  } catch (error) {
    throw watch.over ?? error;
  } finally {
    watch.dispose();
  }
}
