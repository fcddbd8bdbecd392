import * as z from "zod/mini";
import { ActionEnvelope, StateActionSchema } from "./actions.ts";
import { AutomationTriggerDefinition } from "./automations.ts";
import { Attachment, ChatSource, Message } from "./chatState.ts";
import { ConfigSchema, ConfigValues, ContentRef, ProtectedResource, StringOrMarkdown, TextRange } from "./content.ts";
import { FleetNotifications } from "./fleet.ts";
import { FleetMethods } from "./fleetMethods.ts";
import { FileMethods } from "./resourceMethods.ts";
import { loose, Meta, openUnion, opt, Timestamp, Uri } from "./schema.ts";
import { ActiveClient, AnnotationsInfo, Project, SessionOrigin } from "./sessionState.ts";
import { Status } from "./status.ts";
import { TerminalClaim } from "./terminal.ts";

/** Every request's params: the channel it is about (`ahp-root://` for the connection) and free-form data. */
const onChannel = { channel: Uri, _meta: opt(Meta) };
/** Requests without an answer to tell: `null` or an empty object, by host. */
const nothing = z.unknown();

export const Implementation = loose({ name: z.string(), version: opt(z.string()), title: opt(z.string()) });
export type Implementation = z.infer<typeof Implementation>;

/** A channel's state as of `fromSeq`: envelopes up to and including that number are in it. */
export const Snapshot = loose({ resource: Uri, state: z.unknown(), fromSeq: z.number() });
export type Snapshot = z.infer<typeof Snapshot>;

/** One row of the list of sessions. Cleared members travel as `null` in changes. */
export const SessionSummary = loose({
  resource: Uri,
  provider: z.string(),
  title: z.string(),
  status: Status,
  activity: opt(z.string()),
  origin: opt(SessionOrigin),
  project: opt(Project),
  workingDirectories: opt(z.array(Uri)),
  annotations: opt(AnnotationsInfo),
  createdAt: Timestamp,
  modifiedAt: Timestamp,
  /** Lines and files that the session has changed. */
  changes: opt(loose({ additions: opt(z.number()), deletions: opt(z.number()), files: opt(z.number()) })),
  _meta: opt(Meta),
});
export type SessionSummary = z.infer<typeof SessionSummary>;

/**
 * What changed in a summary: members that are present replace, `null` clears, identity members never appear. `_meta` is
 * replaced as a whole.
 */
export const SessionSummaryChanges = loose({
  title: z.optional(z.string()),
  status: z.optional(Status),
  activity: z.optional(z.nullable(z.string())),
  project: z.optional(z.nullable(Project)),
  workingDirectories: z.optional(z.nullable(z.array(Uri))),
  annotations: z.optional(z.nullable(AnnotationsInfo)),
  modifiedAt: z.optional(Timestamp),
  changes: z.optional(
    z.nullable(loose({ additions: opt(z.number()), deletions: opt(z.number()), files: opt(z.number()) })),
  ),
  _meta: z.optional(z.nullable(Meta)),
});
export type SessionSummaryChanges = z.infer<typeof SessionSummaryChanges>;

export const InitializeParams = loose({
  channel: opt(Uri),
  /** Most preferred first. */
  protocolVersions: z.array(z.string()),
  clientId: z.string(),
  clientInfo: opt(Implementation),
  initialSubscriptions: opt(z.array(Uri)),
  locale: opt(z.string()),
  /** Presence is the capability. */
  capabilities: opt(loose({ mcpApps: z.optional(z.unknown()) })),
  _meta: opt(Meta),
});
export type InitializeParams = z.infer<typeof InitializeParams>;

