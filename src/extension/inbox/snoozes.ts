import * as z from "zod/mini";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { StatePort } from "../platform/statePort.ts";
import { itemsOf } from "./inboxItems.ts";

const Snooze = z.object({ untilMs: z.number(), items: z.array(z.string()) });
type Snooze = z.infer<typeof Snooze>;
const Stored = z.record(z.string(), Snooze);

const stateKey = "muster.inbox.snoozes";
/** More than anybody puts off by hand; the oldest go first. */
const maxSnoozes = 500;
/** Timers of JavaScript hold no longer; and a machine that slept looks again. */
const maxWaitMs = 60 * 60_000;

export type SnoozeTime = "quarter" | "hour" | "tomorrow";

/** When it ends. Tomorrow begins at eight in the morning of the person's own clock. */
export function snoozeEnd(time: SnoozeTime, nowMs: number): number {
  if (time === "quarter") return nowMs + 15 * 60_000;
  if (time === "hour") return nowMs + 60 * 60_000;
  const morning = new Date(nowMs);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(8, 0, 0, 0);
  return morning.getTime();
}

/**
 * Agents that a person has put off, on this machine. They are out of the inbox, the badge and the notifications until the
 * time is over, or they come to need somebody for another reason.
 */
export class Snoozes implements Disposable {
  readonly #state: StatePort;
  readonly #clock: Clock;
  readonly #changed: Emitter<void>;
  #timer: Disposable | undefined;
  /** Rows ask often, and another window may have written. */
  #parsed: { readonly stored: unknown; readonly snoozes: Readonly<Record<string, Snooze>> } = {
    stored: undefined,
    snoozes: {},
  };

  constructor(state: StatePort, clock: Clock, onError: (error: unknown) => void) {
    this.#state = state;
    this.#clock = clock;
    this.#changed = new Emitter(onError);
    this.#wait();
  }

  /** Something was put off, or is not any more. */
  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  has(agent: FleetAgent): boolean {
    const snooze = this.#read()[agent.key];
    if (snooze === undefined || snooze.untilMs <= this.#clock.now()) return false;
    const items = itemsOf(agent);
    // What waits while it is read again is no other reason.
    return items.every(({ id, reason }) => reason === "waiting" || snooze.items.includes(id));
  }

  async add(agents: readonly FleetAgent[], time: SnoozeTime): Promise<void> {
    const untilMs = snoozeEnd(time, this.#clock.now());
    const added = agents.map((agent) => [agent.key, { untilMs, items: itemsOf(agent).map(({ id }) => id) }] as const);
    await this.#write({ ...this.#read(), ...Object.fromEntries(added) });
  }

  /** How many of these agents are put off, of those that count. */
  count(agents: Pick<ReadonlyMap<string, FleetAgent>, "get">, counts: (agent: FleetAgent) => boolean): number {
    return Object.keys(this.#read()).filter((key) => {
      const agent = agents.get(key);
      return agent !== undefined && counts(agent) && this.has(agent);
    }).length;
  }

  /** They are to be answered after all. */
  async end(agents: readonly FleetAgent[]): Promise<void> {
    const ended = new Set(agents.map(({ key }) => key));
    await this.#write(Object.fromEntries(Object.entries(this.#read()).filter(([key]) => !ended.has(key))));
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#changed.dispose();
  }

  #read(): Readonly<Record<string, Snooze>> {
    const stored = this.#state.get(stateKey);
    if (stored !== this.#parsed.stored) {
      const parsed = Stored.safeParse(stored);
      this.#parsed = { stored, snoozes: parsed.success ? parsed.data : {} };
    }
    return this.#parsed.snoozes;
  }

  async #write(snoozes: Readonly<Record<string, Snooze>>): Promise<void> {
    const nowMs = this.#clock.now();
    const lasting = Object.entries(snoozes).filter(([, { untilMs }]) => untilMs > nowMs);
    await this.#state.update(stateKey, Object.fromEntries(lasting.slice(-maxSnoozes)));
    this.#changed.fire();
    this.#wait();
  }

  /** The next end is news. */
  #wait(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    const ends = Object.values(this.#read()).flatMap(({ untilMs }) => (untilMs > nowMs ? [untilMs] : []));
    if (ends.length === 0) return;
    const waitMs = Math.min(maxWaitMs, Math.min(...ends) - nowMs + 1);
    this.#timer = this.#clock.setTimeout(() => {
      this.#changed.fire();
      this.#wait();
    }, waitMs);
  }
}
