import { describe, expect, it } from "vitest";
import type * as z from "zod/mini";
import { decode } from "../../../src/protocol/decode.ts";
import { errorDataOf } from "../../../src/protocol/errorData.ts";
import { fleetMeta } from "../../../src/protocol/fleetMeta.ts";
import { RPC } from "../../../src/protocol/jsonrpc.ts";
import { ClientNotifications, HostNotifications, Methods } from "../../../src/protocol/methods.ts";
import { FileMethods } from "../../../src/protocol/resourceMethods.ts";
import { aMessage, chat, session } from "./builders.ts";

const root = "ahp-root://";
const uri = "file:///w/a.ts";
const automations = "ahp-automations://";
const snapshot = { resource: root, state: { agents: [] }, fromSeq: 3 };
const summary = {
  resource: session,
  provider: "sample",
  title: "T",
  status: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  modifiedAt: "2026-01-01T00:00:00.000Z",
};

const checkpoint = {
  id: "1",
  turnId: "t1",
  commit: "c",
  tree: "t",
  createdAt: "2026-01-01T00:00:00.000Z",
  files: 1,
  additions: 2,
  deletions: 0,
  kind: "turn",
  turns: 1,
};

const hunk = { id: "3-ab", start: 4, lines: 1, removed: ["a"], added: ["b"], isCut: false, meets: true };

