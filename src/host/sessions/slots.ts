import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { FleetQueue } from "../../protocol/fleetQueue.ts";
import type { QueueLimits } from "./queueLimits.ts";
import { type EarlierPlace, type Job, type Priority, Scheduler } from "./scheduler.ts";

export interface SlotListener {
  /** The session has a slot until it gives it back. */
  onGranted(id: string): void;
  /** Its place in the queue, or the reason why it waits, is another than before. */
  onQueued(id: string, place: FleetQueue): void;
}

/** So many are told their exact place: each turn moves everybody, and a change is a record in the log. */
const exactPlaces = 20;
/** A queue that is longer is looked at this often at most. */
const settleMs = 250;

/** Drives the scheduler: gives out slots, and tells those that wait what they wait for. */
export class Slots implements Disposable {
  readonly #scheduler: Scheduler;
  readonly #listener: SlotListener;
  readonly #clock: Clock;
  readonly #told = new Map<string, FleetQueue>();
  /** Those with an exact place. */
  #near = new Set<string>();
  #timer: Disposable | undefined;
  #isHeld = false;

  constructor(limits: QueueLimits, clock: Clock, listener: SlotListener) {
    this.#scheduler = new Scheduler(limits);
    this.#clock = clock;
    this.#listener = listener;
  }

  get running(): readonly string[] {
    return this.#scheduler.running;
  }

  get waitingCount(): number {
    return this.#scheduler.waitingCount;
  }

  /** @param earlier where it was before the host's restart */
  request(job: Job, earlier?: EarlierPlace): void {
    this.#scheduler.ask(job, earlier);
    this.#settle(job.id);
  }

  release(id: string): void {
    this.#scheduler.leave(id);
    this.#told.delete(id);
    this.#settle();
  }

  prioritize(id: string, priority: Priority): void {
    this.#scheduler.prioritize(id, priority);
    this.#settle();
  }

  /** Nobody begins to work until `proceed`. */
  hold(): void {
    this.#isHeld = true;
  }

  proceed(): void {
    this.#isHeld = false;
    this.#settle();
  }

  dispose(): void {
    this.#timer?.dispose();
  }

  #settle(newcomer?: string): void {
    if (this.#isHeld) return;
    for (let job = this.#scheduler.grant(); job !== undefined; job = this.#scheduler.grant()) {
      this.#told.delete(job.id);
      this.#listener.onGranted(job.id);
    }
    if (this.#scheduler.waitingCount <= exactPlaces) return this.#tellPlaces();
    if (newcomer !== undefined) this.#tell(newcomer);
    this.#timer ??= this.#clock.setTimeout(() => this.#tellPlaces(), settleMs);
  }

  #tellPlaces(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const order = this.#scheduler.forecast(exactPlaces);
    const left = this.#near;
    this.#near = new Set(order);
    for (const [index, id] of order.entries()) this.#tell(id, index + 1);
    for (const id of left) if (!this.#near.has(id)) this.#tell(id);
  }

  #tell(id: string, position?: number): void {
    const ticket = this.#scheduler.ticketOf(id);
    if (ticket === undefined) return;
    const reason = this.#scheduler.reasonFor(id);
    const near = position === undefined ? { position: exactPlaces + 1, isAtLeast: true } : { position };
    const place: FleetQueue = { ...near, ticket, ...(reason !== undefined && { reason }) };
    const told = this.#told.get(id);
    if (told?.position === place.position && told.reason === reason && told.isAtLeast === place.isAtLeast) return;
    this.#told.set(id, place);
    this.#listener.onQueued(id, place);
  }
}
