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

/** A file of the review that the Review view shows. */
export interface ReviewFileTarget {
  readonly path: string;
}

/** A line of an open document. */
export interface CodeTarget {
  readonly uri: string;
  /** From 0. */
  readonly line: number;
}

/** A menu passes the row it was opened on and all selected rows; the palette passes nothing. */
type OnAgents = [target?: AgentTarget, selected?: readonly AgentTarget[]];
type OnHost = [target?: HostTarget];
/** Absent: the latest checkpoints are offered. */
type OnCheckpoint = [target?: AgentTarget & { readonly checkpoint?: string }, selected?: readonly AgentTarget[]];
/** Absent: the cursor's line. */
type OnCode = [place?: CodeTarget];
type OnTerminal = [target?: TerminalTarget];
/** The agent's file; absent: nothing is done. */
type OnReviewFile = [file?: ReviewFileTarget];
/** A thread, a comment, or what was typed under one, as VS Code passes them; anything else does nothing. */
type OnComment = [comment?: unknown];
type OnAgentOrHost = [target?: AgentTarget | HostTarget];

/** What each command accepts. Every command also works without arguments: it then asks, or takes the active panel's agent. */
export interface CommandArgs {
  "muster.host.add": [];
  "muster.host.edit": OnHost;
  "muster.host.replaceToken": OnHost;
  "muster.host.remove": OnHost;
  "muster.host.reconnect": OnHost;
  "muster.host.showLog": OnHost;
  "muster.host.forgetSignIn": OnHost;
  "muster.agent.launch": [];
  "muster.agent.launchWithOptions": [];
  "muster.agent.launchPrompt": [];
  "muster.agent.launchFromSelection": [];
  "muster.agent.launchFromIssue": [];
  "muster.agent.launchFromTemplate": [];
  "muster.agent.fixProblem": OnCode;
  "muster.agent.doTodo": OnCode;
  "muster.agent.launchAgain": OnAgents;
  "muster.agent.fork": OnCheckpoint;
  "muster.agent.compareAttempts": OnAgents;
  "muster.agent.keepAttempt": OnAgents;
  /** Two or more selected; one alone stands for all attempts at its prompt. */
  "muster.agent.combine": OnAgents;
  "muster.agent.updateFromBase": OnAgents;
  /** Of its repository. */
  "muster.agents.showOverlaps": OnAgents;
  "muster.agent.setMode": OnAgents;
  "muster.agent.setBudget": OnAgents;
  "muster.agent.raiseBudget": OnAgents;
  "muster.agent.networkAccess": OnAgents;
  "muster.spend.show": [];
  "muster.agent.open": OnAgents;
  /** A click on a row. */
  "muster.agent.openSelected": [];
  "muster.agent.review": OnAgents;
  "muster.agent.reviewSince": OnAgents;
  "muster.agent.reviewInWindow": OnAgents;
  "muster.agent.chooseReview": OnAgents;
  "muster.agent.checkOut": OnAgents;
  "muster.agent.sendLocalChanges": OnAgents;
  "muster.agent.createPullRequest": OnAgents;
  "muster.agent.showPullRequest": OnAgents;
  "muster.agent.updatePullRequest": OnAgents;
  "muster.agent.fixChecks": OnAgents;
  "muster.agent.addressComments": OnAgents;
  "muster.agent.resolveComments": OnAgents;
  "muster.agent.markReady": OnAgents;
  "muster.agent.mergePullRequest": OnAgents;
  "muster.agent.closePullRequest": OnAgents;
  "muster.agent.stop": OnAgents;
  "muster.agent.approve": OnAgents;
  "muster.agent.deny": OnAgents;
  "muster.agent.retry": OnAgents;
  "muster.agent.rename": OnAgents;
  "muster.agent.copyLink": OnAgents;
  "muster.agent.archive": OnAgents;
  "muster.agent.restore": OnAgents;
  "muster.agent.pin": OnAgents;
  "muster.agent.unpin": OnAgents;
  "muster.agent.markRead": OnAgents;
  "muster.agent.markUnread": OnAgents;
  "muster.agent.delete": OnAgents;
  "muster.agent.openTerminal": OnAgents;
  "muster.agent.signIn": OnAgentOrHost;
  "muster.agent.next": [];
  "muster.agent.previous": [];
  "muster.inbox.open": [];
  "muster.agents.refresh": [];
  "muster.agents.filter": [];
  "muster.agents.clearFilter": [];
  "muster.agents.groupBy": [];
  "muster.agents.sortBy": [];
  "muster.agents.showArchived": [];
  "muster.agents.hideArchived": [];
  /** The list that shows more; without it, every one that is cut. */
  "muster.agents.showMore": [list?: string];
  "muster.review.refresh": [];
  "muster.review.send": [];
  "muster.review.discard": [];
  "muster.review.showFile": OnReviewFile;
  "muster.review.openFile": OnReviewFile;
  "muster.review.addComment": OnComment;
  "muster.review.suggestChange": OnComment;
  "muster.review.editComment": OnComment;
  "muster.review.saveComment": OnComment;
  "muster.review.cancelEdit": OnComment;
  "muster.review.deleteComment": OnComment;
  "muster.review.resolve": OnComment;
  "muster.review.unresolve": OnComment;
  "muster.review.showAnswer": OnComment;
  "muster.review.showChange": OnComment;
  "muster.demo.start": [];
  "muster.demo.stop": [];
  "muster.getStarted": [];
  "muster.gitHub.signIn": [];
  "muster.diagnostics.copy": [];
  "muster.terminal.show": OnTerminal;
  "muster.terminal.kill": OnTerminal;
}

