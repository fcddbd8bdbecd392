import * as z from "zod/mini";
import type { StateAction } from "./actions.ts";
import { InputAnswer, InputResponse } from "./input.ts";
import type { AgentAbout } from "./fleetMeta.ts";
import type { FleetMethodName } from "./fleetMethods.ts";
import { type LogChange, LogMethods, type LogResults } from "./panelLog.ts";
import type { ChannelStates } from "./reduce.ts";
import type { SessionChoice } from "./sessionChoices.ts";

/**
 * Messages between the session panel's page and the extension.
 *
 * The page asks, the extension answers each request once. The page shows what agents wrote, so the extension trusts
 * nothing it says: a message without the panel's nonce or of a wrong shape is dropped. The extension pushes whole
 * snapshots and runs of actions in numbered batches; the page acknowledges each batch, and the next one waits for it.
 * `ready` (re)starts the flow: after it come snapshots of everything.
 */

/** The channels that a panel folds. The page uses the same reducers as everybody else. */
export const PANEL_KINDS = ["session", "chat", "changeset", "fleetSession"] as const;
export type PanelKind = (typeof PANEL_KINDS)[number];

const text = z.string().check(z.maxLength(400_000));
const id = z.string().check(z.minLength(1), z.maxLength(2_000));
const empty = z.object({});

/** What an agent's pull request may want to be done with it. */
export const PULL_REQUEST_ACTS = ["update", "fixChecks", "addressComments", "merge"] as const;
export type PullRequestAct = (typeof PULL_REQUEST_ACTS)[number];

/** Parameters of every request. All results are `null` but for those in `PanelResults`. */
export const PanelMethods = {
  ready: empty,
  /** Starts a turn, or queues the message while one runs. */
  sendPrompt: z.object({ text: text.check(z.minLength(1)), model: z.optional(id) }),
  /** Tells the agent in the midst of its turn; only where `PanelFacts.canSteer` says so. */
  steer: z.object({ text: text.check(z.minLength(1)) }),
  removeQueued: z.object({ id }),
  editQueued: z.object({ id, text: text.check(z.minLength(1)) }),
  /** Before the one that waits before it. */
  advanceQueued: z.object({ id }),
  /** One of `PanelAbout.choices`. */
  choose: z.object({ property: id, value: id }),
  stop: empty,
  resume: z.object({ turnId: id }),
  approve: z.object({ turnId: id, toolCallId: id, optionId: z.optional(id) }),
  deny: z.object({ turnId: id, toolCallId: id, optionId: z.optional(id), note: z.optional(text) }),
  answerInput: z.object({ requestId: id, response: InputResponse, answers: z.record(z.string(), InputAnswer) }),
  review: empty,
  createPullRequest: empty,
  showPullRequest: empty,
  actOnPullRequest: z.object({ act: z.enum(PULL_REQUEST_ACTS) }),
  reconnect: empty,
  /** Gives the agent the account that it lacks, if the person agrees. */
  signIn: empty,
  /** One file of the branch changeset in the editor's diff. */
  openDiff: z.object({ fileId: id }),
  /** What one file of the branch changeset changes, and what one edit of a tool call does. */
  readDiff: z.object({ fileId: id }),
  readEdit: z.object({ toolCallId: id, index: z.int().check(z.minimum(0)) }),
  /** A picture that the conversation names. */
  readImage: z.object({ uri: id }),
  /** Hear of the timeline, or stop doing so. */
  followTimeline: empty,
  leaveTimeline: empty,
  /** Of hosts that have these: `PanelFacts.methods`. The editor asks before files are put back. */
  checkpoint: empty,
  restore: z.object({ checkpoint: id }),
  fork: z.object({ checkpoint: id }),
  compare: z.object({ from: id, to: id }),
  /** Asks for the agent's budget and sets it. */
  setBudget: empty,
  /** Asks how much more an agent may cost that has used its budget, and lets it go on. */
  raiseBudget: empty,
  ...LogMethods,
  copy: z.object({ text }),
  openLink: z.object({ url: id }),
  loadOlder: empty,
} as const;

export type PanelMethod = keyof typeof PanelMethods;
export type PanelParams<M extends PanelMethod> = z.infer<(typeof PanelMethods)[M]>;

export interface PanelResults extends LogResults {
  /** What names this panel's agent: the page keeps it so that the editor can restore the panel. */
  ready: { readonly agent: PanelAgent };
  /** Whether there are turns still older. */
  loadOlder: { readonly hasMore: boolean };
  readDiff: LineDiff;
  readEdit: LineDiff;
  readImage: { readonly url: string };
}
export type PanelResult<M extends PanelMethod> = M extends keyof PanelResults ? PanelResults[M] : null;

/** A handler for each method: leaving one out does not compile. */
export type PanelHandlers = {
  readonly [M in PanelMethod]: (params: PanelParams<M>) => Promise<PanelResult<M>> | PanelResult<M>;
};

export const PanelAgent = z.object({ hostId: id, session: id });
export type PanelAgent = z.infer<typeof PanelAgent>;