export const InitializeResult = loose({
  /** One of the offered strings. */
  protocolVersion: z.string(),
  serverSeq: z.number(),
  serverInfo: opt(Implementation),
  _meta: opt(Meta),
  snapshots: z.array(Snapshot),
  defaultDirectory: opt(Uri),
  completionTriggerCharacters: opt(z.array(z.string())),
  terminalCommandPrefix: opt(z.string()),
  telemetry: opt(loose({ logs: opt(Uri), traces: opt(Uri), metrics: opt(Uri) })),
  /** Present on hosts that have the channel `ahp-automations://`. */
  automations: opt(
    loose({
      create: z.optional(z.unknown()),
      schedules: opt(loose({ minIntervalMinutes: opt(z.number()) })),
      runCancellation: z.optional(z.unknown()),
      runHistoryLimit: opt(z.number()),
    }),
  ),
});
export type InitializeResult = z.infer<typeof InitializeResult>;

/** `missing` names subscriptions whose channel is gone. */
export const ReconnectResult = z.discriminatedUnion("type", [
  loose({ type: z.literal("replay"), actions: z.array(ActionEnvelope), missing: opt(z.array(Uri)) }),
  loose({ type: z.literal("snapshot"), snapshots: z.array(Snapshot) }),
]);
export type ReconnectResult = z.infer<typeof ReconnectResult>;

export const ChangesetOperationTarget = openUnion(
  "kind",
  [
    loose({ kind: z.literal("resource"), resource: Uri, side: opt(z.string()) }),
    loose({ kind: z.literal("range"), resource: Uri, side: opt(z.string()), range: TextRange }),
  ],
  {},
);
export type ChangesetOperationTarget = z.infer<typeof ChangesetOperationTarget>;

/** Requests of a client to a host. */
export const Methods = {
  initialize: { params: InitializeParams, result: InitializeResult },
  ping: { params: loose({ channel: opt(Uri), _meta: opt(Meta) }), result: nothing },
  /** VS Code leaves `channel` out. An unknown client id is answered by -32008: initialize afresh. */
  reconnect: {
    params: loose({
      channel: opt(Uri),
      clientId: z.string(),
      lastSeenServerSeq: z.number(),
      subscriptions: z.array(Uri),
      _meta: opt(Meta),
    }),
    result: ReconnectResult,
  },
  subscribe: {
    params: loose({
      ...onChannel,
      delivery: opt(loose({ maxLatencyMs: opt(z.number()) })),
      view: opt(loose({ turns: opt(z.number()) })),
    }),
    /** Without a snapshot for channels that have no state. */
    result: loose({ snapshot: opt(Snapshot) }),
  },
  listSessions: {
    params: loose({ ...onChannel, limit: opt(z.number()), cursor: opt(z.string()) }),
    /** Newest first. */
    result: loose({ items: z.array(SessionSummary), nextCursor: opt(z.string()) }),
  },
  /** `channel` is the URI of the session to be, which the client mints. */
  createSession: {
    params: loose({
      ...onChannel,
      provider: opt(z.string()),
      workingDirectories: opt(z.array(Uri)),
      /** By the schema of `resolveSessionConfig`; for hosts of ours `FleetSessionConfig` of fleet.ts. */
      config: opt(ConfigValues),
      activeClient: opt(ActiveClient),
      progressToken: z.optional(z.unknown()),
    }),
    result: nothing,
  },
  disposeSession: { params: loose(onChannel), result: nothing },
  createChat: {
    params: loose({
      ...onChannel,
      chat: Uri,
      initialMessage: opt(Message),
      source: opt(ChatSource),
      workingDirectories: opt(z.array(Uri)),
      title: opt(z.string()),
    }),
    result: nothing,
  },
  disposeChat: { params: loose(onChannel), result: nothing },
  /** The turns arrive as `chat/turnsLoaded` before the answer. */
  fetchTurns: { params: loose({ ...onChannel, cursor: opt(z.string()) }), result: nothing },
  completions: {
    params: loose({ ...onChannel, kind: z.string(), text: z.string(), offset: z.number() }),
    result: loose({
      items: z.array(
        loose({
          insertText: z.string(),
          rangeStart: opt(z.number()),
          rangeEnd: opt(z.number()),
          attachment: opt(Attachment),
        }),
      ),
    }),
  },
  resolveSessionConfig: {
    params: loose({ ...onChannel, provider: opt(z.string()), workingDirectory: opt(Uri), config: opt(ConfigValues) }),
    result: loose({ schema: ConfigSchema, values: ConfigValues }),
  },
  sessionConfigCompletions: {
    params: loose({
      ...onChannel,
      provider: opt(z.string()),
      workingDirectory: opt(Uri),
      config: opt(ConfigValues),
      property: z.string(),
      /** What the person has typed so far; VS Code leaves it out before the first letter. */
      query: opt(z.string()),
    }),
    result: loose({ items: z.array(loose({ value: z.string(), label: z.string(), description: opt(z.string()) })) }),
  },
  /** `expiresIn` in seconds. */
  authenticate: {
    params: loose({
      ...onChannel,
      resource: z.string(),
      token: z.string(),
      scopes: opt(z.array(z.string())),
      expiresIn: opt(z.number()),
    }),
    result: nothing,
  },
  invokeChangesetOperation: {
    params: loose({ ...onChannel, operationId: z.string(), target: opt(ChangesetOperationTarget) }),
    result: loose({
      message: opt(StringOrMarkdown),
      followUp: opt(loose({ content: ContentRef, external: opt(z.boolean()) })),
      _meta: opt(Meta),
    }),
  },
  createTerminal: {
    params: loose({
      ...onChannel,
      claim: TerminalClaim,
      name: opt(z.string()),
      cwd: opt(Uri),
      cols: opt(z.number()),
      rows: opt(z.number()),
    }),
    result: nothing,
  },
  disposeTerminal: { params: loose(onChannel), result: nothing },
  ...FileMethods,
  listAutomationTriggerDefinitions: {
    params: loose({
      ...onChannel,
      provider: opt(z.string()),
      workingDirectories: opt(z.array(Uri)),
      sessionConfig: opt(ConfigValues),
    }),
    result: loose({ items: z.array(AutomationTriggerDefinition) }),
  },
  /** The same `requestId` again gives the same run. */
  runAutomation: {
    params: loose({ ...onChannel, automation: Uri, requestId: z.string() }),
    result: loose({ resource: Uri }),
  },
  /** The runs arrive by `automation/set` before the answer. */
  fetchAutomationRuns: {
    params: loose({ ...onChannel, automation: Uri, cursor: opt(z.string()) }),
    result: nothing,
  },
  ...FleetMethods,
} as const;
export type Methods = typeof Methods;
export type MethodName = keyof Methods;
export type ParamsOf<M extends MethodName> = z.infer<Methods[M]["params"]>;
export type ResultOf<M extends MethodName> = z.infer<Methods[M]["result"]>;

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(Methods, name);
}

