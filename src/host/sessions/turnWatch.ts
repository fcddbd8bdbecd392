import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";

/** In minutes; 0 for ever. */
export interface TimeLimits {
  /** Work on one message. */
  readonly turnMinutes: number;
  /** Silence of a working agent. */
  readonly silentMinutes: number;
  /** Work of a session in all. */
  readonly sessionMinutes: number;
}

export interface WatchedTurn {
  readonly limits: TimeLimits;
  /** Milliseconds that the session had worked before this turn, and how many it may work in all. */
  readonly session: () => { readonly workedMs: number; readonly limitMs: number };
  /** True while the agent waits for a person: that is nobody's working time. */
  readonly isExcused: () => boolean;
  /** A limit comes near; the sentence says which. Once for each. */
  readonly onNear: (sentence: string) => void;
  /** A limit is reached: the agent is to be stopped. Again and again, until it has. */
  readonly onOver: () => void;
  /** So much more was worked, in milliseconds. A few times an hour, and at the end. */
  readonly onWorked: (ms: number) => void;
}

interface Limit {
  readonly used: number;
  readonly limit: number;
  readonly near: (left: string) => string;
  readonly over: () => AppError;
}

const minuteMs = 60_000;
const tellMs = 5 * minuteMs;
const longestTickMs = 5_000;
const shortestTickMs = 20;

/**
 * Holds one turn against its limits. Time is counted in small steps of a clock that never jumps, so neither a wall clock
 * that is set nor a change between summer and winter ends a turn or lets it go on.
 */
export class TurnWatch implements Disposable {
  readonly #clock: Clock;
  readonly #turn: WatchedTurn;
  readonly #tickMs: number;
  readonly #warned = new Set<string>();
  #timer: Disposable | undefined;
  #countedAt: number;
  #workedMs = 0;
  #silentMs = 0;
  #untoldMs = 0;
  #over: AppError | undefined;

  constructor(clock: Clock, turn: WatchedTurn) {
    this.#clock = clock;
    this.#turn = turn;
    this.#countedAt = clock.elapsed();
    const { turnMinutes, silentMinutes } = turn.limits;
    const limits = [turnMinutes * minuteMs, silentMinutes * minuteMs, turn.session().limitMs].filter((ms) => ms > 0);
    this.#tickMs = Math.max(shortestTickMs, Math.min(longestTickMs, ...limits.map((ms) => ms / 20)));
    this.#check();
    this.#tick();
  }

  /** Why the turn has to end, as soon as it has. */
  get over(): AppError | undefined {
    return this.#over;
  }

  /** The agent gave a sign of life. */
  heard(): void {
    this.#silentMs = 0;
    this.#warned.delete("silent");
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#count();
    this.#tell();
  }

  #tick(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#count();
      if (this.#untoldMs >= tellMs) this.#tell();
      this.#check();
      this.#tick();
    }, this.#tickMs);
  }

  #count(): void {
    const now = this.#clock.elapsed();
    const passed = Math.max(0, now - this.#countedAt);
    this.#countedAt = now;
    if (this.#turn.isExcused()) return this.heard();
    this.#workedMs += passed;
    this.#silentMs += passed;
    this.#untoldMs += passed;
  }

  #tell(): void {
    const ms = Math.round(this.#untoldMs);
    this.#untoldMs = 0;
    if (ms > 0) this.#turn.onWorked(ms);
  }

  #check(): void {
    if (this.#over) return this.#turn.onOver();
    for (const [name, { used, limit, near, over }] of Object.entries(this.#limits())) {
      if (limit <= 0) continue;
      if (used >= limit) {
        this.#over = over();
        return this.#turn.onOver();
      }
      const left = limit - used;
      if (left > Math.min(5 * minuteMs, limit / 5) || this.#warned.has(name)) continue;
      this.#warned.add(name);
      this.#turn.onNear(near(inWords(left)));
    }
  }

  #limits(): Readonly<Record<string, Limit>> {
    const { turnMinutes, silentMinutes } = this.#turn.limits;
    const session = this.#turn.session();
    return {
      session: {
        used: session.workedMs + this.#untoldMs,
        limit: session.limitMs,
        near: (left) => `This session may work for ${left} more. It is stopped then, and everything is kept.`,
        over: () => sessionOver(session.limitMs),
      },
      turn: {
        used: this.#workedMs,
        limit: turnMinutes * minuteMs,
        near: (left) =>
          `The agent may work on this message for ${left} more. It is stopped then, and everything is kept.`,
        over: () =>
          new AppError(
            "limit.exceeded",
            `The agent was stopped: it has worked on this message for ${inWords(turnMinutes * minuteMs)}, the limit of this host. Everything is kept; resume to let it go on.`,
          ),
      },
      silent: {
        used: this.#silentMs,
        limit: silentMinutes * minuteMs,
        near: (left) => `Nothing is heard of the agent. It is stopped if it stays silent for ${left} more.`,
        over: () =>
          new AppError(
            "timeout",
            `The agent was stopped: nothing was heard of it for ${inWords(silentMinutes * minuteMs)}, so it probably hung. Everything is kept; resume to let it go on.`,
          ),
      },
    };
  }
}

function sessionOver(limitMs: number): AppError {
  const sentence = `This session has worked for the ${inWords(limitMs)} that it may work in all. Everything is kept. Allow it more time, then resume.`;
  return new AppError("limit.exceeded", sentence);
}

/** "3 hours", "90 minutes", "20 seconds". */
function inWords(ms: number): string {
  const [count, unit] =
    ms >= 120 * minuteMs && ms % (60 * minuteMs) === 0
      ? [ms / (60 * minuteMs), "hour"]
      : ms >= minuteMs
        ? [Math.round(ms / minuteMs), "minute"]
        : [Math.max(1, Math.round(ms / 1_000)), "second"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
