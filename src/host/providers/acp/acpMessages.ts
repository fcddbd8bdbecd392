import * as z from "zod/mini";

/**
 * What agents really send, read leniently: every member that some agent omits or nulls is optional, unknown members and
 * unknown kinds of update survive. The SDK's own schemas refuse what many agents get slightly wrong.
 */
export function maybe<T extends z.core.$ZodType>(schema: T) {
  return z.catch(z.optional(z.nullable(schema)), undefined);
}

const Meta = maybe(z.record(z.string(), z.unknown()));

export const AcpContent = z.looseObject({
  type: z.string(),
  text: maybe(z.string()),
  uri: maybe(z.string()),
  name: maybe(z.string()),
  mimeType: maybe(z.string()),
  /** Base64. */
  data: maybe(z.string()),
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

const Command = z.looseObject({
  name: z.string(),
  description: maybe(z.string()),
  input: maybe(z.looseObject({ hint: maybe(z.string()) })),
});

const AcpModes = z.looseObject({
  currentModeId: maybe(z.string()),
  availableModes: z.array(z.looseObject({ id: z.string(), name: maybe(z.string()) })),
});
export type AcpModes = z.infer<typeof AcpModes>;

const ConfigValue = z.looseObject({ value: z.string(), name: maybe(z.string()) });
const AcpConfigOption = z.looseObject({
  id: z.string(),
  type: maybe(z.string()),
  category: maybe(z.string()),
  currentValue: z.optional(z.unknown()),
  /** Values, or groups of values. */
  options: maybe(
    z.array(z.looseObject({ value: maybe(z.string()), name: maybe(z.string()), options: maybe(z.array(ConfigValue)) })),
  ),
});
export type AcpConfigOption = z.infer<typeof AcpConfigOption>;

interface Choice {
  readonly value?: string | null | undefined;
  readonly name?: string | null | undefined;
}

/** The values of a select option, grouped or not. */
export function valuesOf(option: AcpConfigOption): { readonly id: string; readonly name: string }[] {
  const entries = option.type === "select" ? (option.options ?? []) : [];
  return entries
    .flatMap((entry): readonly Choice[] => entry.options ?? [entry])
    .flatMap(({ value, name }) => (value == null ? [] : [{ id: value, name: name ?? value }]));
}

/** What `session/new`, `load` and `resume` tell about a conversation. */
export const AcpChoices = z.looseObject({ modes: maybe(AcpModes), configOptions: maybe(z.array(AcpConfigOption)) });
export type AcpChoices = z.infer<typeof AcpChoices>;

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
  z.looseObject({ sessionUpdate: z.literal("available_commands_update"), availableCommands: z.array(Command) }),
  z.looseObject({ sessionUpdate: z.literal("current_mode_update"), currentModeId: z.string() }),
  z.looseObject({ sessionUpdate: z.literal("config_option_update"), configOptions: z.array(AcpConfigOption) }),
  z.looseObject({ sessionUpdate: z.literal("notice"), severity: maybe(z.string()), message: maybe(z.string()) }),
]);
export type AcpUpdate = z.infer<typeof known>;

const SessionNotification = z.looseObject({
  sessionId: z.string(),
  update: z.looseObject({ sessionUpdate: z.string() }),
});

export interface SessionUpdateNotification {
  readonly sessionId: string;
  readonly kind: string;
  /** `undefined` for a kind that is not shown, or one in a shape that means nothing. */
  readonly update: AcpUpdate | undefined;
}

/** `undefined` for something that is no update of a session at all. */
export function parseSessionUpdate(params: unknown): SessionUpdateNotification | undefined {
  const notification = z.safeParse(SessionNotification, params);
  if (!notification.success) return undefined;
  const { sessionId, update } = notification.data;
  const parsed = z.safeParse(known, update);
  return { sessionId, kind: update.sessionUpdate, update: parsed.success ? parsed.data : undefined };
}

export const AcpPermissionRequest = z.looseObject({
  sessionId: z.string(),
  toolCall: AcpToolCall,
  options: z.array(z.looseObject({ optionId: z.string(), name: maybe(z.string()), kind: z.string() })),
});
export type AcpPermissionRequest = z.infer<typeof AcpPermissionRequest>;
export type AcpPermissionOption = AcpPermissionRequest["options"][number];
