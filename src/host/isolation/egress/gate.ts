import type { HostTarget } from "./hostPattern.ts";

/** Decides about a connection of a box that no configuration allows. */
export interface EgressGate {
  /**
   * True when a person allows it, or has allowed it before. Settles within a time that a connecting program waits.
   * @param gone aborts when the program has given up
   */
  ask(sessionId: string, target: HostTarget, gone: AbortSignal): Promise<boolean>;
}
