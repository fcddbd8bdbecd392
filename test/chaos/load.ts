import { randomUUID } from "node:crypto";
import { createSession, prompt, type Refs, refs, watch } from "../host/sessionFixture.ts";
import type { WireClient } from "../host/wireClient.ts";
import type { Dice } from "../support/dice.ts";

/** A session that was acknowledged, and what its people asked for. */
export interface LoadedSession {
  readonly id: string;
  readonly refs: Refs;
  pushesAsked: number;
  /** Commits that pushes were answered with. */
  readonly pushed: string[];
  isDisposeAsked: boolean;
  isDisposed: boolean;
}

const prompts = [
  "Finish the layout notes",
  "Work on the documentation",
  "Please ask for permission",
  "Wait until I stop you",
  "Quick notes",
] as const;

/** People at work: prompts, approvals, titles, drafts, pushes, sessions that come and go. Ends with its connection. */
export class Load {
  readonly sessions: LoadedSession[] = [];
  readonly #dice: Dice;
  readonly #remote: string;
  #pauseMs = 40;
  readonly #running = new Set<Promise<void>>();

  constructor(dice: Dice, remote: string) {
    this.#dice = dice;
    this.#remote = remote;
  }

  get live(): readonly LoadedSession[] {
    return this.sessions.filter((session) => !session.isDisposeAsked);
  }

