import * as z from "zod/mini";
import type { Disposable } from "../../../base/disposables.ts";
import { Emitter } from "../../../base/emitter.ts";
import type { AgentTarget } from "../../ids.ts";
import type { StatePort } from "../../platform/statePort.ts";
import { CommentPlace } from "./reviewComment.ts";

/** What a person wrote and has not sent. */
export const CommentDraft = z.object({
  hostId: z.string(),
  session: z.string(),
  /** The comment that it begins, or answers. */
  commentId: z.string(),
  entryId: z.string(),
  text: z.string(),
  /** Of one that begins a comment. */
  place: z.optional(CommentPlace),
});
export type CommentDraft = z.infer<typeof CommentDraft>;

const stateKey = "muster.reviewDrafts";
/** Far more than anyone leaves unsent. */
const maxDrafts = 500;

/** Comments that wait to be sent, for all agents. They survive a reload. */
export class CommentDrafts implements Disposable {
  readonly #state: StatePort;
  readonly #changed: Emitter<AgentTarget>;
  /** What is in memory counts: a write may still be under way. */
  #drafts: readonly CommentDraft[];

  constructor(state: StatePort, onError: (error: unknown) => void) {
    this.#state = state;
    this.#changed = new Emitter(onError);
    const stored = z.array(CommentDraft).safeParse(state.get(stateKey));
    this.#drafts = stored.success ? stored.data : [];
  }

  /** Whose drafts are others. */
  get onDidChange() {
    return this.#changed.event;
  }

  /** Oldest first. */
  of({ hostId, session }: AgentTarget): readonly CommentDraft[] {
    return this.#drafts.filter((draft) => draft.hostId === hostId && draft.session === session);
  }

  /** Keeps it, in the place of the one with its entry's id. */
  async put(draft: CommentDraft): Promise<void> {
    const isThere = this.#drafts.some(({ entryId }) => entryId === draft.entryId);
    const replaced = this.#drafts.map((other) => (other.entryId === draft.entryId ? draft : other));
    await this.#keep(isThere ? replaced : [...this.#drafts, draft].slice(-maxDrafts), draft);
  }

  async remove(target: AgentTarget, entryIds: ReadonlySet<string>): Promise<void> {
    await this.#keep(
      this.#drafts.filter(({ entryId }) => !entryIds.has(entryId)),
      target,
    );
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #keep(drafts: readonly CommentDraft[], { hostId, session }: AgentTarget): Promise<void> {
    this.#drafts = drafts;
    this.#changed.fire({ hostId, session });
    await this.#state.update(stateKey, drafts);
  }
}
