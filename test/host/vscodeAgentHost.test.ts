import { expect, it } from "vitest";
import { RPC } from "../../src/protocol/jsonrpc.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import {
  describeAgentHost,
  failTurn,
  fasterClock,
  newSession,
  newSessionUri,
  provider,
  untilConnection,
  untilState,
} from "./vscodeAgentHostFixture.ts";
import { WireClient } from "./wireClient.ts";

/**
 * A host that nobody here wrote. What it does otherwise than the protocol says, with the test or the reason for none:
 *
 * | what                                                            | where                                         |
 * | --------------------------------------------------------------- | --------------------------------------------- |
 * | knows the token as `tkn` only                                   | every client of these suites (`hostDial`)     |
 * | keeps the socket after -32005, lets the client try again        | "answers what comes before the handshake"     |
 * | no `serverInfo`                                                 | "agrees on 0.9.0"                             |
 * | answers stacks as error messages                                | "keeps the host's stack out of the sentence"  |
 * | drops a batch without an answer                                 | "answers what comes before the handshake"     |
 * | session URIs `<provider>:/<id>`, chats `ahp-chat://default/…`   | Sessions: "exists at once"                    |
 * | a session is listed from its first turn on                      | Sessions: "exists at once"                    |
 * | a second createSession replaces the config                      | Sessions: "takes a second createSession"      |
 * | accepts any token of a protected resource                       | "takes any token"                             |
 * | ignores `limit`, `view`, pages no turns                         | "ignores paging"                              |
 * | takes and broadcasts actions that only a host may send          | Actions: "plays back what only a host"        |
 * | no echo for some actions                                        | Actions: "says nothing of"                    |
 * | starts queued turns under ids of its own                        | Actions: "starts a queued message"            |
 * | 1,000 envelopes for all channels, then snapshots                | Resuming: "comes as snapshots"                |
 * | numbers from 3 again after a restart, forgets its clients       | Resuming: "restart"                           |
 * | drops sessions that it has not loaded from a first subscription | Resuming: "restart"                           |
 * | no scope for files                                              | not tested: nothing of ours leans on it       |
 * | pushes to the newest socket of a client id only                 | not tested: each client of ours has its own   |
 * | client records are kept for 5 minutes                           | not tested: too long; as after a restart      |
 */

