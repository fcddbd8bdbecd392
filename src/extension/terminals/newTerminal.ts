import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import type { Client, HostInfo } from "../../client/client.ts";
import { RPC } from "../../protocol/jsonrpc.ts";
import type { ParamsOf } from "../../protocol/methods.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { parseSessionUri, terminalUri } from "../../protocol/uris.ts";
import { defaultChatOf } from "../fleet/agentCommands.ts";

export type NewTerminal = ParamsOf<"createTerminal">;

/** Until the editor's own terminal has told its size. */
const defaultSize = { cols: 80, rows: 24 };

/** A shell where the agent works, claimed for its session. A host with the fleet plane knows the place itself. */
export function newTerminal(session: string, state: SessionState, id: string, host: HostInfo | undefined): NewTerminal {
  const sessionId = parseSessionUri(session);
  const [cwd] = state.workingDirectories ?? [];
  return {
    channel: sessionId === undefined ? `ahp-terminal:/${id}` : terminalUri(sessionId, id),
    claim: { kind: "session", session, chat: defaultChatOf(session, state) },
    ...defaultSize,
    ...(host?.fleet === undefined && cwd !== undefined && { cwd }),
  };
}

/** Rejects with a sentence about this host where it opens no terminals, or not this one. */
export async function openTerminal(
  client: Pick<Client, "request">,
  request: NewTerminal,
  hostName: string,
): Promise<void> {
  try {
    await client.request("createTerminal", request);
  } catch (error) {
    if (!AppError.is(error) || error.code === "host.disconnected" || error.code === "timeout") throw error;
    const name = toLine(hostName, 60);
    if (error.details["rpcCode"] === RPC.methodNotFound) {
      throw new AppError("permission.denied", "{0} opens no terminals. Follow the agent's own commands in its log.", {
        cause: error,
        values: [name],
      });
    }
    const values = [name, error.message];
    throw new AppError(error.code, "{0} did not open a terminal: {1}", { cause: error, values });
  }
}
