import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, toDisposable } from "../../base/disposables.ts";

/** Whoever is gone is noticed after two beats at the latest. */
export const beatMs = 12_000;

interface Pulse {
  readonly socket: Duplex;
  isHeard: boolean;
}

/**
 * A cable that is pulled, or a laptop that is shut, tells nobody. So every client is pinged now and then, which each
 * WebSocket answers by itself; one that has not said anything since the last time is cut off. A reader with a backlog is the
 * outbox's: its answer may be on the way behind it.
 */
export class Heartbeat implements Disposable {
  readonly #clock: Clock;
  readonly #onGone: (ws: WebSocket) => void;
  readonly #pulses = new Map<WebSocket, Pulse>();
  #timer: Disposable | undefined;

  constructor(clock: Clock, onGone: (ws: WebSocket) => void) {
    this.#clock = clock;
    this.#onGone = onGone;
  }

  start(): void {
    this.#timer = this.#clock.setTimeout(() => {
      for (const [ws, pulse] of Array.from(this.#pulses)) this.#beat(ws, pulse);
      this.start();
    }, beatMs);
  }

  /** @param socket what it runs over */
  watch(ws: WebSocket, socket: Duplex): Disposable {
    const pulse = { socket, isHeard: true };
    const hear = () => (pulse.isHeard = true);
    for (const event of ["message", "ping", "pong"]) ws.on(event, hear);
    this.#pulses.set(ws, pulse);
    return toDisposable(() => this.#pulses.delete(ws));
  }

  dispose(): void {
    this.#timer?.dispose();
  }

  #beat(ws: WebSocket, pulse: Pulse): void {
    if (!pulse.isHeard && pulse.socket.writableLength === 0) return this.#onGone(ws);
    pulse.isHeard = false;
    ws.ping();
  }
}
