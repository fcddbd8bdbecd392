import * as z from "zod/mini";
import { ContentRef, ErrorInfo, StringOrMarkdown, TextRange, UsageInfo } from "./content.ts";
import { InputRequest, InputResponse } from "./input.ts";
import { loose, Meta, openEnum, openUnion, opt, Timestamp, Uri } from "./schema.ts";
import { Status } from "./status.ts";
import { ToolCall } from "./toolCall.ts";

const attachment = {
  label: z.string(),
  /** Where the text of the message mentions it. */
  range: z.optional(z.unknown()),
  displayKind: opt(z.string()),
  _meta: opt(Meta),
};

export const Attachment = openUnion(
  "type",
  [
    loose({ ...attachment, type: z.literal("simple"), modelRepresentation: opt(z.string()) }),
    loose({
      ...attachment,
      type: z.literal("embeddedResource"),
      /** Base64 or text, by `contentType`. */
      data: z.string(),
      contentType: opt(z.string()),
      selection: opt(TextRange),
    }),
    z.extend(ContentRef, { ...attachment, type: z.literal("resource"), selection: opt(TextRange) }),
    loose({ ...attachment, type: z.literal("annotations"), resource: Uri, annotationIds: opt(z.array(z.string())) }),
    loose({ ...attachment, type: z.literal("chat"), resource: Uri, endTurn: opt(z.string()) }),
  ],
  {},
);
export type Attachment = z.infer<typeof Attachment>;

/** `kind` is one of user, agent, tool, systemNotification, automation. */
export const MessageOrigin = loose({ kind: z.string() });
export type MessageOrigin = z.infer<typeof MessageOrigin>;

export const Message = loose({
  text: z.string(),
  origin: MessageOrigin,
  attachments: opt(z.array(Attachment)),
  model: opt(loose({ id: z.string(), config: opt(z.record(z.string(), z.unknown())) })),
  agent: opt(loose({ uri: Uri })),
  _meta: opt(Meta),
});
export type Message = z.infer<typeof Message>;

export const PendingMessage = loose({ id: z.string(), message: Message });
export type PendingMessage = z.infer<typeof PendingMessage>;

/** The last part of a failed turn. A resumable one may be taken up by `chat/turnResume`. */
export const ErrorPart = loose({ kind: z.literal("error"), error: ErrorInfo, resumable: opt(z.boolean()) });
export type ErrorPart = z.infer<typeof ErrorPart>;

export const ResponsePart = openUnion(
  "kind",
  [
    loose({ kind: z.literal("markdown"), id: z.string(), content: z.string() }),
    loose({ kind: z.literal("reasoning"), id: z.string(), content: z.string() }),
    z.extend(ContentRef, { kind: z.literal("contentRef") }),
    loose({ kind: z.literal("toolCall"), toolCall: ToolCall }),
    loose({ kind: z.literal("systemNotification"), content: StringOrMarkdown, _meta: opt(Meta) }),
    /** Open while it has no `response` and its turn runs. */
    loose({ kind: z.literal("inputRequest"), request: InputRequest, response: opt(openEnum(InputResponse.options)) }),
    ErrorPart,
  ],
  {},
);
export type ResponsePart = z.infer<typeof ResponsePart>;

export const Turn = loose({
  id: z.string(),
  startedAt: opt(Timestamp),
  /** Milliseconds. */
  duration: opt(z.number()),
  message: Message,
  responseParts: z.array(ResponsePart),
  usage: opt(UsageInfo),
  state: openEnum(["complete", "cancelled", "error"]),
});
export type Turn = z.infer<typeof Turn>;

export const ActiveTurn = loose({
  id: z.string(),
  startedAt: Timestamp,
  message: Message,
  responseParts: z.array(ResponsePart),
  usage: opt(UsageInfo),
});
export type ActiveTurn = z.infer<typeof ActiveTurn>;

const selection = opt(loose({ text: z.string(), responsePartId: opt(z.string()) }));

export const ChatOrigin = openUnion(
  "kind",
  [
    loose({ kind: z.literal("user") }),
    loose({ kind: z.literal("fork"), chat: Uri, turnId: z.string() }),
    loose({ kind: z.literal("sideChat"), chat: Uri, turnId: z.string(), selection }),
    loose({ kind: z.literal("tool"), chat: Uri, toolCallId: z.string() }),
  ],
  {},
);
export type ChatOrigin = z.infer<typeof ChatOrigin>;

/** From what `createChat` starts the chat. */
export const ChatSource = openUnion(
  "kind",
  [
    loose({ kind: z.literal("fork"), chat: Uri, turnId: z.string() }),
    loose({ kind: z.literal("sideChat"), chat: Uri, turnId: z.string(), selection }),
  ],
  {},
);
export type ChatSource = z.infer<typeof ChatSource>;

const summary = {
  resource: Uri,
  title: z.string(),
  status: Status,
  activity: opt(z.string()),
  modifiedAt: Timestamp,
  origin: opt(ChatOrigin),
  /** full (absent means that), read-only or hidden. */
  interactivity: opt(z.string()),
  workingDirectories: opt(z.array(Uri)),
};

export const ChatSummary = loose(summary);
export type ChatSummary = z.infer<typeof ChatSummary>;

export const ChatState = loose({
  ...summary,
  /** Oldest first. */
  turns: z.array(Turn),
  /** Present while the host holds older turns: `fetchTurns` brings them. */
  turnsNextCursor: opt(z.string()),
  activeTurn: opt(ActiveTurn),
  steeringMessage: opt(PendingMessage),
  queuedMessages: opt(z.array(PendingMessage)),
  draft: opt(Message),
  _meta: opt(Meta),
});
export type ChatState = z.infer<typeof ChatState>;
