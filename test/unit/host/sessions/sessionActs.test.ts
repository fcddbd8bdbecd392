import { describe, expect, it } from "vitest";
import { actOf } from "../../../../src/host/sessions/sessionActs.ts";
import type { StateAction } from "../../../../src/protocol/actions.ts";
import { reduceFleetSession } from "../../../../src/protocol/fleet.ts";
import { findAct } from "../../../../src/protocol/fleetActs.ts";
import { aState } from "../../protocol/builders.ts";

describe("who did what to a session", () => {
  const dana = { principal: "dana", clientId: "c", clientSeq: 1 };
  const message = { text: "Go", origin: { kind: "user" } } as const;
  const started: StateAction = { type: "chat/turnStarted", turnId: "t", startedAt: "", message };

  it("is known of what a person's client has done, and of nothing that the host did by itself", () => {
    expect(actOf(started, dana, undefined)).toEqual({ act: "prompted", on: "t", by: "dana" });
    expect(actOf(started, undefined, undefined)).toBeUndefined();
    expect(actOf({ type: "session/isReadChanged", isRead: true }, dana, undefined)).toBeUndefined();
  });

  it("is, for a message that waited, who wrote it", () => {
    const queued = { act: "queued", on: "q", by: "eve", at: "2026-01-01T00:00:00Z" } as const;
    const fleet = reduceFleetSession(aState("fleetSession"), { type: "x-fleet/acted", ...queued });
    const begun = { ...started, queuedMessageId: "q" };
    expect(actOf(begun, undefined, fleet)).toEqual({ act: "prompted", on: "t", by: "eve" });
    expect(actOf({ ...started, queuedMessageId: "other" }, undefined, fleet)).toBeUndefined();
  });

  it("is kept of the latest acts, by kind, thing and turn", () => {
    const at = "2026-01-01T00:00:00Z";
    const acted = (index: number) =>
      ({ type: "x-fleet/acted", act: "answered", on: "call", turnId: `t${index}`, by: `user ${index}`, at }) as const;
    const state = Array.from({ length: 150 }, (_, index) => acted(index)).reduce(
      reduceFleetSession,
      aState("fleetSession"),
    );
    expect(state.acts).toHaveLength(100);
    expect(findAct(state, { act: "answered", on: "call", turnId: "t149" })?.by).toBe("user 149");
    expect(findAct(state, { act: "answered", on: "call", turnId: "t0" })).toBeUndefined();
    expect(findAct(state, { act: "answered", on: "call" })).toBeUndefined();
  });
});
