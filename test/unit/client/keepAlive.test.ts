import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/base/appError.ts";
import { retryDelayMs } from "../../../src/client/retryDelay.ts";
import { ClientOnFakeHost, onTerminal } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

const root = "ahp-root://";
const pings = ({ host }: ClientOnFakeHost) => host.heard.filter(({ method }) => method === "ping").length;

function waitOf({ client, clock }: ClientOnFakeHost): number {
  if (client.state.kind !== "waiting") throw new Error(client.state.kind);
  return client.state.retryAtMs - clock.now();
}

describe("keeping a connection alive", () => {
  it("asks only when nothing has been heard for five seconds", async () => {
    const scene = await new ClientOnFakeHost().live();
    for (let i = 0; i < 10; i++) {
      await scene.clock.advance(4000);
      scene.host.notify("no/suchThing", {});
    }
    expect(pings(scene)).toBe(0);
    await scene.clock.advance(5000);
    expect(pings(scene)).toBe(1);
  });

  it("gives a silent host 25 seconds, and says since when it is silent", async () => {
    const { scene, handle } = await onTerminal();
    const heardAt = scene.clock.now();
    scene.host.isSilent = true;
    await scene.clock.advance(24_900);
    expect(scene.client.state.kind).toBe("live");
    expect(handle.asOf).toBe(heardAt);
    await scene.clock.advance(200);
    expect(scene.client.state).toMatchObject({
      kind: "waiting",
      error: { code: "host.disconnected", message: "farm has stopped answering." },
    });
    expect(handle).toMatchObject({ status: "stale", asOf: heardAt });
    expect(scene.client.sessions.asOf).toBe(heardAt);
  });

  it("takes any frame for a sign of life, also one that makes no sense", async () => {
    const { scene } = await onTerminal();
    scene.host.isSilent = true;
    for (let i = 0; i < 6; i++) {
      await scene.clock.advance(10_000);
      scene.host.notify("no/suchThing", {});
    }
    expect(scene.client.state.kind).toBe("live");
  });
});

describe("NET-4: a host that falls silent", () => {
  it("is noticed as soon when its last frame comes after a question as when it comes before", async () => {
    const { scene } = await onTerminal();
    scene.host.isSilent = true;
    await scene.clock.advance(6000);
    expect(pings(scene)).toBe(1);
    scene.host.notify("no/suchThing", {});
    await scene.clock.advance(24_900);
    expect(scene.client.state.kind).toBe("live");
    await scene.clock.advance(200);
    expect(scene.client.state.kind).toBe("waiting");
  });
});

describe("our sight of a host", () => {
  it("does not get younger by attempts that bring nothing", async () => {
    const { scene, handle } = await onTerminal();
    const seenAt = scene.clock.now();
    scene.host.dropAll();
    scene.host.answers["reconnect"] = () => ({ error: { code: -32008, message: "Unknown." } });
    scene.host.answers["initialize"] = () => ({ error: { code: -32603, message: "No." } });
    await scene.clock.advance(60_000);
    expect(scene.client.lastHeardAt).toBeGreaterThan(seenAt);
    expect(handle.asOf).toBe(seenAt);
    expect(scene.client.sessions.asOf).toBe(seenAt);
  });

  it("of a view is as old as the view, while the list is seen anew", async () => {
    const { scene, handle } = await onTerminal();
    const seenAt = scene.clock.now();
    scene.host.dropAll();
    scene.host.channels.delete("ahp-terminal:/s/t");
    await scene.clock.advance(1000);
    expect(handle).toMatchObject({ status: "failed", asOf: seenAt });
    expect(scene.client.sessions.asOf).toBe(scene.client.lastHeardAt);
    expect(scene.client.lastHeardAt).toBeGreaterThan(seenAt);
  });
});

describe("coming back", () => {
  it("waits as long as a host that goes away has said, and a little longer", async () => {
    const scene = await new ClientOnFakeHost().live();
    // Told twice, it counts once.
    scene.host.notify("x-fleet/goingAway", { channel: root, retryAfterMs: 8000 });
    scene.host.notify("x-fleet/goingAway", { channel: root, retryAfterMs: 8000 });
    await settle();
    expect(scene.client.state.kind).toBe("live");
    scene.host.dropAll(1012);
    await settle();
    expect(waitOf(scene)).toBe(10_000);
    expect(scene.client.state).toHaveProperty("error.message", "farm is going away for a moment (1012).");
    await scene.clock.advance(10_000);
    expect(scene.client.state.kind).toBe("live");
    // The hint was for that once.
    scene.host.dropAll();
    await settle();
    expect(waitOf(scene)).toBeLessThan(1000);
  });

  it("waits as long as a busy door has said", async () => {
    const scene = new ClientOnFakeHost();
    scene.dial = () =>
      Promise.reject(new AppError("limit.exceeded", "farm is busy.", { details: { retryAfterMs: 60_000 } }));
    await scene.live();
    expect(waitOf(scene)).toBe(75_000);
  });

  it("comes at once when a person asks for it", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.notify("x-fleet/goingAway", { channel: root, retryAfterMs: 200_000 });
    await settle();
    scene.host.dropAll(1001);
    await settle();
    await scene.live();
    expect(scene.client.state.kind).toBe("live");
  });

  it.each([
    ["no time", undefined, 375],
    ["nonsense", "soon", 375],
    ["less than nothing", -5, 375],
    ["infinity", Number.POSITIVE_INFINITY, 375],
    ["a moment", 10, 510],
    ["a year", 31_536_000_000, 300_000],
  ])("does with a hint of %s what can be done", (_name, retryAfterMs, delayMs) => {
    expect(retryDelayMs(1, new AppError("timeout", "x", { details: { retryAfterMs } }), 0.5)).toBe(delayMs);
  });

  it("spreads those who were told the same", () => {
    const error = new AppError("timeout", "x", { details: { retryAfterMs: 10_000 } });
    expect([0, 0.25, 0.999].map((random) => retryDelayMs(1, error, random))).toEqual([10_000, 11_250, 14_995]);
  });
});
