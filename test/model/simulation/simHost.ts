import type { StateAction } from "../../../src/protocol/actions.ts";
import type { SessionSummary } from "../../../src/protocol/methods.ts";
import type { ChannelState } from "../../../src/protocol/reduce.ts";
import type { History } from "./history.ts";
import type { SimLink } from "./link.ts";

/**
 * - `stop`: as an administrator does it; everything is kept.
 * - `kill`: what was not durable is lost.
 * - `replace`: another host answers at the same address from then on, with other data and another count.
 */
export type HostEnd = "stop" | "kill" | "replace";

/** A host of the simulation: what both kinds have in common. */
export interface SimHost {
  readonly history: History;
  readonly isUp: boolean;
  /** A client has reached the host. */
  accept(link: SimLink): void;
  /** The host itself does something; nothing happens when it is down or has no such channel. */
  act(uri: string, action: StateAction): void;
  state(uri: string): ChannelState | undefined;
  list(): readonly SessionSummary[];
  createSession(session: string): void;
  disposeSession(session: string): void;
  end(how: HostEnd): void;
  /** Resolves when the host is up again. */
  start(): Promise<void>;
  /** From here on nothing is slow any more. */
  calm(): void;
  /** At the end: problems of the host itself, as sentences. */
  check(): readonly string[];
  dispose(): void;
}
