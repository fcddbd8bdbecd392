import { type ReadonlySignal, signal } from "@preact/signals";

const nowSignal = signal(Date.now());

/** The time to the second, for elapsed and age texts. Whoever reads it is drawn again each second. */
export const nowMs: ReadonlySignal<number> = nowSignal;

/** Starts the ticking. Called once, by the page's entry. */
export function startClock(): void {
  setInterval(() => {
    if (document.visibilityState === "visible") nowSignal.value = Date.now();
  }, 1000);
}
