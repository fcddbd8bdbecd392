import * as z from "zod/mini";
import type { StateAction } from "./actions.ts";
import { InputAnswer, InputResponse } from "./input.ts";
import type { ChannelStates } from "./reduce.ts";

/**
 * Messages between the session panel's page and the extension.
 *
 * The page asks, the extension answers each request once. The page shows what agents wrote, so the extension trusts
 * nothing it says: a message without the panel's nonce or of a wrong shape is dropped. The extension pushes whole
 * snapshots and runs of actions in numbered batches; the page acknowledges each batch, and the next one waits for it.
 * `ready` (re)starts the flow: after it come snapshots of everything.
 */

/** The channels that a panel folds. The page uses the same reducers as everybody else. */
export const PANEL_KINDS = ["session", "chat", "changeset", "fleetSession", "terminal"] as const;
export type PanelKind = (typeof PANEL_KINDS)[number];

const text = z.string().check(z.maxLength(400_000));
const id = z.string().check(z.minLength(1), z.maxLength(2_000));
const empty = z.object({});

/** Parameters of every request. All results are `null` but for those in `PanelResults`. */
export const PanelMethods = {
  ready: empty,
  /** Starts a turn, or queues the message while one runs. */
  sendPrompt: z.object({ text: text.check(z.minLength(1)) }),
  removeQueued: z.object({ id }),
  stop: empty,
  resume: z.object({ turnId: id }),
  approve: z.object({ turnId: id, toolCallId: id, optionId: z.optional(id) }),
  deny: z.object({ turnId: id, toolCallId: id, optionId: z.optional(id), note: z.optional(text) }),
  answerInput: z.object({ requestId: id, response: InputResponse, answers: z.record(z.string(), InputAnswer) }),
  review: empty,
  createPullRequest: empty,
  showPullRequest: empty,
  reconnect: empty,
  /** Gives the agent the account that it lacks, if the person agrees. */
  signIn: empty,
  /** One file of the branch changeset in the editor's diff. */
  openDiff: z.object({ fileId: id }),
  /** Follow a terminal's output, or stop doing so. Only terminals that the transcript names are opened. */
  watchTerminal: z.object({ terminal: id }),
  unwatchTerminal: z.object({ terminal: id }),
  /** A terminal's output as a document in the editor. */
  openLog: z.object({ terminal: id }),
  copy: z.object({ text }),
  openLink: z.object({ url: id }),
  loadOlder: empty,
} as const;

export type PanelMethod = keyof typeof PanelMethods;
export type PanelParams<M extends PanelMethod> = z.infer<(typeof PanelMethods)[M]>;

export interface PanelResults {
  /** What names this panel's agent: the page keeps it so that the editor can restore the panel. */
  ready: { readonly agent: PanelAgent };
  /** Whether there are turns still older. */
  loadOlder: { readonly hasMore: boolean };
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
  tab: z.optional(z.enum(["transcript", "log", "changes"])),
  draft: z.optional(text),
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
  readonly pullRequest: { readonly number: number | undefined; readonly url: string } | undefined;
  /** The host keeps turns older than those that were sent. */
  readonly hasOlder: boolean;
  /** The host can push the agent's branch, so that a pull request can be made of it. */
  readonly canShip: boolean;
  /** The agent lacks an account that the person may give it. */
  readonly needsSignIn: boolean;
  /** Which of the session's changesets is shown, where the host has several. */
  readonly changes: PanelChanges | undefined;
}

/** What a host calls a changeset, such as "Branch Changes" of "agents/fix → main". */
export interface PanelChanges {
  readonly label: string;
  readonly description: string | undefined;
}

export type PanelItem =
  | { readonly type: "facts"; readonly facts: PanelFacts }
  | {
      [K in PanelKind]: {
        readonly type: "snapshot";
        readonly kind: K;
        readonly uri: string;
        readonly state: ChannelStates[K];
        /** Characters of output left out at its start, because they are more than a page should hold. */
        readonly skipped?: number;
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
