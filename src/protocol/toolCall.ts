import * as z from "zod/mini";
import { AuthRequirement, ContentRef, FileEdit, StringOrMarkdown } from "./content.ts";
import { loose, Meta, openEnum, openUnion, opt, Uri } from "./schema.ts";

/**
 *  streaming ─ready→ pending-confirmation ─confirmed→ running ─complete→ completed
 *      └───ready (confirmed)──────────────────────→ running     └─→ pending-result-confirmation ─→ completed
 *  running ⇄ auth-required;  a refusal, or the end of the turn, makes any open call `cancelled`.
 */

/** Who runs the call. Absent: the host itself. Client ownership is fixed when the call starts. */
export const ToolContributor = openUnion(
  "kind",
  [
    loose({ kind: z.literal("client"), clientId: z.string() }),
    loose({ kind: z.literal("mcp"), customizationId: z.string() }),
  ],
  {},
);
export type ToolContributor = z.infer<typeof ToolContributor>;

export const ConfirmationOption = loose({
  id: z.string(),
  label: z.string(),
  kind: openEnum(["approve", "deny"]),
  /** Options of one group are shown together. */
  group: opt(z.number()),
});
export type ConfirmationOption = z.infer<typeof ConfirmationOption>;

export const RiskAssessment = loose({
  kind: z.string(),
  status: z.string(),
  reason: opt(z.string()),
  /** 0 dangerous .. 1 harmless; with status `complete`. */
  safety: opt(z.number()),
});
export type RiskAssessment = z.infer<typeof RiskAssessment>;

export const ToolContent = openUnion(
  "type",
  [
    loose({ type: z.literal("text"), text: z.string() }),
    loose({ type: z.literal("embeddedResource"), data: z.string(), contentType: opt(z.string()) }),
    z.extend(ContentRef, { type: z.literal("resource") }),
    z.extend(FileEdit, { type: z.literal("fileEdit") }),
    loose({
      type: z.literal("terminal"),
      resource: Uri,
      title: z.string(),
      isPty: opt(z.boolean()),
      result: opt(loose({ exitCode: opt(z.number()), preview: opt(z.string()), truncated: opt(z.boolean()) })),
    }),
    loose({
      type: z.literal("subagent"),
      /** Chat of the sub-agent. */
      resource: Uri,
      title: z.string(),
      agentName: opt(z.string()),
      description: opt(z.string()),
    }),
  ],
  {},
);
export type ToolContent = z.infer<typeof ToolContent>;

/** Inline arguments (usually JSON text), or a reference to them. */
export const ToolInput = z.union([z.string(), ContentRef]);
export type ToolInput = z.infer<typeof ToolInput>;

export const ToolConfirmed = openEnum(["not-needed", "user-action", "setting"]);
export type ToolConfirmed = z.infer<typeof ToolConfirmed>;

export const ToolEdits = loose({ items: z.array(FileEdit) });
export type ToolEdits = z.infer<typeof ToolEdits>;

const result = {
  success: z.boolean(),
  pastTenseMessage: StringOrMarkdown,
  content: opt(z.array(ToolContent)),
  structuredContent: z.optional(z.unknown()),
  error: opt(loose({ message: z.string(), code: opt(z.string()) })),
};
export const ToolResult = loose(result);
export type ToolResult = z.infer<typeof ToolResult>;

const base = {
  toolCallId: z.string(),
  toolName: z.string(),
  displayName: z.string(),
  intention: opt(z.string()),
  contributor: opt(ToolContributor),
  _meta: opt(Meta),
};
const invoked = { ...base, invocationMessage: StringOrMarkdown, toolInput: opt(ToolInput) };
const started = { ...invoked, confirmed: ToolConfirmed, selectedOption: opt(ConfirmationOption) };

/** What a `toolCallReady` without `confirmed` asks a person to judge. */
export const confirmation = {
  confirmationTitle: opt(StringOrMarkdown),
  riskAssessment: opt(RiskAssessment),
  edits: opt(ToolEdits),
  /** The person may change `toolInput` before approving. */
  editable: opt(z.boolean()),
  options: opt(z.array(ConfirmationOption)),
};

export const StreamingToolCall = loose({
  ...base,
  status: z.literal("streaming"),
  partialInput: opt(z.string()),
  invocationMessage: opt(StringOrMarkdown),
});
export const PendingToolCall = loose({ ...invoked, ...confirmation, status: z.literal("pending-confirmation") });
export type PendingToolCall = z.infer<typeof PendingToolCall>;

export const RunningToolCall = loose({ ...started, status: z.literal("running"), content: opt(z.array(ToolContent)) });
export type RunningToolCall = z.infer<typeof RunningToolCall>;

export const AuthRequiredToolCall = loose({
  ...started,
  status: z.literal("auth-required"),
  content: opt(z.array(ToolContent)),
  auth: AuthRequirement,
});
export type AuthRequiredToolCall = z.infer<typeof AuthRequiredToolCall>;

const variants = [
  StreamingToolCall,
  PendingToolCall,
  RunningToolCall,
  AuthRequiredToolCall,
  loose({ ...started, ...result, status: z.literal("pending-result-confirmation") }),
  loose({ ...started, ...result, status: z.literal("completed") }),
  loose({
    ...invoked,
    status: z.literal("cancelled"),
    reason: openEnum(["denied", "skipped", "result-denied"]),
    reasonMessage: opt(StringOrMarkdown),
    userSuggestion: opt(z.string()),
    selectedOption: opt(ConfirmationOption),
  }),
] as const;

/** The members of calls in any status that we know. */
export const toolCallMembers: ReadonlySet<string> = new Set(variants.flatMap((variant) => Object.keys(variant.shape)));

export const ToolCall = openUnion("status", variants, base);
export type ToolCall = z.infer<typeof ToolCall>;
export type ToolCallStatus = ToolCall["status"];

const blockedStatuses: readonly ToolCallStatus[] = [
  "pending-confirmation",
  "pending-result-confirmation",
  "auth-required",
];

/** Waiting for a person. */
export function isToolCallBlocked(toolCall: ToolCall): boolean {
  return blockedStatuses.includes(toolCall.status);
}

export function isToolCallOver(toolCall: ToolCall): boolean {
  return toolCall.status === "completed" || toolCall.status === "cancelled";
}
