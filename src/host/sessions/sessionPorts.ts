import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Channels } from "../channels/channels.ts";
import type { Provider } from "../providers/provider.ts";
import type { Workspaces } from "../workspaces/workspace.ts";
import type { CredentialStore } from "./credentialStore.ts";

/** What the sessions are built on. */
export interface SessionPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly workspaces: Workspaces;
  /** By the id that sessions name as their provider. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly credentials: CredentialStore;
  /** Sends a notification to all clients, or to those of one person. */
  readonly notify: (method: string, params: object, principal?: string) => void;
  /** How long an agent's process may wait for the next message before it is ended. */
  readonly agentIdleMs: number;
  /** At most this many processes wait; the longest waiting is ended first. */
  readonly maxIdleAgents: number;
}
