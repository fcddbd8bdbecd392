import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { ClockWatch } from "../clockWatch.ts";
import type { EventLog } from "../log/log.ts";
import { type Act, AUDIT_CHANNEL, auditBody } from "./auditRecord.ts";
import { isReading } from "./rights.ts";

export type NewAct = Omit<Act, "at" | "times">;

export interface AuditOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a record is kept. */
  readonly keptMs: number;
}

interface Alike {
  readonly act: NewAct;
  /** Recorded each, and only counted. */
  written: number;
  uncounted: number;
}

const windowMs = 60_000;
/** A machine's clock is put right soon after it has started. */
const firstSweepMs = 60_000;
const sweepMs = 60 * 60_000;
const maxAlike = 1_000;
const maxTextLength = 300;
/** So many refusals alike are written each within a minute; more are a flood. */
const refusalsWritten = 10;
/** What follows every key that a person presses, every edge of a window that is dragged, and every look of a monitor. */
const chatty: ReadonlySet<string> = new Set([
  "metrics",
  "terminal/input",
  "terminal/resized",
  "chat/draftChanged",
  "chat/inputAnswerChanged",
  "session/isReadChanged",
]);

/**
 * Who did what, when, from where, and what was refused and why: a channel of the log of its own, chained like the others.
 * Every accepted act is a record. What only reads, what comes with every key, and refusals in a flood are a record for the
 * first and one a minute for the number of the others, so that nobody can fill the disk with being refused.
 */
export class Audit implements Disposable {
  readonly #options: AuditOptions;
  readonly #alike = new Map<string, Alike>();
  #flushTimer: Disposable | undefined;
  #sweepTimer: Disposable | undefined;
  readonly #clockWatch: ClockWatch;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#clockWatch = new ClockWatch(options.clock);
  }

  record(given: NewAct): void {
    const act = bounded(given);
    const limit = act.refused !== undefined ? refusalsWritten : isChatty(act.what) ? 1 : Number.POSITIVE_INFINITY;
    if (limit === Number.POSITIVE_INFINITY) return this.#write(act);
    const alike = this.#countOf(act);
    if (alike.written < limit) {
      alike.written += 1;
      this.#write(act);
    } else {
      alike.uncounted += 1;
    }
  }

  /** Removes what is older than it has to be kept, a minute after the start and every hour. */
  start(): void {
    this.#sweepIn(firstSweepMs);
  }

  #sweepIn(ms: number): void {
    const { clock, logger } = this.#options;
    this.#sweepTimer = clock.setTimeout(() => {
      this.sweep().catch((error: unknown) => {
        logger.error("old audit records were not removed", { error: String(error) });
      });
      this.#sweepIn(sweepMs);
    }, ms);
  }

  async sweep(): Promise<void> {
    const { log, clock, logger, keptMs } = this.#options;
    if (this.#clockWatch.wasSet()) {
      logger.warn("the clock was set: no audit record is removed before the next sweep");
      return;
    }
    let old = 0;
    for await (const { seq, time } of log.read({ after: 0, channel: AUDIT_CHANNEL })) {
      if (time > clock.now() - keptMs) break;
      old = seq;
    }
    if (old === 0) return;
    // A record is removed only where a snapshot stands for it.
    log.saveSnapshot(AUDIT_CHANNEL, { seq: old, state: JSON.stringify({ audit: { removedUntil: old } }) });
    log.prune(AUDIT_CHANNEL, old);
  }

  /** Writes the counts that are due. The log must still be open. */
  dispose(): void {
    this.#sweepTimer?.dispose();
    this.#flush();
  }

  #countOf(act: NewAct): Alike {
    const { user, token, from, what, channel, refused } = act;
    // A refused flood is one, wherever it is aimed; who only looks looks at everything.
    const place = refused === undefined && !isReading(what) ? channel : undefined;
    const key = JSON.stringify([user, token, from, what, place, refused]);
    const known =
      this.#alike.get(key) ?? (this.#alike.size >= maxAlike ? this.#rest() : { act, written: 0, uncounted: 0 });
    if (known.act === act) this.#alike.set(key, known);
    this.#flushTimer ??= this.#options.clock.setTimeout(() => this.#flush(), windowMs);
    return known;
  }

  /** Stands for all that there is no place left to tell apart. */
  #rest(): Alike {
    const rest = this.#alike.get("") ?? { act: { what: "other" }, written: refusalsWritten, uncounted: 0 };
    this.#alike.set("", rest);
    return rest;
  }

  #flush(): void {
    this.#flushTimer?.dispose();
    this.#flushTimer = undefined;
    for (const { act, uncounted } of this.#alike.values()) if (uncounted > 0) this.#write(act, uncounted);
    this.#alike.clear();
  }

  #write(act: NewAct, times?: number): void {
    const { log, clock, logger } = this.#options;
    try {
      log.append(AUDIT_CHANNEL, auditBody({ at: clock.now(), ...act, ...(times !== undefined && { times }) }));
    } catch (error) {
      // The log has failed: the process is about to end.
      logger.error("an act was not recorded", { what: act.what, error: String(error) });
    }
  }
}

function isChatty(what: string): boolean {
  return chatty.has(what) || isReading(what);
}

/** A client may choose its id, its channels, and the names of methods that there are not. */
function bounded(act: NewAct): NewAct {
  const members = Object.entries(act).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members.map(([key, value]) => [key, value.slice(0, maxTextLength)])) as NewAct;
}
