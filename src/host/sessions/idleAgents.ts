import type { Clock } from "../../base/clock.ts";
import { type Disposable } from "../../base/disposables.ts";

interface Idle {
  readonly end: () => void;
  readonly timer: Disposable;
}

/** Agents' processes that wait for their next message: kept for a while, because a warm agent answers at once. */
export class IdleAgents implements Disposable {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #max: number;
  /** Longest waiting first. */
  readonly #idle = new Map<string, Idle>();

  constructor(clock: Clock, limits: { readonly idleMs: number; readonly max: number }) {
    this.#clock = clock;
    this.#idleMs = limits.idleMs;
    this.#max = limits.max;
  }

  /** `end` is called once the agent has waited too long, or when too many wait. */
  rest(sessionId: string, end: () => void): void {
    this.wake(sessionId);
    const timer = this.#clock.setTimeout(() => this.#end(sessionId), this.#idleMs);
    this.#idle.set(sessionId, { end, timer });
    for (const oldest of Array.from(this.#idle.keys()).slice(0, Math.max(0, this.#idle.size - this.#max))) {
      this.#end(oldest);
    }
  }

  /** The agent has work again, or is gone. */
  wake(sessionId: string): void {
    this.#idle.get(sessionId)?.timer.dispose();
    this.#idle.delete(sessionId);
  }

  dispose(): void {
    for (const sessionId of Array.from(this.#idle.keys())) this.wake(sessionId);
  }

  #end(sessionId: string): void {
    const idle = this.#idle.get(sessionId);
    this.wake(sessionId);
    idle?.end();
  }
}
