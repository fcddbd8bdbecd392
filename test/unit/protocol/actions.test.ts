import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  ActionEnvelope,
  channelKindOfAction,
  isClientDispatchable,
  isKnownAction,
  parseAction,
} from "../../../src/protocol/actions.ts";
import { clientDispatchable } from "../../../src/protocol/dispatchable.ts";

describe("parsing an action", () => {
  it("keeps every member of a type that it does not know", () => {
    const future = { type: "future/thing", deep: { a: [1, null] } };
    const parsed = parseAction(future);
    expect(parsed).toEqual({ ok: true, value: future });
    expect(parsed.ok && isKnownAction(parsed.value)).toBe(false);
  });

  it("keeps unknown members of a type that it knows", () => {
    const action = { type: "session/titleChanged", title: "T", by: "someone" };
    expect(parseAction(action)).toEqual({ ok: true, value: action });
  });

  it("takes null for absent", () => {
    const parsed = parseAction({ type: "session/activityChanged", activity: null });
    expect(parsed.ok && JSON.stringify(parsed.value)).toBe('{"type":"session/activityChanged"}');
  });

  it("refuses a known type of a wrong shape, naming the member but none of its content", () => {
    const parsed = parseAction({ type: "chat/delta", turnId: "t", partId: "p", content: { secret: "hunter2" } });
    expect(parsed).toEqual({ ok: false, error: expect.stringContaining("content") });
    expect(JSON.stringify(parsed)).not.toContain("hunter2");
  });

  it.each([null, 1, "x", [], {}, { type: 3 }])("refuses %j", (value) => {
    expect(parseAction(value).ok).toBe(false);
  });

  it("wants the members that belong to the answer given", () => {
    const answer = { type: "chat/toolCallConfirmed", turnId: "t", toolCallId: "c" };
    expect(parseAction({ ...answer, approved: true, confirmed: "user-action" }).ok).toBe(true);
    expect(parseAction({ ...answer, approved: true }).ok).toBe(false);
    expect(parseAction({ ...answer, approved: false, reason: "denied" }).ok).toBe(true);
    expect(parseAction({ ...answer, approved: false }).ok).toBe(false);
  });
});

describe("an envelope", () => {
  const envelope = { channel: "ahp-session:/1", action: { type: "session/ready" }, serverSeq: 2 ** 40 };

  it("round-trips without inventing members", () => {
    expect(JSON.parse(JSON.stringify(ActionEnvelope.parse(envelope)))).toEqual(envelope);
  });

  it("is refused with the action in it", () => {
    const broken = { ...envelope, action: { type: "session/titleChanged" } };
    expect(ActionEnvelope.safeParse(broken).success).toBe(false);
  });
});

describe("who may dispatch", () => {
  it.each([
    ["chat/turnStarted", true],
    ["chat/toolCallConfirmed", true],
    ["annotations/set", true],
    ["chat/delta", false],
    ["session/ready", false],
    ["x-fleet/pushed", false],
    ["future/thing", false],
    ["toString", false],
  ])("%s by a client: %s", (type, allowed) => {
    expect(isClientDispatchable(type)).toBe(allowed);
  });

  it("knows the channel of every listed type", () => {
    expect(Object.keys(clientDispatchable).filter((type) => channelKindOfAction(type) === undefined)).toEqual([]);
    expect(channelKindOfAction("resourceWatch/changed")).toBe("resourceWatch");
    expect(channelKindOfAction("x-fleet/created")).toBe("fleetSession");
  });

  const published = process.env["MUSTER_AHP_DISPATCHABLE"] ?? "";
  it.skipIf(!existsSync(published))("agrees with the table named by MUSTER_AHP_DISPATCHABLE (else skipped)", () => {
    expect(JSON.parse(readFileSync(published, "utf8"))).toEqual(clientDispatchable);
  });
});
