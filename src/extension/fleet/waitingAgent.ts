import { isSame } from "../../base/isSame.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { ChannelHandle } from "../../client/client.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import type { SessionInputRequest, SessionState } from "../../protocol/sessionState.ts";
import { needsInput } from "../../protocol/status.ts";
import { type AgentAddress, defaultChatOf, requestsOfChat } from "./agentCommands.ts";

/** A session of many chats is followed in a few: what they wait for makes the agent wait, the rest is found on opening it. */
const maxChats = 3;

/**
 * Follows what one agent waits for: on its session, where hosts gather it, or else on the chats that wait. Costs one
 * subscription, and `maxChats` more on a host that does not gather.
 */
export class WaitingAgent implements Disposable {
  readonly #address: AgentAddress;
  readonly #changed: () => void;
  readonly #session: ChannelHandle<SessionState>;
  readonly #chats = new Map<string, ChannelHandle<ChatState>>();
  #requests: readonly SessionInputRequest[] = [];
  /** By request: the `serverSeq` at which it came to be what it is. */
  #seqs = new Map<string, number>();

  /** `changed` is called after construction only. */
  constructor(address: AgentAddress, changed: () => void) {
    this.#address = address;
    this.#changed = changed;
    this.#session = address.client.subscribe("session", address.session);
    this.#take(this.#read());
    this.#session.onDidChange(() => this.#look());
  }

  /** The same object as long as they are the same. */
  get requests(): readonly SessionInputRequest[] {
    return this.#requests;
  }

  seenSeq(requestId: string): number | undefined {
    return this.#seqs.get(requestId);
  }

  dispose(): void {
    this.#session.dispose();
    this.#followChats([]);
  }

  #look(): void {
    const requests = this.#read();
    if (isSame(requests, this.#requests)) return;
    this.#take(requests);
    this.#changed();
  }

  #take(requests: readonly SessionInputRequest[]): void {
    const former = new Map(this.#requests.map((request) => [request.id, request]));
    const { seq } = this.#session;
    const seqs = requests.flatMap((request) => {
      const isKnown = isSame(former.get(request.id), request);
      const at = (isKnown ? this.#seqs.get(request.id) : undefined) ?? seq;
      return at === undefined ? [] : [[request.id, at] as const];
    });
    this.#seqs = new Map(seqs);
    this.#requests = requests;
  }

  #read(): readonly SessionInputRequest[] {
    const { state } = this.#session;
    const gathered = state?.inputNeeded ?? [];
    this.#followChats(state === undefined || gathered.length > 0 ? [] : waitingChats(this.#address.session, state));
    if (gathered.length > 0) return gathered;
    return Array.from(this.#chats, ([uri, { state: chat }]) => (chat ? requestsOfChat(uri, chat) : [])).flat();
  }

  #followChats(uris: readonly string[]): void {
    for (const [uri, handle] of this.#chats) {
      if (uris.includes(uri)) continue;
      this.#chats.delete(uri);
      handle.dispose();
    }
    for (const uri of uris) {
      if (this.#chats.has(uri)) continue;
      const handle = this.#address.client.subscribe("chat", uri);
      this.#chats.set(uri, handle);
      handle.onDidChange(() => this.#look());
    }
  }
}

/** Those that say so, or the first chat of a session that tells of none. */
function waitingChats(session: string, state: SessionState): readonly string[] {
  if (state.chats.length === 0) return [defaultChatOf(session, state)];
  const waiting = state.chats.filter(({ status }) => needsInput(status));
  return waiting.slice(0, maxChats).map(({ resource }) => resource);
}
