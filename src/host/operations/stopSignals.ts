import type { Disposable } from "../../base/disposables.ts";
import { toDisposable } from "../../base/disposables.ts";

export interface StopSignals extends Disposable {
  /** Somebody asks the process to stop. */
  readonly first: Promise<void>;
  /** Somebody asks again: whatever is left is left. */
  readonly again: Promise<void>;
}

/** SIGTERM and SIGINT of this process. */
export function stopSignals(process: Pick<NodeJS.EventEmitter, "on" | "off">): StopSignals {
  const [first, again] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isAsked = false;
  const onSignal = () => {
    if (isAsked) again.resolve();
    isAsked = true;
    first.resolve();
  };
  const names = ["SIGTERM", "SIGINT"];
  for (const name of names) process.on(name, onSignal);
  const stopListening = toDisposable(() => {
    for (const name of names) process.off(name, onSignal);
  });
  return { first: first.promise, again: again.promise, dispose: () => stopListening.dispose() };
}
