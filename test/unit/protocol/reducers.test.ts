import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type ChannelKind, channelKindOfAction, parseAction } from "../../../src/protocol/actions.ts";
import { clientDispatchable } from "../../../src/protocol/dispatchable.ts";
import { fleetSessionActions } from "../../../src/protocol/fleet.ts";
import { parseState, reduce } from "../../../src/protocol/reduce.ts";
import { aMessage, aState, chat, deepFreeze } from "./builders.ts";

/**
 * Members of actions with few values each, so that random actions meet each other's turns, calls and files. An action is
 * a known type with a random choice for every member; the schemas throw out the combinations that are none.
 */
const id = fc.constantFrom("a", "b", "__proto__");
const part = fc.oneof(
  fc.record({ kind: fc.constantFrom("markdown", "reasoning"), id, content: fc.string() }),
  fc.record({ kind: fc.constant("inputRequest"), request: fc.record({ id }) }),
  fc.record({ kind: fc.constant("future"), more: fc.jsonValue() }),
  fc.record({ kind: fc.constant("error"), error: fc.record({ errorType: id, message: id }), resumable: fc.boolean() }),
);
const errorPart = fc.constant({ kind: "error", error: { errorType: "x", message: "y" }, resumable: true });
const error = fc.constant({ errorType: "x", message: "y" });
const file = fc.record({ id, edit: fc.constant({}) });
const operation = fc.record({ id, label: id, scopes: fc.constant([]), status: fc.constantFrom("idle", "running") });
const toolCall = fc.record({
  status: fc.constantFrom("streaming", "later"),
  toolCallId: id,
  toolName: id,
  displayName: id,
});
const server = fc.record({
  type: fc.constant("mcpServer"),
  id,
  uri: id,
  name: id,
  state: fc.constant({ kind: "ready" }),
});
const skill = fc.record({ type: fc.constantFrom("skill", "future"), id, uri: id, name: id });
const customization = fc.oneof(
  server,
  fc.record({ type: fc.constant("plugin"), id, uri: id, name: id, children: fc.array(fc.oneof(server, skill)) }),
);
const summary = fc.record({ resource: id, title: id, status: fc.nat(127), modifiedAt: id });
const blocked = fc.oneof(
  fc.record({ kind: fc.constant("chatInput"), id, chat: id, request: fc.record({ id }) }),
  fc.record({ kind: fc.constant("toolClientExecution"), id, chat: id, turnId: id, clientId: id, toolCall }),
);
const answer = fc.constant({ state: "skipped" });
const checkpoint = fc.record({
  id,
  turnId: id,
  commit: id,
  tree: id,
  createdAt: id,
  files: fc.nat(),
  additions: fc.nat(),
  deletions: fc.nat(),
});

const members = {
  turnId: id,
  partId: id,
  toolCallId: id,
  toolName: id,
  displayName: id,
  invocationMessage: fc.constant("Run"),
  toolInput: fc.constantFrom("ls", { uri: "x:/1" }),
  contributor: fc.constantFrom({ kind: "client", clientId: "c" }, { kind: "mcp", customizationId: "m" }),
  approved: fc.boolean(),
  confirmed: fc.constantFrom("user-action", "not-needed"),
  reason: fc.constant("denied"),
  result: fc.record({ success: fc.boolean(), pastTenseMessage: fc.constant("Ran") }),
  requiresResultConfirmation: fc.boolean(),
  auth: fc.constant({ reason: "required", resource: { resource: "https://x" } }),
  startedAt: fc.constantFrom("2026-01-01T00:00:00.000Z", "no time"),
  duration: fc.constantFrom(-1, 0, 1e300),
  message: fc.constant(aMessage()),
  queuedMessageId: id,
  part: fc.oneof(part, errorPart),
  request: fc.oneof(fc.record({ id, answers: fc.constantFrom({ a: { state: "skipped" } }) }), blocked),
  requestId: id,
  questionId: id,
  answer,
  response: fc.constantFrom("accept", "cancel"),
  kind: fc.constantFrom("steering", "queued"),
  id,
  order: fc.array(id),
  turns: fc.array(
    fc.record({ id, message: fc.constant(aMessage()), responseParts: fc.constant([]), state: fc.constant("error") }),
  ),
  agents: fc.constant([]),
  terminals: fc.constant([]),
  activeSessions: fc.nat(),
  usage: fc.constant({ inputTokens: 1 }),
  activity: fc.option(id),
  directory: id,
  replacement: id,
  chat: fc.constantFrom("a", "b", chat),
  changes: fc.oneof(fc.record({ title: id }), fc.constant({ items: [] })),
  summary,
  error,
  isRead: fc.boolean(),
  isArchived: fc.boolean(),
  title: id,
  enablement: fc.array(fc.record({ kind: id, enabled: fc.boolean() })),
  customization,
  customizations: fc.array(customization),
  config: fc.constant({ k: 1 }),
  status: fc.constantFrom("ready", "error", "running", "idle"),
  state: fc.constantFrom({ kind: "ready" }, { kind: "stopped" }),
  file,
  fileId: id,
  files: fc.oneof(fc.array(file), fc.array(id)),
  reviewed: fc.boolean(),
  operations: fc.option(fc.array(operation)),
  operationId: id,
  data: fc.string(),
  content: fc.oneof(fc.string(), fc.constant([{ type: "text", text: "x" }])),
  commandId: id,
  commandLine: id,
  timestamp: fc.nat(),
  annotation: fc.record({ id, resource: id, resolved: fc.boolean(), entries: fc.array(fc.record({ id, text: id })) }),
  annotationId: id,
  entry: fc.record({ id, text: id }),
  entryId: id,
  phase: fc.constantFrom("ready", "working"),
  checkpoint,
  inputTokens: fc.nat(),
  branch: id,
  commit: id,
  at: id,
};

/** Types that the channel folds, and a few that it has to leave alone. */
function actionsFor(kind: ChannelKind) {
  const own = [...Object.keys(clientDispatchable), ...fleetTypes].filter((type) => channelKindOfAction(type) === kind);
  const type = fc.constantFrom(...own, "future/action", "root/agentsChanged", "automation/set");
  const whole = fc.record({ ...members, type });
  const holed = fc.record({ ...members, type }, { requiredKeys: ["type"] });
  return fc.array(fc.oneof({ weight: 4, arbitrary: whole }, { weight: 1, arbitrary: holed }), {
    maxLength: 40,
    size: "max",
  });
}

const fleetTypes = Object.keys(fleetSessionActions);

const kinds = Object.keys({
  root: 0,
  session: 0,
  chat: 0,
  changeset: 0,
  terminal: 0,
  annotations: 0,
  resourceWatch: 0,
  fleetSession: 0,
} satisfies Record<ChannelKind, 0>) as ChannelKind[];

it.each(kinds)(
  "%s: no sequence of actions throws, writes into its input, or leads to a state of another shape",
  (kind) => {
    let folded = 0;
    fc.assert(
      fc.property(actionsFor(kind), (actions) => {
        let state: ReturnType<typeof reduce<ChannelKind>> = deepFreeze(aState(kind));
        for (const one of actions) {
          const parsed = parseAction(one);
          if (!parsed.ok) continue;
          const before = state;
          state = deepFreeze(reduce<ChannelKind>(kind, before, deepFreeze(parsed.value)));
          if (state !== before) folded++;
        }
        parseState(kind, JSON.parse(JSON.stringify(state)));
      }),
    );
    // The property is worth something only if the random actions do something.
    if (kind !== "resourceWatch") expect(folded).toBeGreaterThan(100);
  },
);
