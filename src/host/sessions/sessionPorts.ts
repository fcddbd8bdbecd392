import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Channels } from "../channels/channels.ts";
import type { Provider } from "../providers/provider.ts";
import type { WorkspaceSetup } from "../setup/workspaceSetup.ts";
import type { BudgetGate } from "../spend/budgetGate.ts";
import type { Spend } from "../spend/spend.ts";
import type { Workspaces } from "../workspaces/workspace.ts";
import type { CredentialStore } from "./credentialStore.ts";
import type { TimeLimits } from "./turnWatch.ts";

/** What the sessions are built on. */
export interface SessionPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly workspaces: Workspaces;
  readonly setup: WorkspaceSetup;
  /** By the id that sessions name as their provider. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly credentials: CredentialStore;
  /** Sends a notification to all clients, or to those of one person. */
  readonly notify: (method: string, params: object, principal?: string) => void;
  /** How often a workspace is tried to be made. */
  readonly provisioningTries: number;
  readonly timeLimits: TimeLimits;
  /** How long an agent's process may wait for the next message before it is ended. */
  readonly agentIdleMs: number;
  /** At most this many processes wait; the longest waiting is ended first. */
  readonly maxIdleAgents: number;
  readonly spend: Spend;
  readonly budgets: BudgetGate;
  /** Told when a turn ends: what its programs wanted to connect to is not asked about any more. */
  readonly egress?: { withdraw(sessionId: string): void };
}
