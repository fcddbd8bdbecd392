import * as z from "zod/mini";
import { ChatSummary } from "./chatState.ts";
import { ConfigValues, ErrorInfo, ToolDefinition } from "./content.ts";
import { Customization, Enablement, McpServerState } from "./customization.ts";
import { idOf, removeCustomization, toggle, updateCustomization, withServerState } from "./customizationChanges.ts";
import { addDirectory, removeDirectory, replaceDirectory } from "./directories.ts";
import { changeConfig } from "./root.ts";
import { type ActionOf, defineActions, Meta, opt, set, type UnknownAction, upsert, Uri } from "./schema.ts";
import { ActiveClient, ChangesetEntry, SessionInputRequest, type SessionState } from "./sessionState.ts";
import { STATUS, withActivity, withFlag, withoutInputNeeded } from "./status.ts";

export const sessionActions = defineActions({
  "session/ready": {},
  "session/creationFailed": { error: ErrorInfo },
  "session/chatAdded": { summary: ChatSummary },
  "session/chatRemoved": { chat: Uri },
  "session/chatUpdated": { chat: Uri, changes: z.partial(ChatSummary) },
  "session/defaultChatChanged": { defaultChat: opt(Uri) },
  "session/titleChanged": { title: z.string() },
  "session/isReadChanged": { isRead: z.boolean() },
  "session/isArchivedChanged": { isArchived: z.boolean() },
  "session/activityChanged": { activity: opt(z.string()) },
  "session/serverToolsChanged": { tools: z.array(ToolDefinition) },
  "session/activeClientSet": { activeClient: ActiveClient },
  "session/activeClientRemoved": { clientId: z.string() },
  "session/workingDirectorySet": { directory: Uri },
  "session/workingDirectoryRemoved": { directory: Uri },
  "session/workingDirectoryReplaced": { directory: Uri, replacement: Uri },
  "session/inputNeededSet": { request: SessionInputRequest },
  "session/inputNeededRemoved": { id: z.string() },
  "session/customizationsChanged": { customizations: z.array(Customization) },
  "session/customizationUpdated": { customization: Customization },
  "session/customizationRemoved": { id: z.string() },
  "session/customizationToggled": { id: z.string(), enablement: z.array(Enablement) },
  "session/mcpServerStateChanged": { id: z.string(), state: McpServerState, channel: opt(Uri) },
  "session/mcpServerStartRequested": { id: z.string() },
  "session/mcpServerStopRequested": { id: z.string() },
  "session/changesetsChanged": { changesets: opt(z.array(ChangesetEntry)) },
  "session/configChanged": { config: ConfigValues, replace: opt(z.boolean()) },
  "session/metaChanged": { _meta: opt(Meta) },
});
export type SessionAction = ActionOf<typeof sessionActions>;

export function reduceSession(state: SessionState, action: SessionAction | UnknownAction): SessionState {
  switch (action.type) {
    case "session/ready":
      return set(state, { lifecycle: "ready" });
    case "session/creationFailed":
      return set(state, { lifecycle: "failed", creationError: action.error });
    case "session/chatAdded":
      return set(state, { chats: upsert(state.chats, action.summary, (chat) => chat.resource) });
    case "session/chatRemoved":
      return removeChat(state, action.chat);
    case "session/chatUpdated": {
      const index = state.chats.findIndex((chat) => chat.resource === action.chat);
      const chat = state.chats[index];
      if (!chat) return state;
      const updated = set(chat, { ...action.changes, resource: chat.resource });
      return set(state, { chats: state.chats.with(index, updated) });
    }
    case "session/defaultChatChanged":
      return set(state, { defaultChat: action.defaultChat });
    case "session/titleChanged":
      return set(state, { title: action.title });
    case "session/isReadChanged":
      return set(state, { status: withFlag(state.status, STATUS.isRead, action.isRead) });
    case "session/isArchivedChanged":
      return set(state, { status: withFlag(state.status, STATUS.isArchived, action.isArchived) });
    case "session/activityChanged":
      return set(state, { activity: action.activity });
    case "session/serverToolsChanged":
      return set(state, { serverTools: action.tools });
    case "session/activeClientSet":
      return set(state, {
        activeClients: upsert(state.activeClients, action.activeClient, (client) => client.clientId),
      });
    case "session/activeClientRemoved":
      return set(state, {
        activeClients: state.activeClients.filter((client) => client.clientId !== action.clientId),
      });
    case "session/workingDirectorySet":
      return set(state, { workingDirectories: addDirectory(state.workingDirectories, action.directory) });
    case "session/workingDirectoryRemoved":
      return set(state, { workingDirectories: removeDirectory(state.workingDirectories, action.directory) });
    case "session/workingDirectoryReplaced":
      return set(state, {
        workingDirectories: replaceDirectory(state.workingDirectories, action.directory, action.replacement),
      });
    case "session/inputNeededSet":
      return withInputNeeded(
        state,
        upsert(state.inputNeeded ?? [], action.request, (request) => request.id),
      );
    case "session/inputNeededRemoved": {
      const left = state.inputNeeded?.filter((request) => request.id !== action.id);
      return !left || left.length === state.inputNeeded?.length ? state : withInputNeeded(state, left);
    }
    case "session/customizationsChanged":
      return set(state, { customizations: action.customizations });
    case "session/customizationUpdated":
      return set(state, { customizations: upsert(state.customizations ?? [], action.customization, idOf) });
    case "session/customizationRemoved":
      return set(state, { customizations: removeCustomization(state.customizations, action.id) });
    case "session/customizationToggled":
      return set(state, {
        customizations: updateCustomization(state.customizations, action.id, (one) => toggle(one, action.enablement)),
      });
    case "session/mcpServerStateChanged":
      return setMcpServer(state, action.id, action.state, action.channel);
    case "session/mcpServerStartRequested":
      return setMcpServer(state, action.id, { kind: "starting" });
    case "session/mcpServerStopRequested":
      return setMcpServer(state, action.id, { kind: "stopped" });
    case "session/changesetsChanged":
      return set(state, { changesets: action.changesets });
    case "session/configChanged":
      return changeConfig(state, action);
    case "session/metaChanged":
      return set(state, { _meta: action._meta });
    case "(unknown)":
    default:
      return state;
  }
}

function removeChat(state: SessionState, chat: string): SessionState {
  const chats = state.chats.filter((summary) => summary.resource !== chat);
  return set(state, { chats, defaultChat: state.defaultChat === chat ? undefined : state.defaultChat });
}

/** Only requests that a person can answer put the session into "input needed"; a client's tool run is work going on. */
function withInputNeeded(state: SessionState, requests: SessionInputRequest[]): SessionState {
  const isBlocked = requests.some((request) => request.kind !== "toolClientExecution");
  const status = isBlocked ? withActivity(state.status, STATUS.inputNeeded) : withoutInputNeeded(state.status);
  return set(state, { status, inputNeeded: requests.length > 0 ? requests : undefined });
}

function setMcpServer(state: SessionState, id: string, server: McpServerState, channel?: string): SessionState {
  return set(state, {
    customizations: updateCustomization(state.customizations, id, (one) => withServerState(one, server, channel)),
  });
}
