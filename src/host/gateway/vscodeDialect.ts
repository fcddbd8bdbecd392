import { isRecord } from "../../base/isRecord.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { Implementation } from "../../protocol/methods.ts";
import { type ModelInfo } from "../../protocol/root.ts";
import { parseChatUri, ROOT_URI } from "../../protocol/uris.ts";
import { REPOSITORIES_FOLDER } from "../sessions/repositoryFolders.ts";
import type { Dialect } from "./dialect.ts";
import { fromVsCodeFile, fromVsCodeReference, toVsCodeFile, toVsCodeSide } from "./vscodeFiles.ts";
import { type FindSession, fromVsCodeUri, mapUris, toVsCodeUri } from "./vscodeUris.ts";

export function isVsCode(client: Implementation | undefined): boolean {
  return /^(vscode|visual studio code|code - |vs code)/i.test(client?.name ?? "");
}

/** VS Code offers an agent only if it has a model to choose. This one stands for the agent's own choice. */
const agentsChoice: ModelInfo = { id: "muster.agents-choice", name: "Agent's default" };

type Members = Readonly<Record<string, unknown>>;

/**
 * What VS Code's own client (seen in 1.139) does that AHP does not ask for, or asks for differently:
 * - the type of a session is the scheme of its URI (vscodeUris.ts);
 * - the name and the language of a file are taken from the path of its content's URI (vscodeFiles.ts);
 * - an agent without a model cannot be chosen;
 * - about eight `root/configChanged` follow every connect, trusted folders included: neither stored nor answered;
 * - a session's new title is dispatched on the channel of its chat;
 * - sessions are made before their first message, and thrown away when the person chooses differently;
 * - sessions that it still shows are disposed of;
 * - after a reconnect it shows its old list, though nothing of `root/session*` is replayed.
 */
export class VsCodeDialect implements Dialect {
  readonly makesDrafts = true;
  readonly archivesFirst = true;
  /** It stops trying to come back after some minutes. */
  readonly remindsOfMs = 60 * 60 * 1000;
  readonly defaultDirectory = REPOSITORIES_FOLDER;
  readonly #find: FindSession;

  constructor(find: FindSession) {
    this.#find = find;
  }

  hear(method: string, params: unknown): unknown {
    const channel = (uri: string) => fromVsCodeUri(uri, this.#find);
    const side = (file: string, content: string) => ({ file, content });
    const mapped = mapUris(params, { channel, reference: fromVsCodeReference, side });
    switch (method) {
      case "dispatchAction":
        return heardAction(mapped);
      case "resourceRead":
      case "resourceResolve":
        return heardFile(mapped);
      default:
        return mapped;
    }
  }

  say<T extends object>(message: T): T {
    const channel = (uri: string) => toVsCodeUri(uri, this.#find);
    return withModels(mapUris(message, { channel, reference: toVsCodeFile, side: toVsCodeSide }));
  }
}

function heardFile(params: unknown): unknown {
  if (!isRecord(params) || typeof params["uri"] !== "string") return params;
  return { ...params, uri: fromVsCodeFile(params["uri"]) };
}

function heardAction(params: unknown): unknown {
  if (!isRecord(params) || !isRecord(params["action"])) return params;
  const { channel, action } = params;
  switch (action["type"]) {
    case "root/configChanged":
      return undefined;
    case "session/titleChanged": {
      const chat = typeof channel === "string" ? parseChatUri(channel) : undefined;
      return chat?.chatId === "default" ? { ...params, channel: chat.session } : params;
    }
    case "chat/turnStarted":
    case "chat/pendingMessageSet":
      return { ...params, action: { ...action, message: withoutAgentsChoice(action["message"]) } };
    case "chat/draftChanged":
      return { ...params, action: { ...action, draft: withoutAgentsChoice(action["draft"]) } };
    default:
      return params;
  }
}

function withoutAgentsChoice(message: unknown): unknown {
  if (!isRecord(message) || !isRecord(message["model"]) || message["model"]["id"] !== agentsChoice.id) return message;
  const { model: _agents, ...rest } = message;
  return rest;
}

/** The root's agents, in whichever of its forms a message brings them. */
function withModels<T extends object>(message: T): T {
  const { params, result }: { params?: unknown; result?: unknown } = message;
  if (isRecord(params) && isRecord(params["action"]) && params["action"]["type"] === "root/agentsChanged") {
    return { ...message, params: { ...params, action: withAgents(params["action"]) } };
  }
  if (!isRecord(result)) return message;
  if (isRecord(result["snapshot"])) {
    return { ...message, result: { ...result, snapshot: withRootAgents(result["snapshot"]) } };
  }
  const { snapshots } = result;
  return Array.isArray(snapshots)
    ? { ...message, result: { ...result, snapshots: snapshots.map(withRootAgents) } }
    : message;
}

function withRootAgents(snapshot: unknown): unknown {
  const isRoot = isRecord(snapshot) && snapshot["resource"] === ROOT_URI && isRecord(snapshot["state"]);
  return isRoot ? { ...snapshot, state: withAgents(snapshot["state"] as Members) } : snapshot;
}

function withAgents(holder: Members): Members {
  const { agents } = holder;
  return Array.isArray(agents) ? { ...holder, agents: agents.map(withModel) } : holder;
}

function withModel(agent: unknown): unknown {
  if (!isRecord(agent) || !Array.isArray(agent["models"]) || agent["models"].length > 0) return agent;
  return { ...agent, models: [{ ...agentsChoice, provider: agent["provider"] }] };
}

export const answerForVsCode = {
  /** The default chat comes with its session, so making it succeeds and does nothing. */
  createChat(params: { readonly channel: string; readonly chat: string }) {
    const chat = parseChatUri(params.chat);
    if (chat?.chatId === "default" && chat.session === params.channel) return null;
    throw new RpcError(RPC.permissionDenied, "A session on this host has one chat.");
  },
  resourceWrite: refuseWrites,
  resourceCopy: refuseWrites,
  resourceMove: refuseWrites,
  resourceDelete: refuseWrites,
  resourceMkdir: refuseWrites,
};

function refuseWrites(): never {
  throw new RpcError(RPC.permissionDenied, "An agent's files are the agent's to change. Ask it in a message.");
}
