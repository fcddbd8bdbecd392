import * as z from "zod/mini";

/**
 * What agents really send, read leniently: every member that some agent omits or nulls is optional, unknown members and
 * unknown kinds of update survive. The SDK's own schemas refuse what many agents get slightly wrong.
 */
function maybe<T extends z.core.$ZodType>(schema: T) {
  return z.catch(z.optional(z.nullable(schema)), undefined);
}

const Meta = maybe(z.record(z.string(), z.unknown()));

export const AcpContent = z.looseObject({
  type: z.string(),
  text: maybe(z.string()),
  uri: maybe(z.string()),
  name: maybe(z.string()),
  mimeType: maybe(z.string()),
  resource: maybe(z.looseObject({ uri: maybe(z.string()), text: maybe(z.string()) })),
});
export type AcpContent = z.infer<typeof AcpContent>;

export const AcpToolContent = z.looseObject({
  type: z.string(),
  content: maybe(AcpContent),
  path: maybe(z.string()),
  oldText: maybe(z.string()),
  newText: maybe(z.string()),
  terminalId: maybe(z.string()),
});
export type AcpToolContent = z.infer<typeof AcpToolContent>;

const toolCall = {
  toolCallId: z.string(),
  title: maybe(z.string()),
  name: maybe(z.string()),
  kind: maybe(z.string()),
  status: maybe(z.string()),
  content: maybe(z.array(AcpToolContent)),
  locations: maybe(z.array(z.looseObject({ path: z.string(), line: maybe(z.number()) }))),
  rawInput: z.optional(z.unknown()),
  rawOutput: z.optional(z.unknown()),
  _meta: Meta,
};
export const AcpToolCall = z.looseObject(toolCall);
export type AcpToolCall = z.infer<typeof AcpToolCall>;

const chunk = { content: AcpContent, messageId: maybe(z.string()), _meta: Meta };

const PlanEntry = z.looseObject({ content: z.string(), status: maybe(z.string()), priority: maybe(z.string()) });

const known = z.discriminatedUnion("sessionUpdate", [
  z.looseObject({ sessionUpdate: z.literal("user_message_chunk"), ...chunk }),
  z.looseObject({ sessionUpdate: z.literal("agent_message_chunk"), ...chunk }),
  z.looseObject({ sessionUpdate: z.literal("agent_thought_chunk"), ...chunk }),
  z.looseObject({ sessionUpdate: z.literal("tool_call"), ...toolCall }),
  z.looseObject({ sessionUpdate: z.literal("tool_call_update"), ...toolCall }),
  z.looseObject({ sessionUpdate: z.literal("plan"), entries: z.array(PlanEntry) }),
  z.looseObject({ sessionUpdate: z.literal("session_info_update"), title: maybe(z.string()) }),
  z.looseObject({
    sessionUpdate: z.literal("usage_update"),
    used: maybe(z.number()),
    size: maybe(z.number()),
    cost: maybe(z.looseObject({ amount: z.number(), currency: z.string() })),
  }),
  z.looseObject({ sessionUpdate: z.literal("notice"), severity: maybe(z.string()), message: maybe(z.string()) }),
]);
export type AcpUpdate = z.infer<typeof known>;

const SessionNotification = z.looseObject({ sessionId: z.string(), update: z.unknown() });

/** An update of a kind that we show, `undefined` for any other. Throws on something that is no notification at all. */
export function parseSessionUpdate(params: unknown): { sessionId: string; update: AcpUpdate | undefined } {
  const { sessionId, update } = z.parse(SessionNotification, params);
  const parsed = z.safeParse(known, update);
  return { sessionId, update: parsed.success ? parsed.data : undefined };
}

export const AcpPermissionRequest = z.looseObject({
  sessionId: z.string(),
  toolCall: AcpToolCall,
  options: z.array(z.looseObject({ optionId: z.string(), name: maybe(z.string()), kind: z.string() })),
});
export type AcpPermissionRequest = z.infer<typeof AcpPermissionRequest>;
export type AcpPermissionOption = AcpPermissionRequest["options"][number];
