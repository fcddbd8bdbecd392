import { AppError } from "../../../base/appError.ts";
import type { Clock } from "../../../base/clock.ts";
import { type Disposable, Disposables } from "../../../base/disposables.ts";
import { Emitter } from "../../../base/emitter.ts";
import type { ChannelHandle, Client } from "../../../client/client.ts";
import type { StateAction } from "../../../protocol/actions.ts";
import type { AnnotationsState } from "../../../protocol/annotations.ts";
import type { Attachment, ChatState, Message } from "../../../protocol/chatState.ts";
import { META_NS } from "../../../protocol/fleet.ts";
import { fleetMeta } from "../../../protocol/fleetMeta.ts";
import { annotationsUri, chatUri } from "../../../protocol/uris.ts";
import { sendMessage } from "../../fleet/agentCommands.ts";
import type { AgentTarget } from "../../ids.ts";
import { answerOf, type RoundAnswer } from "./agentAnswers.ts";
import type { CommentDraft, CommentDrafts } from "./commentDrafts.ts";
import {
  type CommentEntry,
  type CommentPlace,
  fromAnnotation,
  type ReviewComment,
  toAnnotation,
  toAnnotationEntry,
} from "./reviewComment.ts";
import { inReadingOrder, roundText } from "./reviewRound.ts";

export interface AgentCommentsPorts {
  readonly client: Client;
  readonly target: AgentTarget;
  /** As the session's git objects name it. */
  readonly sessionId: string;
  readonly drafts: CommentDrafts;
  /** Tells this person's comments from those of others. */
  readonly by: string;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly onError: (error: unknown) => void;
}

/** Turns that are looked through for answers. */
const recentTurns = 20;

/**
 * The comments on one agent's work: those that were sent, which the host keeps as annotations for every client, and the
 * person's drafts, which are here until they are sent together as one message to the agent.
 */
export class AgentComments implements Disposable {
  readonly #ports: AgentCommentsPorts;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<void>;
  readonly #annotations: ChannelHandle<AnnotationsState>;
  readonly #chat: ChannelHandle<ChatState>;

