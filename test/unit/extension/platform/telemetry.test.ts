import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTelemetry, type TelemetrySink } from "../../../../src/extension/platform/telemetry.ts";
import { TELEMETRY_EVENTS, type TelemetryEvent } from "../../../../src/extension/platform/telemetryEvents.ts";
import { Dice } from "../../../support/dice.ts";
import { settle } from "../../../support/fakeClock.ts";

const read = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");

/** A reporter that tells what has left, and an editor whose setting can change. */
function aStage(connectionString: string | undefined = "key") {
  const sent: unknown[] = [];
  const stage = { isEnabled: true, loads: 0, isDisposed: false };
  const sink: TelemetrySink = {
    sendTelemetryEvent: (...event) => sent.push(event),
    dispose: () => {
      stage.isDisposed = true;
    },
  };
  const telemetry = createTelemetry({
    connectionString,
    isEnabled: () => stage.isEnabled,
    loadSink: async () => {
      stage.loads += 1;
      return sink;
    },
  });
  return Object.assign(stage, { telemetry, sent });
}

describe("telemetry", () => {
  it("PRI-1: has nobody to send to in this package, and then loads and sends nothing", async () => {
    expect(JSON.parse(read("package.json"))).not.toHaveProperty("telemetryConnectionString");
    for (const connectionString of [undefined, ""]) {
      const { telemetry, loads, sent } = aStage(connectionString ?? "");
      telemetry.send("extension.activated", { hosts: 3 });
      await settle();
      expect([loads, sent]).toEqual([0, []]);
    }
  });

  it("PRI-1: loads and sends nothing while the editor's setting is off, and obeys a change with the next event", async () => {
    const stage = aStage();
    const { telemetry, sent } = stage;
    stage.isEnabled = false;
    for (let index = 0; index < 100; index += 1) telemetry.send("review.opened", { files: index });
    await settle();
    expect([stage.loads, sent]).toEqual([0, []]);
    stage.isEnabled = true;
    telemetry.send("review.opened", { files: 1 });
    await settle();
    stage.isEnabled = false;
    telemetry.send("review.opened", { files: 2 });
    await settle();
    stage.isEnabled = true;
    telemetry.send("review.opened", { files: 3 });
    // Switched off before the event has left.
    stage.isEnabled = false;
    await settle();
    expect([stage.loads, sent]).toEqual([1, [["review.opened", {}, { files: 1 }]]]);
    telemetry.dispose();
    await settle();
    expect(stage.isDisposed).toBe(true);
  });

  it("sends enums as properties and numbers as measurements", async () => {
    const { telemetry, sent } = aStage();
    telemetry.send("agent.answered", { answer: "denied", from: "inbox" });
    telemetry.send("review.opened", { files: 4 });
    await settle();
    expect(sent).toEqual([
      ["agent.answered", { answer: "denied", from: "inbox" }, {}],
      ["review.opened", {}, { files: 4 }],
    ]);
  });

  it("PRI-2: lets nothing of a person, a place or a text out, whatever a thousand callers pass", async () => {
    const { telemetry, sent } = aStage();
    const dice = new Dice(5);
    const canaries = [
      "ann.example",
      "/home/ann/secret",
      "acme/widgets",
      "Fix the login",
      "agent/fix-1",
      "farm.example",
      "ann@mail.example",
    ] as const;
    const names = Object.keys(TELEMETRY_EVENTS) as [TelemetryEvent, ...TelemetryEvent[]];
    const strangers = ["constructor", "__proto__", "ann@mail.example"] as const;
    for (let index = 0; index < 1_000; index += 1) {
      const event = dice.chance(0.9) ? dice.pick(names) : (dice.pick(strangers) as TelemetryEvent);
      const keys = [...Object.keys(TELEMETRY_EVENTS[event] ?? {}), "path", "prompt", "__proto__", dice.pick(canaries)];
      const facts = Object.fromEntries(
        keys.map((key) => [key, dice.chance(0.5) ? dice.pick(canaries) : { of: dice.pick(canaries) }]),
      );
      telemetry.send(event, facts);
    }
    await settle();
    expect(sent.length).toBeGreaterThan(800);
    const text = JSON.stringify(sent);
    for (const canary of canaries) expect(text).not.toContain(canary);
    expect(new Set(sent.map((event) => JSON.stringify((event as unknown[]).slice(1))))).toEqual(new Set(["[{},{}]"]));
  });

  it("disturbs nobody when the reporter cannot be loaded", async () => {
    const telemetry = createTelemetry({
      connectionString: "key",
      isEnabled: () => true,
      loadSink: async () => Promise.reject(new Error("no module")),
    });
    telemetry.send("extension.activated", { hosts: 1 });
    telemetry.dispose();
    await settle();
  });

  it("PRI-2: has events of enums and numbers only, each of them in docs/security.md", () => {
    const table = read("docs/security.md").split("\n## What is reported\n")[1]?.split("\n## ")[0] ?? "";
    const told = Array.from(table.matchAll(/^\| `([\w.]+)` +\| ([^|]+) \|/gm), ([, event = "", facts = ""]) => [
      event,
      facts.trim(),
    ]);
    const events = Object.entries(TELEMETRY_EVENTS).map(([event, facts]) => [
      event,
      Object.entries<"number" | readonly string[]>(facts)
        .map(([key, shape]) => `\`${key}\`: ${shape === "number" ? "a number" : shape.join(", ")}`)
        .join("; "),
    ]);
    expect(told).toEqual(events);
    for (const shape of Object.values(TELEMETRY_EVENTS).flatMap((event) => Object.values<unknown>(event))) {
      expect(shape === "number" || (Array.isArray(shape) && shape.length > 1)).toBe(true);
    }
  });
});