/** One call of each method as a peer may write it, its answer, and what of the params must not be missing. */
const calls: Record<keyof typeof Methods, [params: object, result: unknown, required: readonly string[]]> = {
  initialize: [
    {
      channel: root,
      protocolVersions: ["0.9.0"],
      clientId: "c",
      clientInfo: { name: "n" },
      initialSubscriptions: [root],
      locale: "de",
      capabilities: { mcpApps: {} },
    },
    {
      protocolVersion: "0.9.0",
      serverSeq: 3,
      snapshots: [snapshot],
      defaultDirectory: "file:///w",
      completionTriggerCharacters: ["@"],
      terminalCommandPrefix: "!",
      telemetry: { logs: "ahp-otlp://logs/{level}" },
      automations: { create: {}, schedules: { minIntervalMinutes: 5 }, runHistoryLimit: 50 },
    },
    ["protocolVersions", "clientId"],
  ],
  ping: [{ channel: root }, null, []],
  reconnect: [
    { clientId: "c", lastSeenServerSeq: 3, subscriptions: [session] },
    {
      type: "replay",
      actions: [{ channel: chat, action: { type: "session/ready" }, serverSeq: 4 }],
      missing: [session],
    },
    ["clientId", "lastSeenServerSeq", "subscriptions"],
  ],
  subscribe: [{ channel: chat, delivery: { maxLatencyMs: 50 }, view: { turns: 20 } }, { snapshot }, ["channel"]],
  listSessions: [{ channel: root, limit: 10, cursor: "c" }, { items: [summary], nextCursor: "d" }, ["channel"]],
  createSession: [
    {
      channel: session,
      provider: "sample",
      workingDirectories: ["file:///w"],
      config: { a: 1 },
      activeClient: { clientId: "c", tools: [] },
      progressToken: 7,
    },
    null,
    ["channel"],
  ],
  disposeSession: [{ channel: session }, null, ["channel"]],
  createChat: [
    {
      channel: session,
      chat,
      initialMessage: aMessage(),
      source: { kind: "fork", chat, turnId: "t" },
      workingDirectories: [],
      title: "T",
    },
    null,
    ["channel", "chat"],
  ],
  disposeChat: [{ channel: chat }, null, ["channel"]],
  fetchTurns: [{ channel: chat, cursor: "c" }, {}, ["channel"]],
  completions: [
    { channel: chat, kind: "userMessage", text: "see @", offset: 5 },
    {
      items: [
        { insertText: "@a.ts", rangeStart: 4, rangeEnd: 5, attachment: { type: "resource", label: "a.ts", uri } },
      ],
    },
    ["channel", "kind", "text", "offset"],
  ],
  resolveSessionConfig: [
    { channel: root, provider: "sample", workingDirectory: "file:///w", config: {} },
    {
      schema: { type: "object", properties: { mode: { type: "string", enum: ["a"], enumDynamic: true } } },
      values: { mode: "a" },
    },
    ["channel"],
  ],
  sessionConfigCompletions: [
    { channel: root, property: "branch", query: "ma" },
    { items: [{ value: "main", label: "main" }] },
    ["channel", "property"],
  ],
  authenticate: [
    { channel: root, resource: "https://x", token: "t", scopes: ["repo"], expiresIn: 60 },
    {},
    ["channel", "resource", "token"],
  ],
  invokeChangesetOperation: [
    {
      channel: `${session}/changeset/branch`,
      operationId: "push",
      target: { kind: "resource", resource: uri, side: "after" },
    },
    { message: { markdown: "**Done**" }, followUp: { content: { uri: "https://x" }, external: true } },
    ["channel", "operationId"],
  ],
  createTerminal: [
    {
      channel: "ahp-terminal:/1/2",
      claim: { kind: "session", session, chat },
      name: "sh",
      cwd: "file:///w",
      cols: 80,
      rows: 24,
    },
    null,
    ["channel", "claim"],
  ],
  disposeTerminal: [{ channel: "ahp-terminal:/1/2" }, null, ["channel"]],
  resourceRead: [
    { channel: root, uri, encoding: "utf-8" },
    { data: "x", encoding: "utf-8", contentType: "text/plain" },
    ["uri"],
  ],
  resourceWrite: [
    { channel: root, uri, data: "x", encoding: "utf-8", createOnly: true, mode: "insert", position: 3, ifMatch: "e" },
    {},
    ["uri", "data", "encoding"],
  ],
  resourceList: [{ channel: root, uri }, { entries: [{ name: "a", type: "file" }] }, ["uri"]],
  resourceCopy: [{ channel: root, source: uri, destination: uri, failIfExists: true }, {}, ["source", "destination"]],
  resourceMove: [{ channel: root, source: uri, destination: uri }, {}, ["source", "destination"]],
  resourceDelete: [{ channel: root, uri, recursive: true }, {}, ["uri"]],
  resourceResolve: [
    { channel: root, uri, followSymlinks: false },
    { uri, type: "symlink", size: 3, mtime: 1, etag: "e" },
    ["uri"],
  ],
  resourceMkdir: [{ channel: root, uri }, {}, ["uri"]],
  resourceRequest: [{ channel: root, uri, read: true }, {}, ["uri"]],
  createResourceWatch: [
    { channel: root, uri, recursive: true, excludes: { items: ["**/node_modules"] } },
    { channel: "ahp-resource-watch:/1" },
    ["uri"],
  ],
  listAutomationTriggerDefinitions: [
    { channel: root, provider: "sample", workingDirectories: [], sessionConfig: {} },
    { items: [{ type: "push", title: "Push", events: [{ id: "main", title: "To main" }] }] },
    ["channel"],
  ],
  runAutomation: [
    { channel: automations, automation: "ahp-automation:/1", requestId: "r" },
    { resource: "ahp-automation-run:/1" },
    ["channel", "automation", "requestId"],
  ],
  "x-fleet/spend": [
    { channel: root, from: "2026-11-01", to: "2026-11-23", by: "session", user: "ann", limit: 10, cursor: "10" },
    {
      from: "2026-11-01",
      to: "2026-11-23",
      items: [
        {
          key: "ahp-session:/s",
          coordination: { turns: 2, inputTokens: 10, costUsd: 0.5, computedUsd: 0.1, unpricedTurns: 1 },
          infrastructure: { cpuMs: 10, wallMs: 20, peakMemoryBytes: 30 },
        },
      ],
      total: { key: "", coordination: {}, infrastructure: {} },
    },
    ["channel", "by"],
  ],
  "x-fleet/checkpoint": [{ channel: session }, { checkpoint }, ["channel"]],
  "x-fleet/restore": [
    { channel: session, checkpoint: "1", cancelTurn: true, progressToken: "p" },
    { checkpoint: { ...checkpoint, kind: "restored", restoredFrom: "1" }, safety: "2" },
    ["channel", "checkpoint"],
  ],
  "x-fleet/fork": [
    { channel: session, session: `${session}2`, checkpoint: "1", title: "T", provider: "sample", model: "m" },
    { checkpoint: "1", conversation: "transcript", message: "Said." },
    ["channel", "session"],
  ],
  "x-fleet/compare": [
    { channel: session, from: "0", to: "t1" },
    { changeset: `${session}/changeset/compare/0/t1`, files: 1, additions: 2, deletions: 0 },
    ["channel", "from", "to"],
  ],
  "x-fleet/parts": [
    { channel: session, others: [`${session}2`], isShared: true },
    {
      base: "b",
      heads: [{ session, head: "h" }],
      files: [{ path: "a.txt", parts: [{ session, status: "modified", additions: 1, deletions: 1, hunks: [hunk] }] }],
      fileCount: 1,
    },
    ["channel", "others"],
  ],
  "x-fleet/combine": [
    {
      channel: session,
      session: `${session}3`,
      base: "b",
      picks: [{ session, head: "h", files: [{ path: "a.txt", hunks: [hunk.id] }, { path: "b.txt" }] }],
      isPreview: true,
      title: "T",
      provider: "sample",
      model: "m",
    },
    {
      problems: [{ path: "a.txt", session, hunk: hunk.id, message: "Said." }],
      files: 1,
      additions: 1,
      deletions: 0,
      patch: "",
    },
    ["channel", "session", "base", "picks"],
  ],
  "x-fleet/updateFromBase": [
    { channel: session, cancelTurn: false, leaveConflicts: true, progressToken: "p" },
    { checkpoint: { ...checkpoint, kind: "updated" }, safety: "2", baseCommit: "c", commits: 3, conflicts: ["a.txt"] },
    ["channel"],
  ],
  "x-fleet/applyPatch": [
    { channel: session, patch: "ZGlmZg==", base: "c", progressToken: "p" },
    { checkpoint: { ...checkpoint, kind: "applied" }, safety: "2" },
    ["channel", "patch"],
  ],
  "x-fleet/startTrain": [
    { channel: session, others: [session] },
    {
      train: { id: "t", by: "ann", stops: [{ session, state: "updated", commits: 2, safety: "3" }], startedAt: "now" },
    },
    ["channel", "others"],
  ],
  "x-fleet/stopTrain": [{ channel: session }, {}, ["channel"]],
  fetchAutomationRuns: [
    { channel: automations, automation: "ahp-automation:/1", cursor: "c" },
    {},
    ["channel", "automation"],
  ],
};

