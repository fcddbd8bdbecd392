import * as z from "zod/mini";
import { type ActionOf, defineActions, loose, openEnum, opt, set, Uri } from "./schema.ts";

/** What prepares a fresh workspace before its agent's first turn. */
export const FleetSetup = loose({
  status: openEnum(["running", "done", "failed"]),
  /** Whose script it is: the host's configuration, or the base branch's `.muster/setup.sh`. */
  source: openEnum(["configuration", "repository"]),
  /** The terminal channel with what it writes. */
  log: Uri,
  /** Milliseconds; once it has ended. */
  durationMs: opt(z.number()),
  exitCode: opt(z.number()),
});
export type FleetSetup = z.infer<typeof FleetSetup>;

interface SetupState {
  readonly setup?: FleetSetup | undefined;
}

export const setupMembers = { setup: opt(FleetSetup) };

export const setupActions = defineActions({
  "x-fleet/setupChanged": { setup: FleetSetup },
});

export function reduceSetup<S extends SetupState>(state: S, action: ActionOf<typeof setupActions>): S {
  return set<SetupState>(state, { setup: action.setup }) as S;
}
