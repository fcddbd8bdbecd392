import type { Disposable } from "./disposables.ts";

/** Time as a port: whoever waits or dates something takes one, so that tests own the time. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since some moment. Never goes back and never jumps, whatever becomes of the wall clock. */
  elapsed(): number;
  setTimeout(callback: () => void, ms: number): Disposable;
}
