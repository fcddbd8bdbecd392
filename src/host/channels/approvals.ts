import type { StateAction } from "../../protocol/actions.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import type { ToolCall } from "../../protocol/toolCall.ts";
import { findToolCall } from "./chatPolicy.ts";
import type { ClientOrigin } from "./storedRecord.ts";

/** What a call that waits for an approval shows. */
interface Shown {
  /** The action that made it what it is. */
  readonly seq: number;
  /** It was something else when it began to wait. */
  readonly isChanged: boolean;
  /** Clients that were told of the change by the refusal of their answer. */
  readonly told: Set<string>;
}

/**
 * Binds an approval to what was shown: a call that changed by one byte is another call. The log's number stands for the
 * content, so nothing has to be hashed. A client that says how far it had shown the chat is refused if the call changed
 * after that; one that does not say so is refused once for each change, and by that knows of it.
 */
export class Approvals {
  readonly #waiting = new Map<string, Map<string, Shown>>();

  /** The host's own action has made `after` of `before`. */
  follow(chat: string, action: StateAction, before: ChatState, after: ChatState, seq: number): void {
    if (after.activeTurn === undefined) return void this.#waiting.delete(chat);
    if (action.type !== "chat/toolCallReady") return;
    const calls = this.#waiting.get(chat) ?? new Map<string, Shown>();
    const call = findToolCall(after, action);
    if (!isWaiting(call)) return void calls.delete(action.toolCallId);
    const former = findToolCall(before, action);
    const isChanged = isWaiting(former);
    if (isChanged && JSON.stringify(former) === JSON.stringify(call)) return;
    calls.set(action.toolCallId, { seq, isChanged, told: new Set() });
    this.#waiting.set(chat, calls);
  }

  /** Why this is no answer to what is asked; see `refusal` in policy.ts. Saying no is always one. */
  refusal(chat: string, action: StateAction, origin: ClientOrigin): string | undefined {
    if (action.type !== "chat/toolCallConfirmed" || !action.approved) return undefined;
    const shown = this.#waiting.get(chat)?.get(action.toolCallId);
    if (shown === undefined || this.#hasSeen(shown, origin)) return undefined;
    return "What is asked for was changed after it was shown to you. Look at it again, then answer.";
  }

  #hasSeen({ seq, isChanged, told }: Shown, { principal, clientId, seenSeq }: ClientOrigin): boolean {
    if (seenSeq !== undefined) return seenSeq >= seq;
    const client = JSON.stringify([principal, clientId]);
    if (!isChanged || told.has(client)) return true;
    told.add(client);
    return false;
  }
}

function isWaiting(call: ToolCall | undefined): boolean {
  return call?.status === "pending-confirmation";
}
