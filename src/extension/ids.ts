/**
 * Every id that package.json knows, typed. `test/unit/extension/platform/manifest.test.ts` holds the two against each
 * other in both directions, so neither can name what the other does not.
 */

/** One agent of one host. Rows of the Agents tree have this shape, so a menu may pass its row as it is. */
export interface AgentTarget {
  readonly hostId: string;
  /** The session's URI on that host. */
  readonly session: string;
}

/** One host. Rows of the Hosts tree have this shape. */
export interface HostTarget {
  readonly hostId: string;
}

/** One terminal of a host. Rows of the Hosts tree have this shape. */
export interface TerminalTarget extends HostTarget {
  /** The terminal's URI on that host. */
  readonly terminal: string;
}

/** A menu passes the row it was opened on and all selected rows; the palette passes nothing. */
type OnAgents = [target?: AgentTarget, selected?: readonly AgentTarget[]];
type OnHost = [target?: HostTarget];
type OnTerminal = [target?: TerminalTarget];
type OnAgentOrHost = [target?: AgentTarget | HostTarget];

/** What each command accepts. Every command also works without arguments: it then asks, or takes the active panel's agent. */
export interface CommandArgs {
  "muster.host.add": [];
  "muster.host.edit": OnHost;
  "muster.host.remove": OnHost;
  "muster.host.reconnect": OnHost;
  "muster.host.showLog": OnHost;
  "muster.host.forgetSignIn": OnHost;
  "muster.agent.launch": [];
  "muster.agent.open": OnAgents;
  "muster.agent.review": OnAgents;
  "muster.agent.createPullRequest": OnAgents;
  "muster.agent.showPullRequest": OnAgents;
  "muster.agent.stop": OnAgents;
  "muster.agent.approve": OnAgents;
  "muster.agent.deny": OnAgents;
  "muster.agent.retry": OnAgents;
  "muster.agent.rename": OnAgents;
  "muster.agent.archive": OnAgents;
  "muster.agent.delete": OnAgents;
  "muster.agent.openTerminal": OnAgents;
  "muster.agent.signIn": OnAgentOrHost;
  "muster.agent.next": [];
  "muster.agents.refresh": [];
  "muster.review.refresh": [];
  "muster.terminal.show": OnTerminal;
  "muster.terminal.kill": OnTerminal;
}

export type CommandId = keyof CommandArgs;

/** A record so that a command without an entry does not compile. */
const commandIds: Record<CommandId, true> = {
  "muster.host.add": true,
  "muster.host.edit": true,
  "muster.host.remove": true,
  "muster.host.reconnect": true,
  "muster.host.showLog": true,
  "muster.host.forgetSignIn": true,
  "muster.agent.launch": true,
  "muster.agent.open": true,
  "muster.agent.review": true,
  "muster.agent.createPullRequest": true,
  "muster.agent.showPullRequest": true,
  "muster.agent.stop": true,
  "muster.agent.approve": true,
  "muster.agent.deny": true,
  "muster.agent.retry": true,
  "muster.agent.rename": true,
  "muster.agent.archive": true,
  "muster.agent.delete": true,
  "muster.agent.openTerminal": true,
  "muster.agent.signIn": true,
  "muster.agent.next": true,
  "muster.agents.refresh": true,
  "muster.review.refresh": true,
  "muster.terminal.show": true,
  "muster.terminal.kill": true,
};
export const COMMAND_IDS = Object.keys(commandIds) as readonly CommandId[];

export const VIEWS = { container: "muster", agents: "muster.agents", hosts: "muster.hosts" } as const;

/** `viewType` of the session panel, also the activation event that restores it. */
export const SESSION_PANEL = "muster.session";

/** Context keys and the type of their value; `when` clauses use no other `muster:` key. */
export interface ContextValues {
  /** At least one host is configured. */
  "muster:hasHosts": boolean;
  /** At least one host is connected. */
  "muster:connected": boolean;
  /** At least one agent is listed. */
  "muster:hasAgents": boolean;
  /** At least one agent waits for this person. */
  "muster:needsYou": boolean;
  /** At least one agent is on a connected host that pushes branches. */
  "muster:canShip": boolean;
  /** At least one agent has a pull request. */
  "muster:hasPullRequests": boolean;
  /** The host of the panel in front is connected. */
  "muster:panelConnected": boolean;
  /** A connected host has a terminal open. */
  "muster:hasTerminals": boolean;
  /** An agent of a connected host lacks an account that the person may give it. */
  "muster:needsSignIn": boolean;
  /** A host may use the person's sign-in. */
  "muster:hasSignIns": boolean;
  /** The diff in front shows files as they were at one moment. */
  "muster:snapshotInFront": boolean;
}
export type ContextKey = keyof ContextValues;

const contextKeys: Record<ContextKey, true> = {
  "muster:hasHosts": true,
  "muster:connected": true,
  "muster:hasAgents": true,
  "muster:needsYou": true,
  "muster:canShip": true,
  "muster:hasPullRequests": true,
  "muster:panelConnected": true,
  "muster:hasTerminals": true,
  "muster:needsSignIn": true,
  "muster:hasSignIns": true,
  "muster:snapshotInFront": true,
};
export const CONTEXT_KEYS = Object.keys(contextKeys) as readonly ContextKey[];

export const SCHEMES = {
  /** Read-only documents of a revision. */
  revision: "muster-rev",
  /** Marks rows of the Agents tree for decoration; no document has it. */
  agent: "muster-agent",
} as const;

export const SETTING_KEYS = ["hosts", "github.servers", "notifications.level"] as const;
export type SettingKey = (typeof SETTING_KEYS)[number];

/**
 * `contextValue` of tree rows, the only values that `viewItem` clauses may name. A row that is merely remembered
 * (its host cannot be reached) is `agent.stale`, so that no menu offers what cannot be done. `ships` marks a row whose
 * host pushes branches: only there a pull request is offered. `signIn` marks a host whose agents lack an account.
 */
export const CONTEXT_VALUES = [
  "agent.approval",
  "agent.question",
  "agent.failed",
  "agent.working",
  "agent.queued",
  "agent.review",
  "agent.pullRequest",
  "agent.done",
  "agent.failed.ships",
  "agent.review.ships",
  "agent.done.ships",
  "agent.stale",
  "group",
  "host.connected",
  "host.connected.signIn",
  "host.connecting",
  "host.failed",
  "terminal.running",
  "terminal.exited",
] as const;
export type ContextValue = (typeof CONTEXT_VALUES)[number];
