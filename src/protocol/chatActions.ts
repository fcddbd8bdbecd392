import * as z from "zod/mini";
import { ErrorPart, Message, ResponsePart, Turn } from "./chatState.ts";
import { AuthRequirement, StringOrMarkdown, UsageInfo } from "./content.ts";
import { InputAnswer, InputRequest, InputResponse } from "./input.ts";
import { type ActionOf, defineActions, loose, Meta, openEnum, opt, Timestamp, Uri } from "./schema.ts";
import { confirmation, ToolConfirmed, ToolContent, ToolContributor, ToolInput, ToolResult } from "./toolCall.ts";

const ofTurn = { turnId: z.string(), _meta: opt(Meta) };
const ofToolCall = { ...ofTurn, toolCallId: z.string() };
const pendingKind = openEnum(["steering", "queued"]);
/** Milliseconds; a negative one counts as 0. */
const duration = z.number();

const confirmed = { ...ofToolCall, type: z.literal("chat/toolCallConfirmed"), selectedOptionId: opt(z.string()) };

/** A person's (or a setting's) answer to a pending tool call. */
export const ToolCallConfirmed = z.union([
  loose({
    ...confirmed,
    approved: z.literal(true),
    confirmed: ToolConfirmed,
    /** Replaces inline input only. */
    editedToolInput: opt(z.string()),
  }),
  loose({
    ...confirmed,
    approved: z.literal(false),
    reason: openEnum(["denied", "skipped"]),
    userSuggestion: opt(z.string()),
    reasonMessage: opt(StringOrMarkdown),
  }),
]);
export type ToolCallConfirmed = z.infer<typeof ToolCallConfirmed>;

export const chatActions = {
  ...defineActions({
    "chat/turnStarted": {
      ...ofTurn,
      startedAt: Timestamp,
      message: Message,
      /** The queued or steering message that becomes this turn. */
      queuedMessageId: opt(z.string()),
    },
    /** Appends to a markdown part that a `chat/responsePart` has opened. */
    "chat/delta": { ...ofTurn, partId: z.string(), content: z.string() },
    /** Appends to a reasoning part. */
    "chat/reasoning": { ...ofTurn, partId: z.string(), content: z.string() },
    "chat/responsePart": { ...ofTurn, part: ResponsePart },
    "chat/toolCallStart": {
      ...ofToolCall,
      toolName: z.string(),
      displayName: z.string(),
      intention: opt(z.string()),
      contributor: opt(ToolContributor),
    },
    "chat/toolCallDelta": { ...ofToolCall, content: opt(z.string()), invocationMessage: opt(StringOrMarkdown) },
    /** With `confirmed` the call runs; without, it waits for a person. */
    "chat/toolCallReady": {
      ...ofToolCall,
      ...confirmation,
      invocationMessage: StringOrMarkdown,
      toolInput: opt(ToolInput),
      confirmed: opt(ToolConfirmed),
      contributor: opt(ToolContributor),
      intention: opt(z.string()),
    },
    /** The whole content so far. */
    "chat/toolCallContentChanged": { ...ofToolCall, content: z.array(ToolContent) },
    "chat/toolCallComplete": { ...ofToolCall, result: ToolResult, requiresResultConfirmation: opt(z.boolean()) },
    "chat/toolCallResultConfirmed": { ...ofToolCall, approved: z.boolean() },
    "chat/toolCallAuthRequired": { ...ofToolCall, auth: AuthRequirement },
    "chat/toolCallAuthResolved": ofToolCall,
    "chat/turnComplete": { ...ofTurn, duration },
    "chat/turnCancelled": { ...ofTurn, duration },
    "chat/error": { ...ofTurn, duration, part: ErrorPart },
    "chat/turnResume": ofTurn,
    "chat/usage": { ...ofTurn, usage: UsageInfo },
    "chat/activityChanged": { activity: opt(z.string()) },
    "chat/workingDirectorySet": { directory: Uri },
    "chat/workingDirectoryRemoved": { directory: Uri },
    "chat/pendingMessageSet": { kind: pendingKind, id: z.string(), message: Message },
    "chat/pendingMessageRemoved": { kind: pendingKind, id: z.string() },
    "chat/queuedMessagesReordered": { order: z.array(z.string()) },
    "chat/draftChanged": { draft: opt(Message) },
    "chat/inputRequested": { request: InputRequest },
    /** Without `answer` the draft is withdrawn. */
    "chat/inputAnswerChanged": { requestId: z.string(), questionId: z.string(), answer: opt(InputAnswer) },
    "chat/inputCompleted": {
      requestId: z.string(),
      response: openEnum(InputResponse.options),
      answers: opt(z.record(z.string(), InputAnswer)),
    },
    /** Drops everything after the turn; without `turnId` everything. */
    "chat/truncated": { turnId: opt(z.string()) },
    /** Older turns, oldest first; an absent cursor means that there are no more. */
    "chat/turnsLoaded": { turns: z.array(Turn), turnsNextCursor: opt(z.string()) },
  }),
  "chat/toolCallConfirmed": ToolCallConfirmed,
};
export type ChatAction = ActionOf<typeof chatActions>;
export type ChatActionOf<T extends ChatAction["type"]> = Extract<ChatAction, { type: T }>;
