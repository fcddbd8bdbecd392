import type { Clock } from "../../base/clock.ts";

/** A session, as far as a host that stops is concerned. */
export interface DrainedRun {
  /** Resolves when what it does at present is done; undefined when it does nothing. */
  readonly working: Promise<void> | undefined;
  /** Ends the running turn as one that can be resumed, its files recorded. */
  interrupt(): Promise<void>;
}

/** Lets running turns end by themselves for so long, then interrupts the others. Nothing may begin meanwhile. */
export async function drainSessions(
  runs: readonly DrainedRun[],
  clock: Clock,
  finishMs: number,
): Promise<{ readonly finished: number; readonly interrupted: number }> {
  const busy = runs.filter((run) => run.working !== undefined);
  const ends = busy.flatMap((run) => run.working ?? []);
  const patience = Promise.withResolvers<void>();
  const timer = clock.setTimeout(patience.resolve, finishMs);
  await Promise.race([Promise.all(ends), patience.promise]);
  timer.dispose();
  const late = busy.filter((run) => run.working !== undefined);
  await Promise.all(late.map((run) => run.interrupt()));
  return { finished: busy.length - late.length, interrupted: late.length };
}
