import type { Implementation } from "../../protocol/methods.ts";
import type { StateAction } from "../../protocol/actions.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import { parseChatUri } from "../../protocol/uris.ts";

/**
 * What VS Code's own client does that AHP does not ask for, or asks for differently. Seen in VS Code 1.139:
 * `reconnect` comes without `channel` (the schema lets it), a dozen `root/configChanged` follow every connect, the
 * default chat is created although the session has it, and the folder picker and the terminal ask for more than we give.
 */

/** Pushed on every connect with clientSeq 0, trusted folders included: neither stored, nor echoed, nor refused. */
export function isUnheard(action: StateAction): boolean {
  return action.type === "root/configChanged";
}

/** It disposes of sessions that it still shows. */
export function isVsCode(client: Implementation | undefined): boolean {
  return /^(vscode|visual studio code|code - |vs code)/i.test(client?.name ?? "");
}

export const answerForVsCode = {
  /** The default chat comes with its session, so making it succeeds and does nothing. */
  createChat(params: { readonly channel: string; readonly chat: string }) {
    const chat = parseChatUri(params.chat);
    if (chat?.chatId === "default" && chat.session === params.channel) return null;
    throw new RpcError(RPC.permissionDenied, "A session on this host has one chat.");
  },
  createTerminal() {
    throw new RpcError(RPC.permissionDenied, "This host opens no terminals.");
  },
  completions: () => ({ items: [] }),
  sessionConfigCompletions: () => ({ items: [] }),
  resourceList: refuseFiles,
  resourceResolve: refuseFiles,
};

function refuseFiles(): never {
  throw new RpcError(RPC.permissionDenied, "This host shows no files of its machine.");
}
