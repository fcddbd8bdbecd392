import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelKinds, parseAction, type StateAction } from "../../../src/protocol/actions.ts";
import { decode } from "../../../src/protocol/decode.ts";
import { parseFrame } from "../../../src/protocol/frame.ts";
import { parseState, reduce } from "../../../src/protocol/reduce.ts";
import { STATUS, withActivity, withFlag } from "../../../src/protocol/status.ts";
import { arbitraryAction, arbitraryState, arbitraryValue } from "../../support/arbitraries.ts";
import { aState, fold } from "./builders.ts";
import { wireSchemas } from "./wireSchemas.ts";

/**
 * What a later version adds. The arbitraries bring variants, enum values and status bits that we do not know; here every
 * object gets a member of its own besides, whose number tells it from all others. The member has what the values of our
 * typed records need, for it may end up among them.
 */
const mark = "x-mark";

function marked<T>(value: T, next = { number: 0 }): T {
  if (Array.isArray(value)) return value.map((element: unknown) => marked(element, next)) as T;
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, marked(member, next)]);
  return Object.fromEntries([
    ...members,
    [mark, { number: next.number++, state: "x-later", type: "x-later", kind: "x-later" }],
  ]);
}

const isMark = (key: string): boolean => key === mark;

function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([key]) => !isMark(key));
  return Object.fromEntries(members.map(([key, member]) => [key, unmarked(member)]));
}

/** How many objects of the value have no mark. */
function countUnmarked(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const within = Object.entries(value).filter(([key]) => !isMark(key));
  const own = Array.isArray(value) || mark in value ? 0 : 1;
  return within.reduce((sum, [, member]) => sum + countUnmarked(member), own);
}

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function asAction(value: unknown): StateAction {
  const parsed = parseAction(value);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("what a later version adds", () => {
  it.each(wireSchemas)("survives reading and writing: %s", (_name, schema) => {
    fc.assert(
      fc.property(arbitraryValue(schema), (value) => {
        const given = marked(value);
        const decoded = decode(schema, overTheWire(given));
        expect(decoded.ok && overTheWire(decoded.value)).toEqual(overTheWire(given));
      }),
      { numRuns: 30 },
    );
  });

  it("survives the frame that brings it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...channelKinds).chain(arbitraryState), (state) => {
        const message = { jsonrpc: "2.0", id: 1, result: { snapshot: marked(state) } };
        const frame = parseFrame(JSON.stringify(message));
        expect(frame.ok && frame.value).toEqual({ kind: "result", id: 1, result: overTheWire(message.result) });
      }),
    );
  });
});

/** The objects that an action makes of its own scalars. All others are those of the state or of the action. */
const made: Readonly<Record<string, number>> = {
  "chat/turnStarted": 1,
  "chat/toolCallStart": 2,
  "chat/pendingMessageSet": 1,
  "chat/inputRequested": 1,
  "chat/inputAnswerChanged": 1,
  "session/mcpServerStartRequested": 1,
  "session/mcpServerStopRequested": 1,
  "terminal/data": 1,
  "terminal/commandExecuted": 1,
  "terminal/exited": 1,
  "x-fleet/pushed": 1,
  "x-fleet/timeUsed": 1,
  "x-fleet/timeLimitChanged": 1,
  "x-fleet/egressRefused": 2,
  "x-fleet/egressDecided": 2,
  "x-fleet/egressRevoked": 1,
  "x-fleet/usageAdded": 2,
  "x-fleet/machineUsed": 3,
  "x-fleet/budgetSet": 1,
  "x-fleet/budgetReached": 1,
  "x-fleet/paused": 1,
  "x-fleet/resumed": 1,
};

describe.each(channelKinds)("folding on %s", (kind) => {
  it("loses no member that a later version added, wherever it is", () => {
    fc.assert(
      fc.property(arbitraryState(kind), arbitraryAction(kind), (state, action) => {
        const before = parseState(kind, marked(overTheWire(state)));
        const given = asAction(marked(overTheWire(action)));
        const after = reduce(kind, before, given);
        const lost = countUnmarked(overTheWire(after));
        if (lost > (made[action.type] ?? 0)) throw new Error(`${action.type} lost a mark: ${JSON.stringify(after)}`);
        const plain = reduce(kind, state, action);
        expect(unmarked(overTheWire(after))).toEqual(unmarked(overTheWire(plain)));
      }),
      { numRuns: 200 },
    );
  });
});

describe("members of later versions", () => {
  const later = { "x-mark": { a: [null] } };
  const call = { toolCallId: "c", toolName: "n", displayName: "N", ...later };
  const turn = (extra: object) => ({
    activeTurn: {
      id: "t",
      startedAt: "2026-01-01T00:00:00.000Z",
      message: { text: "x", origin: { kind: "user" } },
      responseParts: [{ kind: "toolCall", toolCall: { ...call, ...extra } }],
      ...later,
    },
  });
  const of = { turnId: "t", toolCallId: "c" };

  it("stay with a tool call on its whole way, and with its turn to the end and back", () => {
    const auth = { reason: "required", resource: { resource: "https://x" } };
    const state = fold(
      "chat",
      aState("chat", turn({ status: "streaming", contributor: { kind: "mcp", customizationId: "m" } })),
      { type: "chat/toolCallDelta", ...of, content: "{" },
      { type: "chat/toolCallReady", ...of, invocationMessage: "Run" },
      { type: "chat/toolCallConfirmed", ...of, approved: true, confirmed: "user-action" },
      { type: "chat/toolCallAuthRequired", ...of, auth },
      { type: "chat/toolCallAuthResolved", ...of },
      { type: "chat/toolCallContentChanged", ...of, content: [] },
      {
        type: "chat/toolCallComplete",
        ...of,
        result: { success: true, pastTenseMessage: "Ran" },
        requiresResultConfirmation: true,
      },
      { type: "chat/toolCallResultConfirmed", ...of, approved: false },
      {
        type: "chat/error",
        turnId: "t",
        duration: 1,
        part: { kind: "error", error: { errorType: "x", message: "y" }, resumable: true },
      },
    );
    expect(state.turns[0]).toMatchObject({ ...later, state: "error" });
    expect(state.turns[0]?.responseParts[0]).toMatchObject({ toolCall: { ...later, status: "cancelled" } });
    const resumed = fold("chat", state, { type: "chat/turnResume", turnId: "t" });
    expect(resumed.activeTurn).toMatchObject(later);
    expect(resumed.activeTurn).not.toHaveProperty("state");
  });

  it("stay when they are null, beside a member that changes", () => {
    const state = { agents: [], "x-later": null };
    expect(fold("root", state, { type: "root/activeSessionsChanged", activeSessions: 1 })).toEqual({
      ...state,
      activeSessions: 1,
    });
  });

  it("stay with a tool call when they are null", () => {
    const call = { status: "streaming", "x-later": null };
    const ready = { type: "chat/toolCallReady", turnId: "t", toolCallId: "c", invocationMessage: "Run" } as const;
    const state = fold("chat", aState("chat", turn(call)), ready);
    expect(state.activeTurn?.responseParts[0]).toMatchObject({ toolCall: { "x-later": null } });
  });

  it("stay in the status, whatever changes beside them", () => {
    for (const bit of [128, 2 ** 20, 2 ** 31, 2 ** 40]) {
      const status = withFlag(withActivity(STATUS.idle + bit, STATUS.inputNeeded), STATUS.isRead, true);
      expect(status).toBe(STATUS.inputNeeded + STATUS.isRead + bit);
    }
  });
});
