import { describe, expect, it } from "vitest";
import { createTelemetry, type TelemetrySink } from "../../../../src/extension/platform/telemetry.ts";
import { TELEMETRY_EVENTS } from "../../../../src/extension/platform/telemetryEvents.ts";
import { settle } from "../../../support/fakeClock.ts";

function aSink() {
  const sent: unknown[] = [];
  let isDisposed = false;
  const sink: TelemetrySink = {
    sendTelemetryEvent: (...event) => sent.push(event),
    dispose: () => {
      isDisposed = true;
    },
  };
  return { sink, sent, isDisposed: () => isDisposed };
}

describe("telemetry", () => {
  it("loads and sends nothing without a connection string", async () => {
    let loads = 0;
    for (const connectionString of [undefined, ""]) {
      const telemetry = createTelemetry(connectionString, async () => {
        loads++;
        return aSink().sink;
      });
      telemetry.send("extension.activated", { hosts: 3 });
    }
    await settle();
    expect(loads).toBe(0);
  });

  it("sends enums as properties and numbers as measurements", async () => {
    const { sink, sent } = aSink();
    const telemetry = createTelemetry("key", async () => sink);
    telemetry.send("agent.answered", { answer: "denied", from: "inbox" });
    telemetry.send("review.opened", { files: 4 });
    await settle();
    expect(sent).toEqual([
      ["agent.answered", { answer: "denied", from: "inbox" }, {}],
      ["review.opened", {}, { files: 4 }],
    ]);
  });

  it("drops what the table does not list, whatever the caller passes", async () => {
    const { sink, sent } = aSink();
    const facts = { files: 2, path: "/home/someone/secret", answer: "x" };
    createTelemetry("key", async () => sink).send("review.opened", facts);
    await settle();
    expect(sent).toEqual([["review.opened", {}, { files: 2 }]]);
  });

  it("disturbs nobody when the reporter cannot be loaded", async () => {
    const telemetry = createTelemetry("key", async () => Promise.reject(new Error("no module")));
    telemetry.send("extension.activated", { hosts: 1 });
    telemetry.dispose();
    await settle();
  });

  it("lists enums and numbers only", () => {
    for (const shape of Object.values(TELEMETRY_EVENTS).flatMap((event) => Object.values<unknown>(event))) {
      expect(shape === "number" || (Array.isArray(shape) && shape.length > 1)).toBe(true);
    }
  });
});