/** What the page keeps with `setState`: who, where and what was typed. Never what the agent said. */
export const PanelMemory = z.object({
  agent: PanelAgent,
  tab: z.optional(z.enum(["transcript", "log", "changes", "timeline"])),
  draft: z.optional(z.string()),
  /** Answers, notes and edits that were not sent, by what they are for. */
  typed: z.optional(z.record(z.string(), z.string())),
});
export type PanelMemory = z.infer<typeof PanelMemory>;

const envelope = { nonce: z.string() };

/** Page to extension. */
export const PanelInbound = z.discriminatedUnion("kind", [
  z.object({
    ...envelope,
    kind: z.literal("request"),
    id: z.number(),
    method: z.enum(Object.keys(PanelMethods) as [PanelMethod, ...PanelMethod[]]),
    params: z.unknown(),
  }),
  z.object({ ...envelope, kind: z.literal("ack"), seq: z.number() }),
]);
export type PanelInbound = z.infer<typeof PanelInbound>;

/** Whether we can see what the agent does, and what may be done from here. Apart from what the agent does. */
export interface PanelFacts {
  readonly hostName: string;
  readonly connection: "live" | "connecting" | "offline";
  /** When the host was last heard of, ms since the epoch. */
  readonly heardAtMs: number | undefined;
  /** One sentence when the agent cannot be shown: gone, refused, host unknown. */
  readonly problem: string | undefined;
  readonly pullRequest: PanelPullRequest | undefined;
  /** The host keeps turns older than those that were sent. */
  readonly hasOlder: boolean;
  /** The host can push the agent's branch, so that a pull request can be made of it. */
  readonly canShip: boolean;
  /** The agent lacks an account that the person may give it. */
  readonly needsSignIn: boolean;
  /** A message may reach the agent in the midst of its turn. */
  readonly canSteer: boolean;
  /** Requests of the fleet plane that the host has. */
  readonly methods: readonly FleetMethodName[];
  /** Which of the session's changesets is shown, where the host has several. */
  readonly changes: PanelChanges | undefined;
}

export interface PanelPullRequest {
  readonly number: number;
  readonly url: string;
  /** "#7 · checks failed". */
  readonly words: string;
  /** What it wants most; `undefined` when it wants nothing. */
  readonly act: PullRequestAct | undefined;
}

/** What a host calls a changeset, such as "Branch Changes" of "agents/fix → main". */
export interface PanelChanges {
  readonly label: string;
  readonly description: string | undefined;
}

/** What the agent says of itself, and what a person may choose. */
export interface PanelAbout extends Pick<AgentAbout, "plan" | "commands"> {
  /** Hold from the moment of the choice on. */
  readonly choices: readonly SessionChoice[];
  /** What one message may ask for, where the host leaves it to messages. */
  readonly models: readonly { readonly id: string; readonly name: string }[];
}

/** `' '` both, `'-'` before only, `'+'` after only. */
export interface DiffLine {
  readonly kind: " " | "-" | "+";
  readonly text: string;
}

export interface DiffHunk {
  /** Numbers of the first lines, from 1. */
  readonly before: number;
  readonly after: number;
  readonly lines: readonly DiffLine[];
}

/** What is too long to be drawn in place is left out, and `note` says so. */
export interface LineDiff {
  readonly hunks: readonly DiffHunk[];
  readonly note: string | undefined;
}

export interface TimelineEntry {
  readonly id: string;
  readonly kind:
    | "turn"
    | "approval"
    | "question"
    | "checkpoint"
    | "push"
    | "egress"
    | "budget"
    | "queue"
    | "note"
    | "fork";
  /** ms since the epoch; what has no time of its own stands where its turn does. */
  readonly atMs: number | undefined;
  readonly title: string;
  readonly detail: string | undefined;
  readonly tone: "plain" | "good" | "bad" | "waiting";
  readonly turnId: string | undefined;
  /** Its files can be put back. */
  readonly checkpoint: string | undefined;
}

export type PanelItem =
  | { readonly type: "facts"; readonly facts: PanelFacts }
  | { readonly type: "about"; readonly about: PanelAbout }
  /** Newest first. */
  | { readonly type: "timeline"; readonly entries: readonly TimelineEntry[]; readonly left: number }
  | LogChange
  | {
      [K in PanelKind]: {
        readonly type: "snapshot";
        readonly kind: K;
        readonly uri: string;
        readonly state: ChannelStates[K];
      };
    }[PanelKind]
  | { readonly type: "actions"; readonly uri: string; readonly actions: readonly StateAction[] };

/** Extension to page. */
export type PanelOutbound =
  | { readonly nonce: string; readonly kind: "push"; readonly seq: number; readonly items: readonly PanelItem[] }
  | { readonly nonce: string; readonly kind: "response"; readonly id: number; readonly result: unknown }
  | { readonly nonce: string; readonly kind: "failure"; readonly id: number; readonly sentence: string };

/** Upper bound of one push, in UTF-16 units of its JSON. */
export const MAX_PUSH_CHARS = 256 * 1024;