  /** As many people as are wanted, each with one session at a time, at work until the connection is gone. */
  async run(client: WireClient, wanted: number): Promise<void> {
    const isOpen = untilClosed(client);
    const { live } = this;
    // All of them share what one connection may send.
    this.#pauseMs = Math.max(40, 10 * Math.max(wanted, live.length));
    const failure = Promise.withResolvers<never>();
    for (let person = 0; person < Math.max(wanted, live.length); person += 1) {
      const work = async () => {
        const theirs = live[person];
        if (theirs) await this.#work(client, theirs, isOpen);
        while (isOpen()) await this.#create(client, isOpen);
      };
      this.#start(isOpen, work, failure.reject);
    }
    await Promise.race([client.closed, failure.promise]);
    await Promise.all(this.#running);
  }

  /** Ends what can be ended and resumes what was interrupted, until every session waits for its next message. */
  async settle(client: WireClient, session: LoadedSession): Promise<void> {
    const { refs } = session;
    for (;;) {
      const chat = client.state("chat", refs.chat);
      const { phase } = client.state("fleetSession", refs.fleet);
      const before = client.envelopes.length;
      const last = chat.turns.at(-1);
      if (chat.activeTurn !== undefined) {
        const call = waitingCall(chat.activeTurn.responseParts);
        if (call !== undefined) await this.#answer(client, session, chat.activeTurn.id, call, true);
        else if (JSON.stringify(chat.activeTurn.responseParts).includes("keep waiting until"))
          await client.dispatched(refs.chat, { type: "chat/turnCancelled", turnId: chat.activeTurn.id, duration: 0 });
      } else if (last?.state === "error" && isResumable(last)) {
        await client.dispatched(refs.chat, { type: "chat/turnResume", turnId: last.id });
      } else if (phase === "ready") return;
      if (client.envelopes.length === before) await client.until(() => client.envelopes.length > before);
    }
  }

  #start(isOpen: () => boolean, work: () => Promise<void>, fail: (error: Error) => void): void {
    const running = work()
      .catch((error: unknown) => {
        // A request that is under way when the host dies has no answer; one that comes while it stops is refused.
        if (!isOpen() || isStopping(error)) return;
        fail(error instanceof Error ? error : new Error(`A person was refused: ${JSON.stringify(error)}`));
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #create(client: WireClient, isOpen: () => boolean): Promise<void> {
    const id = randomUUID();
    const session = { id, refs: refs(id), pushesAsked: 0, pushed: [], isDisposeAsked: false, isDisposed: false };
    await createSession(client, id, "sample", this.#remote);
    this.sessions.push(session);
    await this.#work(client, session, isOpen);
  }

  async #work(client: WireClient, session: LoadedSession, isOpen: () => boolean): Promise<void> {
    await watch(client, session.refs);
    while (isOpen() && !session.isDisposeAsked) {
      await this.#step(client, session);
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, this.#dice.below(this.#pauseMs));
      await Promise.race([pause.promise, client.closed]);
      clearTimeout(timer);
    }
  }

  /** What a person might do next. */
  async #step(client: WireClient, session: LoadedSession): Promise<void> {
    const { refs } = session;
    const chat = client.state("chat", refs.chat);
    const fleet = client.state("fleetSession", refs.fleet);
    const turn = chat.activeTurn;
    const call = turn && waitingCall(turn.responseParts);
    if (turn && call !== undefined) return this.#answer(client, session, turn.id, call, this.#dice.chance(0.7));
    if (this.#dice.chance(0.3)) {
      const title = `Title ${this.#dice.below(1_000_000)}`;
      client.dispatch(refs.session, { type: "session/titleChanged", title });
      return;
    }
    if (this.#dice.chance(0.2)) {
      const draft = { text: `draft ${this.#dice.below(1_000_000)}`, origin: { kind: "user" } } as const;
      client.dispatch(refs.chat, { type: "chat/draftChanged", draft });
      return;
    }
    if (turn) {
      if (this.#dice.chance(0.02))
        client.dispatch(refs.chat, { type: "chat/turnCancelled", turnId: turn.id, duration: 0 });
      return;
    }
    if (fleet.head !== undefined && fleet.phase === "ready" && this.#dice.chance(0.5)) {
      await this.#push(client, session, fleet.head);
    } else if (chat.turns.length > 3 && this.#dice.chance(0.3)) {
      session.isDisposeAsked = true;
      await client.request("disposeSession", { channel: refs.session });
      session.isDisposed = true;
    } else prompt(client, refs, randomUUID(), this.#dice.pick(prompts));
  }

  async #push(client: WireClient, session: LoadedSession, commit: string): Promise<void> {
    session.pushesAsked += 1;
    const params = { channel: session.refs.changes, operationId: "push", _meta: { muster: { commit } } };
    const answer = await client.request("invokeChangesetOperation", params).catch((error: unknown) => {
      if (isRefusal(error)) return undefined;
      throw error;
    });
    const { muster } = (answer?.["_meta"] ?? {}) as { muster?: { commit: string } };
    if (muster !== undefined) session.pushed.push(muster.commit);
  }

  async #answer(
    client: WireClient,
    session: LoadedSession,
    turnId: string,
    toolCallId: string,
    isYes: boolean,
  ): Promise<void> {
    const call = { type: "chat/toolCallConfirmed", turnId, toolCallId } as const;
    const answer = isYes
      ? ({ ...call, approved: true, confirmed: "user-action" } as const)
      : ({ ...call, approved: false, reason: "denied" } as const);
    await Promise.race([client.dispatched(session.refs.chat, answer), client.closed]);
  }
}

function waitingCall(parts: readonly { readonly kind: string }[]): string | undefined {
  for (const part of parts) {
    if (part.kind !== "toolCall") continue;
    const { toolCall } = part as { toolCall?: { status: string; toolCallId: string } };
    if (toolCall?.status === "pending-confirmation") return toolCall.toolCallId;
  }
  return undefined;
}

/** The failure that a turn ended with may be gone on from. */
export function isResumable(turn: { readonly responseParts: readonly { readonly kind: string }[] }): boolean {
  const part = turn.responseParts.at(-1);
  return part?.kind === "error" && "resumable" in part && part.resumable === true;
}

function untilClosed(client: WireClient): () => boolean {
  let isClosed = false;
  void client.closed.then(() => (isClosed = true));
  return () => !isClosed;
}

/** An answer that says no, and not the end of the connection. */
function isStopping(error: unknown): boolean {
  return isRefusal(error) && JSON.stringify(error).includes("The host is stopping");
}

function isRefusal(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code !== -32000;
}
