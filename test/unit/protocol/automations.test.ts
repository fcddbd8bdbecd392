import { describe, expect, it } from "vitest";
import { parseAction } from "../../../src/protocol/actions.ts";
import { aMessage, aState, fold } from "./builders.ts";

const at = "2026-01-01T00:00:00.000Z";
const definition = {
  title: "Nightly",
  message: { ...aMessage("Update the dependencies"), origin: { kind: "automation" } },
  session: { provider: "sample", workingDirectories: ["file:///w"] },
  enabled: true,
  triggers: [
    {
      kind: "schedule",
      id: "s",
      schedule: { expression: "0 3 * * 1-5", timeZone: "Europe/Berlin" },
      misfirePolicy: "skip",
    },
    { kind: "event", id: "e", type: "push", title: "Push", events: [{ id: "main", title: "To main" }, "other"] },
    { kind: "later", anything: 1 },
  ],
};
const automation = (id: string, title = "Nightly") => ({
  resource: `ahp-automation:/${id}`,
  definition: { ...definition, title },
  runs: [],
  operations: ["update", "remove", "run"],
  createdAt: at,
  modifiedAt: at,
});

describe("the automations of a host", () => {
  const one = fold("automations", aState("automations"), { type: "automation/set", automation: automation("a") });

  it("are set whole, by resource", () => {
    const two = fold("automations", one, { type: "automation/set", automation: automation("b") });
    const renamed = fold("automations", two, { type: "automation/set", automation: automation("a", "Weekly") });
    expect(renamed.entries.map((entry) => entry.definition.title)).toEqual(["Weekly", "Nightly"]);
    expect(
      fold("automations", renamed, { type: "automation/removed", resource: "ahp-automation:/a" }).entries,
    ).toHaveLength(1);
  });

  it("are not changed by a request", () => {
    const create = { type: "automation/createRequested", resource: "ahp-automation:/c", definition };
    const update = { type: "automation/updateRequested", resource: "ahp-automation:/a", changes: { enabled: false } };
    expect(fold("automations", one, create, update)).toBe(one);
    expect(fold("automations", one, { type: "automation/removed", resource: "ahp-automation:/zz" })).toBe(one);
  });

  it("are refused with a trigger of a wrong shape", () => {
    const broken = { ...definition, triggers: [{ kind: "schedule", id: "s", schedule: "daily" }] };
    expect(parseAction({ type: "automation/createRequested", resource: "x", definition: broken }).ok).toBe(false);
  });
});

describe("a run of an automation", () => {
  const pending = aState("automationRun");

  it("goes from pending to its end, and keeps its operations unless told others", () => {
    const running = fold("automationRun", aState("automationRun", { operations: ["cancel"] }), {
      type: "automationRun/lifecycleChanged",
      lifecycle: { status: "running", createdAt: at, startedAt: at },
    });
    expect(running).toMatchObject({ lifecycle: { status: "running" }, operations: ["cancel"] });
    const lifecycle = { status: "completed", createdAt: at, startedAt: at, completedAt: at, usage: { inputTokens: 3 } };
    const over = fold("automationRun", running, { type: "automationRun/lifecycleChanged", lifecycle, operations: [] });
    expect(over).toMatchObject({ lifecycle, operations: [] });
  });

  it("holds each session once, and a primary one only while it is among them", () => {
    const two = fold(
      "automationRun",
      pending,
      { type: "automationRun/sessionSet", session: "ahp-session:/1" },
      { type: "automationRun/sessionSet", session: "ahp-session:/2" },
      { type: "automationRun/sessionSet", session: "ahp-session:/1" },
      { type: "automationRun/primarySessionChanged", primarySession: "ahp-session:/1" },
    );
    expect(two).toMatchObject({ sessions: ["ahp-session:/1", "ahp-session:/2"], primarySession: "ahp-session:/1" });
    const left = fold("automationRun", two, { type: "automationRun/sessionRemoved", session: "ahp-session:/1" });
    expect(left.sessions).toEqual(["ahp-session:/2"]);
    expect(left).not.toHaveProperty("primarySession");
    expect(fold("automationRun", two, { type: "automationRun/primarySessionChanged" })).not.toHaveProperty(
      "primarySession",
    );
  });

  it("is not changed by a request to cancel it", () => {
    expect(fold("automationRun", pending, { type: "automationRun/cancelRequested" })).toBe(pending);
  });
});
