import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { ForkedFrom } from "../../protocol/fleetCheckpoints.ts";
import type { Provider } from "../providers/provider.ts";
import type { IdleAgents } from "./idleAgents.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import type { Slots } from "./slots.ts";

/** What one session at work is built on. */
export interface RunOptions extends SessionPorts {
  readonly refs: SessionRefs;
  readonly principal: string;
  /** Undefined when the configuration no longer names the session's agent. */
  readonly provider: Provider | undefined;
  readonly model: string | undefined;
  readonly slots: Slots;
  readonly idleAgents: IdleAgents;
  /** The conversation of a session that its copy's agent may take up, with nothing of that session running. */
  readonly conversationOf: (from: ForkedFrom, copy: FleetSessionState) => Promise<string | undefined>;
}
