import { describe, expect, it } from "vitest";
import { HostNotifications } from "../../../src/protocol/methods.ts";
import { upgradeAction, upgradeNotification, upgradeState } from "../../../src/protocol/olderShapes.ts";
import { parseState } from "../../../src/protocol/reduce.ts";
import { aMessage, aState, aTurnStart, chat, deepFreeze, fold } from "./builders.ts";

const error = { errorType: "query", message: "Not signed in." };
const failed = { type: "chat/error", turnId: "t1", duration: 5, error, more: 1 };

describe("an error that is told beside its turn", () => {
  it("becomes the error part that ends the turn", () => {
    const upgraded = { type: "chat/error", turnId: "t1", duration: 5, more: 1, part: { kind: "error", error } };
    expect(upgradeAction(deepFreeze(failed))).toEqual(upgraded);
    const state = fold("chat", aState("chat"), aTurnStart(), upgraded);
    expect(state.turns[0]).toMatchObject({ state: "error", responseParts: [{ kind: "error", error }] });
  });

  it("is found in an envelope", () => {
    const envelope = deepFreeze({ channel: chat, action: failed, serverSeq: 3 });
    expect(upgradeNotification("action", envelope)).toMatchObject({ serverSeq: 3, action: { part: { error } } });
  });

  it("is found in the turns of a snapshot and of an older page", () => {
    const turn = { id: "t1", message: aMessage(), responseParts: [], state: "error", error };
    const snapshot = deepFreeze({ ...aState("chat"), turns: [turn] });
    const state = parseState("chat", upgradeState("chat", snapshot));
    expect(state.turns[0]?.responseParts).toEqual([{ kind: "error", error }]);
    expect(state.turns[0]).not.toHaveProperty("error");
    expect(upgradeAction({ type: "chat/turnsLoaded", turns: [turn] })).toMatchObject({
      turns: [{ responseParts: [{ kind: "error", error }] }],
    });
  });
});

it("a resource that is named by URL alone becomes metadata", () => {
  const told = upgradeNotification("auth/required", { channel: "ahp-root://", resource: "https://api.example" });
  expect(told).toEqual({ channel: "ahp-root://", resource: { resource: "https://api.example" } });
  expect(HostNotifications["auth/required"].safeParse(told).success).toBe(true);
});

it.each([
  ["action", { channel: chat, action: { type: "chat/delta", turnId: "t", partId: "p", content: "x" }, serverSeq: 1 }],
  ["action", { channel: chat, action: { type: "chat/error", turnId: "t", duration: 1, part: {} }, serverSeq: 1 }],
  ["action", { channel: chat, action: { type: "chat/turnsLoaded", turns: [{ id: "t" }, 5] }, serverSeq: 1 }],
  ["action", null],
  ["action", { action: 5 }],
  ["auth/required", { resource: { resource: "https://x" } }],
  ["root/progress", { progressToken: 1 }],
])("what is of today's shape, or of none, stays the very same value: %s %j", (method, params) => {
  expect(upgradeNotification(method, params)).toBe(params);
});

it("a state of today's shape, or of none, stays the very same value", () => {
  const state = aState("chat", { turns: [{ id: "t", message: aMessage(), responseParts: [], state: "complete" }] });
  expect(upgradeState("chat", state)).toBe(state);
  expect(upgradeState("chat", 5)).toBe(5);
  expect(upgradeState("session", state)).toBe(state);
});