export type CommandId = keyof CommandArgs;

/** A record so that a command without an entry does not compile. */
const commandIds: Record<CommandId, true> = {
  "muster.host.add": true,
  "muster.host.edit": true,
  "muster.host.replaceToken": true,
  "muster.host.remove": true,
  "muster.host.reconnect": true,
  "muster.host.showLog": true,
  "muster.host.forgetSignIn": true,
  "muster.agent.launch": true,
  "muster.agent.launchWithOptions": true,
  "muster.agent.launchPrompt": true,
  "muster.agent.launchFromSelection": true,
  "muster.agent.launchFromIssue": true,
  "muster.agent.launchFromTemplate": true,
  "muster.agent.fixProblem": true,
  "muster.agent.doTodo": true,
  "muster.agent.launchAgain": true,
  "muster.agent.fork": true,
  "muster.agent.compareAttempts": true,
  "muster.agent.keepAttempt": true,
  "muster.agent.combine": true,
  "muster.agent.updateFromBase": true,
  "muster.agents.showOverlaps": true,
  "muster.agent.setMode": true,
  "muster.agent.setBudget": true,
  "muster.agent.raiseBudget": true,
  "muster.agent.networkAccess": true,
  "muster.spend.show": true,
  "muster.agent.open": true,
  "muster.agent.openSelected": true,
  "muster.agent.review": true,
  "muster.agent.reviewSince": true,
  "muster.agent.reviewInWindow": true,
  "muster.agent.chooseReview": true,
  "muster.agent.checkOut": true,
  "muster.agent.sendLocalChanges": true,
  "muster.agent.createPullRequest": true,
  "muster.agent.showPullRequest": true,
  "muster.agent.updatePullRequest": true,
  "muster.agent.fixChecks": true,
  "muster.agent.addressComments": true,
  "muster.agent.resolveComments": true,
  "muster.agent.markReady": true,
  "muster.agent.mergePullRequest": true,
  "muster.agent.closePullRequest": true,
  "muster.agent.stop": true,
  "muster.agent.approve": true,
  "muster.agent.deny": true,
  "muster.agent.retry": true,
  "muster.agent.rename": true,
  "muster.agent.copyLink": true,
  "muster.agent.archive": true,
  "muster.agent.restore": true,
  "muster.agent.pin": true,
  "muster.agent.unpin": true,
  "muster.agent.markRead": true,
  "muster.agent.markUnread": true,
  "muster.agent.delete": true,
  "muster.agent.openTerminal": true,
  "muster.agent.signIn": true,
  "muster.agent.next": true,
  "muster.agent.previous": true,
  "muster.inbox.open": true,
  "muster.agents.refresh": true,
  "muster.agents.filter": true,
  "muster.agents.clearFilter": true,
  "muster.agents.groupBy": true,
  "muster.agents.sortBy": true,
  "muster.agents.showArchived": true,
  "muster.agents.hideArchived": true,
  "muster.agents.showMore": true,
  "muster.review.refresh": true,
  "muster.review.send": true,
  "muster.review.discard": true,
  "muster.review.showFile": true,
  "muster.review.openFile": true,
  "muster.review.addComment": true,
  "muster.review.suggestChange": true,
  "muster.review.editComment": true,
  "muster.review.saveComment": true,
  "muster.review.cancelEdit": true,
  "muster.review.deleteComment": true,
  "muster.review.resolve": true,
  "muster.review.unresolve": true,
  "muster.review.showAnswer": true,
  "muster.review.showChange": true,
  "muster.demo.start": true,
  "muster.demo.stop": true,
  "muster.getStarted": true,
  "muster.gitHub.signIn": true,
  "muster.diagnostics.copy": true,
  "muster.terminal.show": true,
  "muster.terminal.kill": true,
};
export const COMMAND_IDS = Object.keys(commandIds) as readonly CommandId[];

