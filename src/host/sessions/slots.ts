import { initialScheduler, positionOf, release, request, type SchedulerState } from "./scheduler.ts";

export interface SlotListener {
  /** The session has a slot until it gives it back. */
  onGranted(id: string): void;
  /** Its place in the queue is another than before, from 1. */
  onQueued(id: string, position: number): void;
}

/** Drives the scheduler: tells those whose lot changed. */
export class Slots {
  #state: SchedulerState;
  readonly #listener: SlotListener;

  constructor(limit: number, listener: SlotListener) {
    this.#state = initialScheduler(limit);
    this.#listener = listener;
  }

  get running(): readonly string[] {
    return this.#state.running;
  }

  request(id: string): void {
    this.#become(request(this.#state, id));
  }

  release(id: string): void {
    this.#become(release(this.#state, id));
  }

  #become(next: SchedulerState): void {
    const before = this.#state;
    this.#state = next;
    for (const id of next.waiting) {
      const position = positionOf(next, id);
      if (position !== undefined && position !== positionOf(before, id)) this.#listener.onQueued(id, position);
    }
    for (const id of next.running) if (!before.running.includes(id)) this.#listener.onGranted(id);
  }
}
