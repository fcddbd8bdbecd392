import { confirmPush, isPushing } from "./branchPush.ts";
import type { RestoredSession } from "./restore.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import type { SessionRun } from "./sessionRun.ts";

/** Goes on with what the sessions were in the middle of when the host ended, as far as that needs no person. */
export function resumeSessions(
  found: readonly RestoredSession[],
  ports: SessionPorts,
  { runOf, mirror }: { readonly runOf: (session: string) => SessionRun; readonly mirror: (refs: SessionRefs) => void },
): void {
  const { channels, logger } = ports;
  for (const { refs, interruptedTurn, earlier } of found) {
    const failed = (what: string) => (error: unknown) => {
      logger.warn(what, { session: refs.id, error: String(error) });
    };
    if (channels.isLoaded(refs.chat)) mirror(refs);
    if (isPushing(channels, refs)) void confirmPush(ports, runOf(refs.session));
    // Before anything wakes it: a turn needs the files that were being put back.
    if (channels.state("fleetSession", refs.fleet)?.restoring) {
      runOf(refs.session).finishRestore().catch(failed("files were not put back"));
    }
    if (earlier) runOf(refs.session).wake(earlier);
    if (interruptedTurn === undefined) continue;
    runOf(refs.session).settle(interruptedTurn).catch(failed("interrupted work was not recorded"));
  }
}