/**
 * Of rows, and of a view's title too: what that passes is the row with the focus, or `undefined`. They show something and
 * change nothing. To all others of rows, `undefined` stands for a row that VS Code has lost.
 */
export const ROWLESS_COMMANDS: ReadonlySet<CommandId> = new Set<CommandId>([
  "muster.host.showLog",
  "muster.agent.chooseReview",
  "muster.agents.showOverlaps",
]);

export const VIEWS = {
  container: "muster",
  agents: "muster.agents",
  hosts: "muster.hosts",
  review: "muster.review",
} as const;

/** The walkthrough of the first steps. */
export const WALKTHROUGH = "muster.firstSteps";

/** The controller of comments on reviews. */
export const REVIEW_COMMENTS = "muster.review";

/** `viewType` of each kind of editor tab with a page, also the activation event that restores it. */
export const SESSION_PANEL = "muster.session";
/** What agents cost. */
export const SPEND_PANEL = "muster.spend";
/** Attempts beside one another. */
export const ATTEMPTS_PANEL = "muster.attempts";
/** Where the agents of a repository meet. */
export const COORDINATION_PANEL = "muster.overlaps";
/** One branch of several agents' parts. */
export const COMBINE_PANEL = "muster.combine";
export const WEBVIEW_PANELS = [SESSION_PANEL, SPEND_PANEL, ATTEMPTS_PANEL, COORDINATION_PANEL, COMBINE_PANEL] as const;
export type WebviewPanelType = (typeof WEBVIEW_PANELS)[number];

/** Context keys and the type of their value; `when` clauses use no other `muster:` key. */
export interface ContextValues {
  /** At least one host is configured. */
  "muster:hasHosts": boolean;
  /** At least one host is connected. */
  "muster:connected": boolean;
  /** At least one agent is listed. */
  "muster:hasAgents": boolean;
  /** The Agents view does not show every agent. */
  "muster:agentsFiltered": boolean;
  /** The Agents view shows archived agents too. */
  "muster:archivedShown": boolean;
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
  /** A diff of an agent's changes is in front. */
  "muster:reviewInFront": boolean;
  /** A review is open, in front or not. */
  "muster:reviewing": boolean;
  /** The review that is in front, or was last, has comments that were not sent. */
  "muster:hasReviewDrafts": boolean;
  /** At least one agent is one of several attempts. */
  "muster:hasAttempts": boolean;
  /** The document in front holds the prompt of an agent to be. */
  "muster:promptInFront": boolean;
  /** The demo fleet is among the hosts. */
  "muster:hasDemo": boolean;
  /** What the person has got done in this window, for the steps of the walkthrough. */
  "muster:hasLaunched": boolean;
  "muster:hasAnswered": boolean;
  "muster:hasReviewed": boolean;
  "muster:signedInToGitHub": boolean;
}
export type ContextKey = keyof ContextValues;