describe.each(Object.entries(calls))("%s", (method, [params, result, required]) => {
  const schemas: { params: z.core.$ZodType; result: z.core.$ZodType } = Methods[method as keyof typeof Methods];

  it("has params and a result that are read as they are", () => {
    const given = { ...params, _meta: { "com.example": 1 } };
    expect(decode(schemas.params, given)).toEqual({ ok: true, value: given });
    expect(decode(schemas.result, result)).toEqual({ ok: true, value: result });
  });

  it("says which of its params is missing", () => {
    for (const key of required) {
      const { [key]: _missing, ...rest } = params as Record<string, unknown>;
      expect(decode(schemas.params, rest)).toEqual({ ok: false, error: key });
    }
  });
});

it("the file requests may be sent both ways", () => {
  const both = Object.keys(Methods).filter(
    (method) => method.startsWith("resource") || method === "createResourceWatch",
  );
  expect(Object.keys(FileMethods).toSorted()).toEqual(both.toSorted());
});

describe("a notification", () => {
  it.each<[keyof typeof HostNotifications, object]>([
    [
      "action",
      {
        channel: chat,
        action: { type: "later/action", a: 1 },
        serverSeq: 1,
        origin: { clientId: "c", clientSeq: 0 },
        rejectionReason: "No.",
      },
    ],
    ["root/sessionAdded", { channel: root, summary }],
    ["root/sessionRemoved", { channel: root, session }],
    ["root/sessionSummaryChanged", { channel: root, session, changes: { activity: null, status: 8 } }],
    ["root/progress", { channel: root, progressToken: "p", progress: 1, total: 2, message: "Cloning" }],
    ["auth/required", { channel: root, resource: { resource: "https://x", required: false }, reason: "expired" }],
    ["otlp/exportLogs", { channel: "ahp-otlp://logs/info", payload: { resourceLogs: [] } }],
    ["otlp/exportTraces", { channel: "ahp-otlp://traces", payload: {} }],
    ["otlp/exportMetrics", { channel: "ahp-otlp://metrics", payload: {} }],
    ["x-fleet/goingAway", { channel: root, retryAfterMs: 2_000 }],
  ])("of a host is read as it is: %s", (method, params) => {
    expect(decode<unknown>(HostNotifications[method], params)).toEqual({ ok: true, value: params });
  });

  it.each<[keyof typeof ClientNotifications, object]>([
    ["unsubscribe", { channel: chat }],
    ["dispatchAction", { channel: chat, clientSeq: 0, action: { type: "chat/turnResume", turnId: "t" } }],
  ])("of a client is read as it is: %s", (method, params) => {
    expect(decode<unknown>(ClientNotifications[method], params)).toEqual({ ok: true, value: params });
  });
});

