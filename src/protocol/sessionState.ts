import * as z from "zod/mini";
import { ChatSummary } from "./chatState.ts";
import { ConfigState, ErrorInfo, ToolDefinition } from "./content.ts";
import { Customization } from "./customization.ts";
import { InputRequest } from "./input.ts";
import { loose, Meta, openEnum, openUnion, opt, Uri } from "./schema.ts";
import { Status } from "./status.ts";
import { ToolCall } from "./toolCall.ts";

/** A client that is present in the session, with the tools that it offers. */
export const ActiveClient = loose({
  clientId: z.string(),
  displayName: opt(z.string()),
  tools: z.array(ToolDefinition),
  customizations: opt(z.array(Customization)),
  _meta: opt(Meta),
});
export type ActiveClient = z.infer<typeof ActiveClient>;

const blocked = { id: z.string(), chat: Uri };
const blockedCall = { ...blocked, turnId: z.string(), toolCall: ToolCall };

/**
 * One thing that waits for a person, mirrored from a chat of the session so that a supervisor can answer it by
 * dispatching the ordinary chat action to `chat` without a subscription to it. `toolClientExecution` waits for a client.
 */
export const SessionInputRequest = openUnion(
  "kind",
  [
    loose({ ...blocked, kind: z.literal("chatInput"), request: InputRequest }),
    loose({ ...blockedCall, kind: z.literal("toolConfirmation") }),
    loose({ ...blockedCall, kind: z.literal("toolClientExecution"), clientId: z.string() }),
    loose({ ...blockedCall, kind: z.literal("toolAuthentication") }),
  ],
  blocked,
);
export type SessionInputRequest = z.infer<typeof SessionInputRequest>;

/** `uriTemplate` expands to a changeset channel. Known kinds: session, branch, uncommitted, turn, compare-turns. */
export const ChangesetEntry = loose({
  label: z.string(),
  uriTemplate: z.string(),
  description: opt(z.string()),
  changeKind: z.string(),
  capabilities: opt(loose({ review: z.optional(z.unknown()) })),
});
export type ChangesetEntry = z.infer<typeof ChangesetEntry>;

export const Project = loose({ uri: Uri, displayName: z.string() });
export type Project = z.infer<typeof Project>;

export const SessionOrigin = loose({ kind: z.string(), automation: opt(Uri), run: opt(Uri) });

export const AnnotationsInfo = loose({ resource: Uri, annotationCount: z.number(), entryCount: z.number() });
export type AnnotationsInfo = z.infer<typeof AnnotationsInfo>;

export const SessionState = loose({
  provider: z.string(),
  title: z.string(),
  status: Status,
  /** What goes on, in a few words, for people. */
  activity: opt(z.string()),
  origin: opt(SessionOrigin),
  project: opt(Project),
  workingDirectories: opt(z.array(Uri)),
  annotations: opt(AnnotationsInfo),
  lifecycle: openEnum(["creating", "ready", "failed"]),
  /** Means something only while `lifecycle` is failed. */
  creationError: opt(ErrorInfo),
  serverTools: opt(z.array(ToolDefinition)),
  activeClients: z.array(ActiveClient),
  chats: z.array(ChatSummary),
  defaultChat: opt(Uri),
  config: opt(ConfigState),
  customizations: opt(z.array(Customization)),
  changesets: opt(z.array(ChangesetEntry)),
  inputNeeded: opt(z.array(SessionInputRequest)),
  _meta: opt(Meta),
});
export type SessionState = z.infer<typeof SessionState>;