const contextKeys: Record<ContextKey, true> = {
  "muster:hasHosts": true,
  "muster:connected": true,
  "muster:hasAgents": true,
  "muster:agentsFiltered": true,
  "muster:archivedShown": true,
  "muster:needsYou": true,
  "muster:canShip": true,
  "muster:hasPullRequests": true,
  "muster:panelConnected": true,
  "muster:hasTerminals": true,
  "muster:needsSignIn": true,
  "muster:hasSignIns": true,
  "muster:reviewInFront": true,
  "muster:reviewing": true,
  "muster:hasReviewDrafts": true,
  "muster:hasAttempts": true,
  "muster:promptInFront": true,
  "muster:hasDemo": true,
  "muster:hasLaunched": true,
  "muster:hasAnswered": true,
  "muster:hasReviewed": true,
  "muster:signedInToGitHub": true,
};
export const CONTEXT_KEYS = Object.keys(contextKeys) as readonly ContextKey[];

export const SCHEMES = {
  /** Read-only documents of a revision. */
  revision: "muster-rev",
  /** Requests that are too long for a list, as read-only documents. */
  request: "muster-request",
  /** Marks rows of the Agents tree for decoration; no document has it. */
  agent: "muster-agent",
} as const;

export const SETTING_KEYS = [
  "hosts",
  "github.servers",
  "notifications.level",
  "launch.templates",
  "pullRequests.archiveOnMerge",
  "pullRequests.fixAttempts",
  "pullRequests.fixBudgetUsd",
] as const;
export type SettingKey = (typeof SETTING_KEYS)[number];

/**
 * What an agent's row stands for. A row that is merely remembered (its host cannot be reached) is `agent.stale`, so that no
 * menu offers what cannot be done.
 */
const AGENT_STATES = [
  "agent.approval",
  "agent.question",
  "agent.failed",
  "agent.working",
  "agent.queued",
  "agent.review",
  "agent.pullRequest",
  "agent.pullRequest.draft",
  "agent.pullRequest.unshipped",
  "agent.pullRequest.checksFailed",
  "agent.pullRequest.changesRequested",
  "agent.pullRequest.conflicts",
  "agent.pullRequest.mergeable",
  "agent.done",
  "agent.archived",
  "agent.stale",
] as const;
export type AgentState = (typeof AGENT_STATES)[number];

/**
 * What a person, or the lack of one, has marked it with; `attempt` marks one of several with the same prompt, `plain` one of
 * a host that has no more than AHP: it pushes no branches and keeps no budgets.
 */
const AGENT_MARKS = [
  "",
  ".pinned",
  ".unread",
  ".pinned.unread",
  ".attempt",
  ".pinned.attempt",
  ".unread.attempt",
  ".pinned.unread.attempt",
  ".plain",
  ".pinned.plain",
  ".unread.plain",
  ".pinned.unread.plain",
] as const;

/**
 * `contextValue` of tree rows, the only values that `viewItem` clauses may name. `signIn` marks a host whose agents lack an
 * account.
 */
export const CONTEXT_VALUES = [
  ...AGENT_STATES.flatMap((state) => AGENT_MARKS.map((mark) => `${state}${mark}` as const)),
  "group",
  "more",
  "host.connected",
  "host.connected.signIn",
  "host.connecting",
  "host.failed",
  "host.tokenRefused",
  "host.detail",
  "terminal.running",
  "terminal.exited",
  "review.file",
] as const;
export type ContextValue = (typeof CONTEXT_VALUES)[number];
