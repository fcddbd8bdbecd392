import { describe, expect, it } from "vitest";
import { withMilestones } from "../../../../src/extension/onboarding/milestones.ts";
import type { Telemetry } from "../../../../src/extension/platform/telemetry.ts";

function aWatch() {
  const contexts = new Map<string, unknown>();
  const sent: string[] = [];
  const inner: Telemetry = { send: (event) => sent.push(event), dispose: () => sent.push("disposed") };
  return { contexts, sent, telemetry: withMilestones(inner, { set: (key, value) => void contexts.set(key, value) }) };
}

describe("the steps of the walkthrough", () => {
  it("are done when the thing was done, and what is reported stays the same", () => {
    const { contexts, sent, telemetry } = aWatch();
    telemetry.send("agent.launched", { outcome: "created" });
    telemetry.send("agent.answered", { answer: "denied", from: "panel" });
    telemetry.send("review.opened", { files: 3 });
    telemetry.dispose();
    expect(Object.fromEntries(contexts)).toEqual({
      "muster:hasLaunched": true,
      "muster:hasAnswered": true,
      "muster:hasReviewed": true,
    });
    expect(sent).toEqual(["agent.launched", "agent.answered", "review.opened", "disposed"]);
  });

  it("are not done by a launch that failed, nor by anything else", () => {
    const { contexts, telemetry } = aWatch();
    telemetry.send("agent.launched", { outcome: "failed" });
    telemetry.send("extension.activated", { hosts: 1 });
    expect(contexts.size).toBe(0);
  });
});
