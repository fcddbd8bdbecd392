import type { Clock } from "../../base/clock.ts";
import { toDisposable } from "../../base/disposables.ts";

/** The real time. The only place of the extension that reads it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms);
    return toDisposable(() => clearTimeout(timer));
  },
};