  constructor(ports: AgentCommentsPorts) {
    const { client, target, drafts } = ports;
    this.#ports = ports;
    this.#changed = this.#owned.add(new Emitter(ports.onError));
    this.#annotations = this.#owned.add(client.subscribe("annotations", annotationsUri(target.session)));
    this.#chat = this.#owned.add(client.subscribe("chat", chatUri(target.session), { turns: recentTurns }));
    this.#owned.add(this.#annotations.onDidChange(() => this.#changed.fire()));
    this.#owned.add(this.#chat.onDidChange(({ applied }) => isOfRounds(applied) && this.#changed.fire()));
    this.#owned.add(
      drafts.onDidChange(({ hostId, session }) => {
        if (hostId === target.hostId && session === target.session) this.#changed.fire();
      }),
    );
  }

  get target(): AgentTarget {
    return this.#ports.target;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  get drafts(): readonly CommentDraft[] {
    return this.#ports.drafts.of(this.#ports.target);
  }

  /** Those that the host has with the drafts that answer them, then those that are drafts alone. */
  get comments(): readonly ReviewComment[] {
    const { drafts } = this;
    const { by } = this.#ports;
    const toEntry = ({ entryId: id, text }: CommentDraft): CommentEntry => ({ id, text, by, isDraft: true });
    const entriesOf = (commentId: string) => drafts.filter((draft) => draft.commentId === commentId).map(toEntry);
    const sent = (this.#annotations.state?.annotations ?? []).flatMap((annotation) => {
      const comment = fromAnnotation(annotation);
      if (comment === undefined) return [];
      // A round whose answer was lost may have left its entries with the host.
      const waiting = new Map(entriesOf(comment.id).map((entry) => [entry.id, entry]));
      const said = comment.entries.filter(({ id }) => !waiting.has(id));
      return [{ ...comment, entries: [...said, ...waiting.values()] }];
    });
    const known = new Set(sent.map(({ id }) => id));
    const begun = drafts.flatMap(({ commentId: id, place }) =>
      place === undefined || known.has(id) ? [] : [{ id, place, isResolved: false, entries: entriesOf(id) }],
    );
    return [...sent, ...begun];
  }

  get(id: string): ReviewComment | undefined {
    return this.comments.find((comment) => comment.id === id);
  }

  /** What became of the comment's last round; `undefined` while it is a draft, or where it was too long ago. */
  answerOf(id: string): RoundAnswer | undefined {
    const chat = this.#chat.state;
    return chat && answerOf(chat, id);
  }

  /** Begins a comment; returns its id and its entry's. */
  add(place: CommentPlace, text: string): { readonly commentId: string; readonly entryId: string } {
    const [commentId, entryId] = [this.#ports.newId(), this.#ports.newId()];
    this.#draft({ commentId, entryId, text, place });
    return { commentId, entryId };
  }

  /** Writes under a comment; returns the entry's id. */
  reply(commentId: string, text: string): string {
    const entryId = this.#ports.newId();
    this.#draft({ commentId, entryId, text });
    return entryId;
  }

  /** Only drafts: what the agent has read stays as it read it. */
  edit(entryId: string, text: string): void {
    const draft = this.drafts.find((each) => each.entryId === entryId);
    if (draft !== undefined) this.#draft({ ...draft, text });
  }

  async remove(commentId: string, entryId: string): Promise<void> {
    const draft = this.drafts.find((each) => each.entryId === entryId);
    if (draft !== undefined) return this.#ports.drafts.remove(this.#ports.target, new Set([entryId]));
    const isLast = this.get(commentId)?.entries.length === 1;
    await this.#dispatch(
      isLast
        ? { type: "annotations/removed", annotationId: commentId }
        : { type: "annotations/entryRemoved", annotationId: commentId, entryId },
    );
  }

  async resolve(commentId: string, resolved: boolean): Promise<void> {
    await this.#dispatch({ type: "annotations/updated", annotationId: commentId, resolved });
  }

  /**
   * Sends all drafts to the agent as one message. They are kept until the host has it; what a lost answer leaves in doubt
   * is not sent twice. Returns how many comments the round has.
   */
  async send(): Promise<number> {
    const { client, target, clock, newId } = this.#ports;
    await this.#annotations.ready;
    const chat = await this.#chat.ready;
    await this.#forget(deliveredIn(chat));
    const round = inReadingOrder(this.comments.filter(({ entries }) => entries.some(({ isDraft }) => isDraft)));
    if (round.length === 0) return 0;
    for (const action of round.flatMap((comment) => this.#annotate(comment))) await this.#dispatch(action);
    const entries = round.flatMap((comment) => comment.entries.filter(({ isDraft }) => isDraft).map(({ id }) => id));
    const attachment: Attachment = {
      type: "annotations",
      label: "Review",
      resource: annotationsUri(target.session),
      annotationIds: round.map(({ id }) => id),
      _meta: { [META_NS]: { entries } },
    };
    const message = { text: roundText(round), attachments: [attachment] };
    await sendMessage({ client, session: target.session }, message, { clock, newId });
    await this.#forget(new Set(entries));
    return round.length;
  }

  async discard(): Promise<void> {
    await this.#forget(new Set(this.drafts.map(({ entryId }) => entryId)));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #draft(draft: Omit<CommentDraft, "hostId" | "session">): void {
    const { drafts, target, onError } = this.#ports;
    drafts.put({ ...draft, hostId: target.hostId, session: target.session }).catch(onError);
  }

  async #forget(entryIds: ReadonlySet<string>): Promise<void> {
    const { drafts, target } = this.#ports;
    if (this.drafts.some(({ entryId }) => entryIds.has(entryId))) await drafts.remove(target, entryIds);
  }

  /** What brings a comment's drafts to the host; done twice it is as done once. */
  #annotate(comment: ReviewComment): StateAction[] {
    const { session } = this.#ports.target;
    const isThere = this.#annotations.state?.annotations.some(({ id }) => id === comment.id);
    if (!isThere) {
      const annotation = toAnnotation(comment, { session, sessionId: this.#ports.sessionId, chat: chatUri(session) });
      return [{ type: "annotations/set", annotation }];
    }
    const drafts = comment.entries.filter(({ isDraft }) => isDraft);
    return drafts.map((entry) => ({
      type: "annotations/entrySet",
      annotationId: comment.id,
      entry: toAnnotationEntry(entry),
    }));
  }

  async #dispatch(action: StateAction): Promise<void> {
    const { client, target } = this.#ports;
    if (client.state.kind !== "live") {
      throw new AppError(
        "host.disconnected",
        "There is no connection to the host. Your comments are kept; try again when it is back.",
      );
    }
    await client.dispatch(annotationsUri(target.session), action);
  }
}

/** Words that stream by say nothing of rounds. */
function isOfRounds(applied: readonly StateAction[] | undefined): boolean {
  return applied?.every(({ type }) => type === "chat/delta" || type === "chat/reasoning") !== true;
}

/** Entries that some message has brought to the agent. */
function deliveredIn({ turns, activeTurn, queuedMessages = [] }: ChatState): ReadonlySet<string> {
  const messages: readonly Message[] = [
    ...turns.map(({ message }) => message),
    ...(activeTurn ? [activeTurn.message] : []),
    ...queuedMessages.map(({ message }) => message),
  ];
  const attachments = messages.flatMap((message) => message.attachments ?? []);
  return new Set(
    attachments.flatMap((attachment) =>
      attachment.type === "annotations" ? (fleetMeta("annotationsAttachment", attachment)?.entries ?? []) : [],
    ),
  );
}
