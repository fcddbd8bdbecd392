import type { ChatActionOf } from "./chatActions.ts";
import { compact, type Meta, set } from "./schema.ts";
import { isToolCallOver, type ToolCall, toolCallMembers, type ToolContributor } from "./toolCall.ts";

/**
 * What each action does to one tool call: the transitions drawn in toolCall.ts. Every function returns its input when
 * the call is in a status from which the action leads nowhere.
 */

/** What every status keeps, members of later versions among it. An action's `_meta` replaces the call's. */
function identity(toolCall: ToolCall, meta: Meta | undefined) {
  const { toolCallId, toolName, displayName, intention, contributor, _meta } = toolCall;
  const later = Object.entries(toolCall).filter(([key]) => !toolCallMembers.has(key));
  return {
    ...Object.fromEntries(later),
    toolCallId,
    toolName,
    displayName,
    intention,
    contributor,
    _meta: meta ?? _meta,
  };
}

export function startToolCall(action: ChatActionOf<"chat/toolCallStart">): ToolCall {
  const { toolCallId, toolName, displayName, intention, contributor, _meta } = action;
  return compact({ status: "streaming", toolCallId, toolName, displayName, intention, contributor, _meta });
}

export function streamToolCall(toolCall: ToolCall, action: ChatActionOf<"chat/toolCallDelta">): ToolCall {
  if (toolCall.status !== "streaming") return toolCall;
  const content = action.content ?? "";
  return set(toolCall, {
    partialInput: content === "" ? toolCall.partialInput : (toolCall.partialInput ?? "") + content,
    invocationMessage: action.invocationMessage ?? toolCall.invocationMessage,
    _meta: action._meta ?? toolCall._meta,
  });
}

export function readyToolCall(toolCall: ToolCall, action: ChatActionOf<"chat/toolCallReady">): ToolCall {
  const { status } = toolCall;
  if (status !== "streaming" && status !== "running" && status !== "pending-confirmation") return toolCall;
  const invoked = {
    ...identity(toolCall, action._meta),
    intention: action.intention ?? toolCall.intention,
    contributor: refineContributor(toolCall.contributor, action.contributor),
    invocationMessage: action.invocationMessage,
    // A streamed argument is only a preview: the finished one has to be told.
    toolInput: action.toolInput ?? (status === "streaming" ? undefined : toolCall.toolInput),
  };
  if (action.confirmed) return compact({ ...invoked, status: "running", confirmed: action.confirmed });
  const asked = status === "pending-confirmation" ? toolCall : undefined;
  return compact({
    ...invoked,
    status: "pending-confirmation",
    confirmationTitle: action.confirmationTitle ?? asked?.confirmationTitle,
    riskAssessment: action.riskAssessment ?? asked?.riskAssessment,
    edits: action.edits ?? asked?.edits,
    editable: action.editable ?? asked?.editable,
    options: action.options ?? asked?.options,
  });
}

/** A client owns a call from its start or never: only a call of the host may turn out to be one of an MCP server. */
function refineContributor(
  present: ToolContributor | undefined,
  told: ToolContributor | undefined,
): ToolContributor | undefined {
  return present?.kind === "client" || told?.kind === "client" ? present : (told ?? present);
}

export function confirmToolCall(toolCall: ToolCall, action: ChatActionOf<"chat/toolCallConfirmed">): ToolCall {
  if (toolCall.status !== "pending-confirmation") return toolCall;
  const { invocationMessage, toolInput, options } = toolCall;
  const selectedOption = options?.find((option) => option.id === action.selectedOptionId);
  const base = { ...identity(toolCall, action._meta), invocationMessage, selectedOption };
  if (!action.approved) {
    const { reason, reasonMessage, userSuggestion } = action;
    return compact({ ...base, status: "cancelled", toolInput, reason, reasonMessage, userSuggestion });
  }
  // Input behind a reference is the host's to rewrite.
  const edited = typeof toolInput === "string" ? action.editedToolInput : undefined;
  return compact({ ...base, status: "running", toolInput: edited ?? toolInput, confirmed: action.confirmed });
}

export function completeToolCall(toolCall: ToolCall, action: ChatActionOf<"chat/toolCallComplete">): ToolCall {
  const { result } = action;
  const { status } = toolCall;
  if (status !== "running" && status !== "pending-confirmation" && status !== "auth-required") return toolCall;
  const isWaitingForAuth = status === "auth-required";
  // Only giving up ends a call that waits for a sign-in; its output so far stays.
  if (isWaitingForAuth && result.success) return toolCall;
  const { success, pastTenseMessage, structuredContent, error } = result;
  const fields = {
    ...identity(toolCall, action._meta),
    invocationMessage: toolCall.invocationMessage,
    toolInput: toolCall.toolInput,
    confirmed: status === "pending-confirmation" ? ("not-needed" as const) : toolCall.confirmed,
    selectedOption: status === "pending-confirmation" ? undefined : toolCall.selectedOption,
    success,
    pastTenseMessage,
    content: result.content ?? (isWaitingForAuth ? toolCall.content : undefined),
    structuredContent,
    error,
  };
  const needsLook = action.requiresResultConfirmation === true && !isWaitingForAuth;
  return compact({ ...fields, status: needsLook ? "pending-result-confirmation" : "completed" });
}

export function confirmToolCallResult(
  toolCall: ToolCall,
  action: ChatActionOf<"chat/toolCallResultConfirmed">,
): ToolCall {
  if (toolCall.status !== "pending-result-confirmation") return toolCall;
  const base = identity(toolCall, action._meta);
  if (action.approved) return compact({ ...toolCall, ...base, status: "completed" });
  const { invocationMessage, toolInput, selectedOption } = toolCall;
  return compact({
    ...base,
    status: "cancelled",
    invocationMessage,
    toolInput,
    selectedOption,
    reason: "result-denied",
  });
}

export function requireToolCallAuth(toolCall: ToolCall, action: ChatActionOf<"chat/toolCallAuthRequired">): ToolCall {
  if (toolCall.status !== "running" || toolCall.contributor?.kind !== "mcp") return toolCall;
  return compact({ ...toolCall, ...identity(toolCall, action._meta), status: "auth-required", auth: action.auth });
}

export function resolveToolCallAuth(toolCall: ToolCall, action: ChatActionOf<"chat/toolCallAuthResolved">): ToolCall {
  if (toolCall.status !== "auth-required") return toolCall;
  const { auth: _auth, ...rest } = toolCall;
  return compact({ ...rest, ...identity(toolCall, action._meta), status: "running" });
}

export function setToolCallContent(toolCall: ToolCall, action: ChatActionOf<"chat/toolCallContentChanged">): ToolCall {
  if (toolCall.status !== "running") return toolCall;
  return set(toolCall, { content: action.content, _meta: action._meta ?? toolCall._meta });
}

/** The turn ends while the call is open: whatever its status, it will not go on. */
export function skipToolCall(toolCall: ToolCall): ToolCall {
  if (isToolCallOver(toolCall)) return toolCall;
  const told = "invocationMessage" in toolCall ? toolCall.invocationMessage : undefined;
  return compact({
    ...identity(toolCall, undefined),
    status: "cancelled",
    invocationMessage: told ?? "",
    toolInput: "toolInput" in toolCall ? toolCall.toolInput : undefined,
    reason: "skipped",
  });
}
