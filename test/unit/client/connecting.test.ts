import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/base/appError.ts";
import { RPC } from "../../../src/protocol/jsonrpc.ts";
import { ClientOnFakeHost, onTerminal, printed, terminalUri } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

describe("connecting", () => {
  it("introduces itself, learns of the host and mirrors the root", async () => {
    const { client, host } = await new ClientOnFakeHost().live();
    expect(client.state.kind).toBe("live");
    expect(client.hostInfo).toMatchObject({ name: "Fake host", fleet: { epoch: "epoch-1" } });
    expect(client.root.status).toBe("live");
    expect(host.heard.map(({ method }) => method)).toEqual(["initialize", "listSessions"]);
  });

  it("tries again with growing waits while the host cannot be reached", async () => {
    const scene = new ClientOnFakeHost();
    scene.dial = () => Promise.reject(new AppError("host.unreachable", "Nothing listens there."));
    await scene.live();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      const { state } = scene.client;
      if (state.kind !== "waiting") throw new Error(state.kind);
      waits.push(state.retryAtMs - scene.clock.now());
      await scene.clock.advance(state.retryAtMs - scene.clock.now());
    }
    expect(waits).toEqual([375, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
  });

  it.each(["host.unauthorized", "host.untrustedAddress", "host.untrustedCertificate"] as const)(
    "does not try again after %s",
    async (code) => {
      const scene = new ClientOnFakeHost();
      scene.dial = () => Promise.reject(new AppError(code, "No."));
      await scene.live();
      await scene.clock.advance(600_000);
      expect(scene.client.state).toMatchObject({ kind: "refused", error: { code } });
      expect(scene.dials).toBe(1);
      scene.dial = async () => scene.host.connect();
      await scene.live();
      expect(scene.client.state.kind).toBe("live");
    },
  );

  it("says which versions do not fit, and does not try again", async () => {
    const scene = new ClientOnFakeHost();
    const data = { supportedVersions: ["^1.0.0"] };
    scene.host.answers["initialize"] = () => ({ error: { code: RPC.versionMismatch, message: "no", data } });
    await scene.live();
    await scene.clock.advance(600_000);
    expect(scene.client.state).toMatchObject({ kind: "refused", error: { code: "host.incompatible" } });
    expect(scene.client.state).toHaveProperty("error.message", expect.stringContaining("^1.0.0"));
    expect(scene.dials).toBe(1);
  });

  it("gives up on a host that accepts the connection and says nothing", async () => {
    const scene = new ClientOnFakeHost();
    scene.host.isSilent = true;
    await scene.live();
    await scene.clock.advance(20_000);
    expect(scene.client.state).toMatchObject({ kind: "waiting", error: { code: "host.unreachable" } });
  });

  it("asks a quiet host for a sign of life, and leaves one that gives none", async () => {
    const scene = await new ClientOnFakeHost().live();
    await scene.clock.advance(60_000);
    expect(scene.client.state.kind).toBe("live");
    expect(scene.host.heard.filter(({ method }) => method === "ping").length).toBeGreaterThan(5);
    scene.host.isSilent = true;
    await scene.clock.advance(26_000);
    expect(scene.client.state.kind).not.toBe("live");
    expect(scene.dials).toBeGreaterThan(1);
  });

  it("refuses every request of the host", async () => {
    const scene = new ClientOnFakeHost();
    const transport = scene.host.connect();
    scene.dial = async () => transport;
    await scene.live();
    transport.receive(
      JSON.stringify({ jsonrpc: "2.0", id: 7, method: "resourceRead", params: { uri: "file:///etc" } }),
    );
    await settle();
    expect(transport.sent.map((text) => JSON.parse(text))).toContainEqual(
      expect.objectContaining({ id: 7, error: expect.objectContaining({ code: RPC.permissionDenied }) }),
    );
  });

  it("ignores what a replaced connection still delivers", async () => {
    const { scene, handle } = await onTerminal();
    const late = scene.host.connect();
    scene.client.disconnect();
    scene.dial = async () => late;
    await scene.live();
    scene.client.disconnect();
    const before = handle.state;
    late.isOpen = true;
    late.receive(
      JSON.stringify({
        jsonrpc: "2.0",
        method: "action",
        params: { channel: terminalUri, action: printed("x"), serverSeq: 99 },
      }),
    );
    late.drop(1006);
    await settle();
    expect(handle.state).toBe(before);
    expect(scene.client.state.kind).toBe("offline");
  });

  it("leaves no timer and no connection behind", async () => {
    const { scene } = await onTerminal();
    scene.client.dispose();
    await settle();
    expect(scene.host.connections).toBe(0);
    expect(scene.clock.pending).toBe(0);
  });

  it("survives frames that make no sense", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.notify("action", { channel: terminalUri, action: { type: "terminal/data" }, serverSeq: 1 });
    scene.host.notify("action", { nonsense: true });
    scene.host.notify("root/sessionAdded", { summary: 3 });
    scene.host.notify("no/suchThing", {});
    scene.host.act(terminalUri, printed("ok"));
    await settle();
    expect(scene.client.state.kind).toBe("live");
    expect(handle.state?.content).toEqual([{ type: "unclassified", value: "ok" }]);
  });
});