/** Notifications of a client to a host. */
export const ClientNotifications = {
  unsubscribe: loose(onChannel),
  /** `clientSeq` comes back in the echo's origin. */
  dispatchAction: loose({ ...onChannel, clientSeq: z.number(), action: StateActionSchema }),
} as const;

/** Notifications of a host to its clients. Those of `root/` are never replayed: list the sessions after a reconnect. */
export const HostNotifications = {
  action: ActionEnvelope,
  "root/sessionAdded": loose({ ...onChannel, summary: SessionSummary }),
  "root/sessionRemoved": loose({ ...onChannel, session: Uri }),
  "root/sessionSummaryChanged": loose({ ...onChannel, session: Uri, changes: SessionSummaryChanges }),
  /** Done when `progress` reaches `total`. */
  "root/progress": loose({
    ...onChannel,
    progressToken: z.unknown(),
    progress: z.number(),
    total: opt(z.number()),
    message: opt(z.string()),
  }),
  "auth/required": loose({
    ...onChannel,
    resource: ProtectedResource,
    reason: opt(z.string()),
  }),
  "otlp/exportLogs": loose({ ...onChannel, payload: z.unknown() }),
  "otlp/exportTraces": loose({ ...onChannel, payload: z.unknown() }),
  "otlp/exportMetrics": loose({ ...onChannel, payload: z.unknown() }),
  ...FleetNotifications,
} as const;
