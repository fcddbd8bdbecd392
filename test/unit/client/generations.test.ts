import { describe, expect, it } from "vitest";
import { ClientOnFakeHost, emptyTerminal, printed, terminalUri } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";
import type { FakeTransport } from "../../support/fakeTransport.ts";

const poison = { channel: terminalUri, action: printed("POISON"), serverSeq: 999 };
const summary = {
  resource: "ahp-session:/poison",
  provider: "p",
  title: "POISON",
  status: 1,
  createdAt: "2026-01-01T00:00:00Z",
  modifiedAt: "2026-01-01T00:00:00Z",
};

/** Everything that a socket may still do, whatever it was asked. */
function haunt(old: FakeTransport): void {
  old.isOpen = true;
  const say = (message: object) => old.receive(JSON.stringify({ jsonrpc: "2.0", ...message }));
  for (let id = 0; id <= 40; id++) {
    say({
      id,
      result: {
        protocolVersion: "0.9.0",
        serverSeq: 999,
        type: "snapshot",
        snapshots: [{ resource: terminalUri, state: { ...emptyTerminal, title: "POISON" }, fromSeq: 999 }],
        snapshot: { resource: terminalUri, state: { ...emptyTerminal, title: "POISON" }, fromSeq: 999 },
        items: [summary],
      },
    });
    say({ id, error: { code: -32005, message: "POISON", data: { supportedVersions: ["^9.0.0"] } } });
  }
  say({ method: "action", params: poison });
  say({ method: "root/sessionAdded", params: { channel: "ahp-root://", summary } });
  say({ method: "x-fleet/goingAway", params: { channel: "ahp-root://", retryAfterMs: 200_000 } });
  say({ id: 1, method: "resourceRead", params: {} });
  old.receive("{");
  old.drop(1006);
}

/** A client whose first connection is kept to come back from the dead, in the phase that `stop` leaves it in. */
async function replaced(phase: "dialling" | "handshaking" | "resuming" | "live") {
  const scene = new ClientOnFakeHost();
  scene.host.put(terminalUri, emptyTerminal);
  if (phase === "resuming") await scene.live();
  const handle = scene.client.subscribe("terminal", terminalUri);
  await settle();
  scene.host.dropAll();
  await settle();
  const old = scene.host.connect();
  const dialled = Promise.withResolvers<FakeTransport>();
  scene.dial = () => dialled.promise;
  scene.host.isSilent = phase === "handshaking" || phase === "resuming";
  scene.client.connect();
  if (phase !== "dialling") dialled.resolve(old);
  await settle();
  expect(scene.client.state.kind).toBe(phase === "dialling" ? "opening" : phase);
  scene.host.isSilent = false;
  scene.client.disconnect();
  scene.dial = async () => scene.host.connect();
  return { scene, handle, old, dialled };
}

describe.each(["dialling", "handshaking", "resuming", "live"] as const)("a connection replaced while %s", (phase) => {
  it("writes nothing before the next one is there", async () => {
    const { scene, old, dialled } = await replaced(phase);
    dialled.resolve(old);
    haunt(old);
    await settle();
    expect(scene.client.state.kind).toBe("offline");
    expect(scene.client.sessions.all.size).toBe(0);
    await scene.live();
    expect(scene.client.state.kind).toBe("live");
  });

  it("writes nothing into the next one, and does not end it", async () => {
    const { scene, handle, old, dialled } = await replaced(phase);
    await scene.live();
    scene.host.act(terminalUri, printed("true"));
    await settle();
    const heardAt = scene.client.lastHeardAt;
    await scene.clock.advance(1000);
    dialled.resolve(old);
    haunt(old);
    await settle();
    expect(scene.client.state.kind).toBe("live");
    expect(scene.client.lastHeardAt).toBe(heardAt);
    expect(handle.state).toEqual(scene.host.state(terminalUri));
    expect(JSON.stringify([handle.state, ...scene.client.sessions.all.values()])).not.toContain("POISON");
    // Nor does it leave a hint behind.
    scene.host.dropAll();
    await scene.clock.advance(31_000);
    expect(scene.client.state.kind).toBe("live");
  });

  it("does not fail late into the next one", async () => {
    const { scene, dialled } = await replaced(phase);
    await scene.live();
    dialled.reject(new Error("too late"));
    await settle();
    expect(scene.client.state.kind).toBe("live");
  });
});

it("closes a socket that opens when nobody waits for it any more", async () => {
  const { scene, old, dialled } = await replaced("dialling");
  await scene.live();
  dialled.resolve(old);
  await settle();
  expect(old.isOpen).toBe(false);
  expect(scene.host.connections).toBe(1);
});

describe("an answer that is overtaken by the loss of its connection", () => {
  it("does not make a list current", async () => {
    const scene = await new ClientOnFakeHost().live();
    const transport = scene.host.connect();
    scene.client.disconnect();
    scene.dial = async () => transport;
    await scene.live();
    scene.host.isSilent = true;
    const refreshed = expect(scene.client.sessions.refresh()).rejects.toMatchObject({ code: "host.disconnected" });
    await settle();
    const { id } = JSON.parse(transport.sent.at(-1)!) as { id: number };
    transport.receive(JSON.stringify({ jsonrpc: "2.0", id, result: { items: [summary] } }));
    transport.drop();
    await refreshed;
    expect(scene.client.sessions).toMatchObject({ isCurrent: false });
    expect(scene.client.sessions.all.size).toBe(0);
  });
});