describe("the data of an error", () => {
  it("tells the versions that a host serves, the resources that want a sign-in, and the grant that would do", () => {
    expect(errorDataOf(RPC.versionMismatch, { supportedVersions: ["^0.9.0"] })?.supportedVersions).toEqual(["^0.9.0"]);
    const resources = [{ resource: "https://x", scopes_supported: ["repo"] }];
    expect(errorDataOf(RPC.authRequired, { resources, muster: { code: "auth.required" } })?.resources).toEqual(
      resources,
    );
    expect(errorDataOf(RPC.permissionDenied, { request: { uri, read: true } })?.request).toEqual({ uri, read: true });
    expect(errorDataOf(RPC.permissionDenied, {})).toEqual({});
  });

  it("of another shape is none", () => {
    expect(errorDataOf(RPC.versionMismatch, { supportedVersions: "0.9.0" })).toBeUndefined();
    expect(errorDataOf(RPC.authRequired, undefined)).toBeUndefined();
  });
});

describe("what the fleet plane adds to an object", () => {
  it("is read by the object that carries it", () => {
    const ours = (muster: object) => ({ _meta: { muster, "com.example": 1 } });
    expect(fleetMeta("session", ours({ titleBy: "user", model: "m" }))).toEqual({ titleBy: "user", model: "m" });
    expect(fleetMeta("reconnect", ours({ epoch: "e" }))?.epoch).toBe("e");
    expect(fleetMeta("push", ours({ commit: "c", title: "T" }))).toEqual({ commit: "c", title: "T" });
    expect(fleetMeta("pushed", ours({ branch: "b" }))).toEqual({ branch: "b" });
    expect(fleetMeta("changesetFile", ours({ status: "M", mode: "100755" }))?.mode).toBe("100755");
    expect(fleetMeta("terminal", ours({ session }))?.session).toBe(session);
  });

  it("is none where nothing was said, or nothing that can be read", () => {
    expect(fleetMeta("push", { _meta: { muster: { commit: 5 } } })).toBeUndefined();
    expect(fleetMeta("push", {})).toBeUndefined();
    expect(fleetMeta("session", undefined)).toBeUndefined();
  });
});