describeAgentHost("Handshake", (scene) => {
  it("agrees on 0.9.0 of all that we offer, and has nothing of the fleet plane", async () => {
    const { client, fixture } = scene;
    expect(client.hostInfo).toMatchObject({ protocolVersion: "0.9.0", name: undefined, fleet: undefined });
    expect(client.hostInfo?.defaultDirectory).toBe(fixture.uri());
    const root = await client.root.ready;
    expect(root.agents.map((agent) => agent.provider)).toEqual([provider]);
    expect(root.agents[0]?.protectedResources?.[0]).toMatchObject({
      resource: "https://api.github.com",
      scopes_supported: ["read:user", "user:email"],
    });
    expect(root.config?.schema.properties["telemetryLevel"]).toMatchObject({ type: "string" });
  });

  it("refuses versions that it does not know, in a sentence", async () => {
    const later = scene.fixture.client({ tap: (frame) => frame.replace(',"0.9.0"]', "]") });
    later.connect();
    const { error } = await untilConnection(later, "refused");
    expect(error.code).toBe("host.incompatible");
    expect(error.message).toMatch(/^The host speaks version \^0\.9\.0 of the agent host protocol, Muster speaks 1\.1/);
  });

  it.each([
    ["a wrong token", "not-the-token-of-this-host"],
    ["no token", undefined],
  ])("refuses %s before a frame is read", async (_what, token) => {
    const stranger = scene.fixture.client({ token });
    stranger.connect();
    const { error } = await untilConnection(stranger, "refused");
    expect(error).toMatchObject({ code: "host.unauthorized", details: { status: 403 } });
  });

  it("is kept alive by its answers to pings", async () => {
    await expect(scene.client.request("ping", { channel: ROOT_URI })).resolves.toBeNull();
    const pinged = Promise.withResolvers<void>();
    let pings = 0;
    const tap = (frame: string) => {
      if (frame.includes('"method":"ping"') && ++pings === 2) pinged.resolve();
      return frame;
    };
    const idle = await scene.fixture.connected({ clock: fasterClock(10), tap });
    await pinged.promise;
    expect(idle.state.kind).toBe("live");
  });

  it("answers what comes before the handshake, and what is no request, without closing", async () => {
    const { host } = scene.fixture;
    const wire = await WireClient.open(host.url, host.token, "early");
    const raw: unknown[] = [];
    wire.socket.on("message", (data: Buffer) => raw.push(JSON.parse(data.toString("utf8"))));
    expect(await wire.refusal("listSessions", { channel: ROOT_URI })).toMatchObject({ code: RPC.methodNotFound });
    const offer = { channel: ROOT_URI, clientId: "early", protocolVersions: ["1.1.0", "0.8.0", "new"] };
    expect(await wire.refusal("initialize", offer)).toMatchObject({
      code: RPC.versionMismatch,
      data: { supportedVersions: ["^0.9.0"] },
    });
    await wire.request("ping", { channel: ROOT_URI });
    wire.socket.send("{ this is no JSON");
    wire.socket.send(JSON.stringify([{ jsonrpc: "2.0", id: 99, method: "ping", params: { channel: ROOT_URI } }]));
    await wire.initialize();
    expect(raw).toContainEqual(expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32700 }) }));
    expect(raw).not.toContainEqual(expect.objectContaining({ id: 99 }));
    expect(await wire.refusal("initialize", offer)).toMatchObject({ code: RPC.methodNotFound });
    expect(await wire.refusal("x-fleet/queue", { channel: ROOT_URI })).toMatchObject({ code: RPC.methodNotFound });
    wire.close();
  });

  it("keeps the host's stack out of the sentence about an error", async () => {
    const refused = scene.client.request("resolveSessionConfig", { channel: ROOT_URI, provider: "nobody" });
    await expect(refused).rejects.toMatchObject({
      code: "internal",
      message: "No agent provider registered for: nobody",
      details: { rpcCode: RPC.internal },
    });
  });

  it("ignores paging: all turns and all sessions come at once", async () => {
    const { client, fixture } = scene;
    for (const prompt of ["First", "Second"]) {
      const session = await newSession(scene);
      await failTurn(client, session, "t1", prompt);
      await failTurn(client, session, "t2", prompt);
    }
    const [uri] = client.sessions.all.keys();
    const chat = fixture.client();
    chat.connect();
    await untilConnection(chat, "live");
    const { chats } = await chat.subscribe("session", uri!).ready;
    const handle = chat.subscribe("chat", chats[0]!.resource, { turns: 1 });
    expect((await handle.ready).turns.map(({ id }) => id)).toEqual(["t1", "t2"]);
    expect(handle.state?.turnsNextCursor).toBeUndefined();
    await expect(chat.request("fetchTurns", { channel: handle.uri })).resolves.toEqual({});
    expect(handle.state?.turns.map(({ id }) => id)).toEqual(["t1", "t2"]);

    const wire = await WireClient.connect(fixture.host.url, fixture.host.token, "pager");
    const page = await wire.request("listSessions", { channel: ROOT_URI, limit: 1 });
    expect(page["items"]).toHaveLength(2);
    expect(page["nextCursor"]).toBeUndefined();
    wire.close();
  });

  it("tells of agents that it does not have, and offers no automations to strangers", async () => {
    const { client, folder } = scene;
    const params = { channel: newSessionUri(), provider: "nobody", workingDirectories: [folder] };
    await expect(client.request("createSession", params)).rejects.toMatchObject({
      code: "agent.unknown",
      message: "No agent provider registered for: nobody",
    });
    await expect(client.request("listAutomationTriggerDefinitions", { channel: ROOT_URI })).rejects.toMatchObject({
      message: "Automation migration must complete before automations can be accessed or run.",
    });
  });

  it("takes any token for a protected resource", async () => {
    const resource = "https://api.github.com";
    await expect(
      scene.client.request("authenticate", { channel: ROOT_URI, resource, token: "no-such-token" }),
    ).resolves.toEqual({});
    await untilState(scene.client.root, ({ agents }) => agents.length === 1);
  });
});
