import type { ChatState } from "../../protocol/chatState.ts";
import type { Turn } from "../../protocol/chatState.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";

/**
 * The newest part of a long chat, for a reader that asked for no more (`subscribe` with `view.turns`). The host folds the
 * whole chat; what a reader left out is a fact of its connection. The cursor is the id of the oldest turn it has.
 */
export function newestTurns(chat: ChatState, count: number): ChatState {
  const wanted = Math.max(1, Math.trunc(count));
  const turns = chat.turns.slice(-wanted);
  const oldest = turns[0];
  return turns.length === chat.turns.length || oldest === undefined
    ? chat
    : { ...chat, turns, turnsNextCursor: oldest.id };
}

/** One page of the turns before `cursor`, without a cursor when nothing is older. Throws `RpcError` for another's cursor. */
export function turnsBefore(
  chat: ChatState,
  cursor: string,
  count: number,
): { readonly turns: Turn[]; readonly turnsNextCursor?: string } {
  const end = chat.turns.findIndex((turn) => turn.id === cursor);
  if (end < 0) throw new RpcError(RPC.invalidParams, "The cursor names no turn of this chat. Subscribe again.");
  const turns = chat.turns.slice(Math.max(0, end - count), end);
  const oldest = turns[0];
  return end > count && oldest !== undefined ? { turns, turnsNextCursor: oldest.id } : { turns };
}
