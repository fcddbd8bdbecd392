import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSame } from "../../src/base/isSame.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { Fleet } from "../../src/extension/fleet/fleet.ts";
import type { FleetAgent } from "../../src/extension/fleet/fleetAgent.ts";
import { newHostClient } from "../../src/extension/hosts/hostClient.ts";
import { HostConnections } from "../../src/extension/hosts/hostConnections.ts";
import { HostRegistry } from "../../src/extension/hosts/hostRegistry.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import type { SessionInputRequest } from "../../src/protocol/sessionState.ts";
import { branchChangesetUri, chatUri, ROOT_URI } from "../../src/protocol/uris.ts";
import { FakeHostsStore, FakeSecrets } from "../support/fakeHostsPorts.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { hostConfig, remoteRepository } from "./sessionFixture.ts";
import { untilAgent } from "../support/untilAgent.ts";

/** The extension's client and fleet, without an editor, on a real host process with the sample agent. */

let repository: Awaited<ReturnType<typeof remoteRepository>>;
let directory: HostDirectory;
let host: HostProcess;
let registry: HostRegistry;
let connections: HostConnections;
let fleet: Fleet;

beforeAll(async () => {
  repository = await remoteRepository();
  directory = new HostDirectory(hostConfig(repository.directory));
  host = await directory.start();
  registry = new HostRegistry({
    readFile: async () => undefined,
    store: new FakeHostsStore(),
    secrets: new FakeSecrets(),
    newId: () => crypto.randomUUID(),
    logger: silentLogger,
  });
  const ports = { clock: systemClock, logger: silentLogger, version: "0" };
  connections = new HostConnections({
    hosts: registry,
    newClient: (record, token) => newHostClient(record, token, ports),
    logger: silentLogger,
  });
  fleet = new Fleet({ connections, clock: systemClock, newId: () => crypto.randomUUID(), logger: silentLogger });
});

afterAll(async () => {
  fleet?.dispose();
  connections?.dispose();
  await host?.kill();
  directory?.remove();
  repository?.remove();
});

function turnOf(request: SessionInputRequest | undefined): string {
  return request?.kind === "toolConfirmation" ? request.turnId : "";
}

function callOf(request: SessionInputRequest | undefined): string {
  return request?.kind === "toolConfirmation" && "toolCallId" in request.toolCall ? request.toolCall.toolCallId : "";
}

const until = (key: string, fits: (agent: FleetAgent) => boolean) => untilAgent(fleet, key, fits);

function untilState(hostId: string, kind: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (connections.get(hostId)?.state.kind !== kind) return;
      listening.dispose();
      resolve();
    };
    const listening = connections.onDidChange(look);
    look();
  });
}

const launch = (hostId: string, prompt: string) =>
  fleet.launch({ hostId, provider: "sample", prompt, repository: repository.remote });

describe("the fleet on a real host", () => {
  let hostId: string;

  it("is refused with a wrong token, and connects when it is corrected", async () => {
    ({ id: hostId } = await registry.add({ name: "Local", url: host.url, token: "wrong-token-of-no-host-at-all-000" }));
    await untilState(hostId, "refused");
    expect(connections.get(hostId)?.state).toMatchObject({ error: { code: "host.unauthorized" } });
    await registry.edit(hostId, { name: "Local", url: host.url, token: host.token });
    await untilState(hostId, "live");
    const { agents } = await connections.client(hostId).root.ready;
    expect(agents.map(({ provider }) => provider)).toContain("sample");
  });

  it("launches an agent, approves what it asks without opening it, and shows what it changed", async () => {
    const key = await launch(hostId, "Please ask for permission to run the tests");
    const asking = await until(key, ({ requests }) => requests.length > 0);
    expect(asking).toMatchObject({ attention: "needsYou", need: "approval" });
    while (fleet.get(key)?.attention !== "review") {
      const waiting = await until(key, ({ attention, requests }) => attention === "review" || requests.length > 0);
      if (waiting.attention !== "review") await fleet.approve(key, waiting.requests[0]!);
      await until(key, ({ requests }) => requests[0]?.id !== waiting.requests[0]?.id || waiting.requests.length === 0);
    }
    const done = fleet.get(key)!;
    expect(done.changes?.files).toBeGreaterThan(0);
    expect(done).toMatchObject({ freshness: { live: true }, phase: "ready" });
    expect(done.branch).toMatch(/^agent\//);
    expect(done.head).toMatch(/^[0-9a-f]{40}$/);

    const client = connections.client(hostId);
    const changeset = client.subscribe("changeset", branchChangesetUri(done.session));
    const { files } = await changeset.ready;
    const content = files[0]?.edit.after?.content.uri;
    expect((await client.request("resourceRead", { channel: ROOT_URI, uri: content! })).data.length).toBeGreaterThan(0);
    changeset.dispose();
    await fleet.rename(key, "Better name");
    await until(key, ({ title }) => title === "Better name");
    await fleet.archive(key);
    await until(key, ({ isArchived, attention }) => isArchived && attention === "done");
  });

  it("sends no yes to what was changed after it was shown, and needs no second one for what is shown", async () => {
    const cue = path.join(repository.directory, "cue");
    const key = await fleet.launch({
      hostId,
      provider: "scripted",
      prompt: `ask, and ask for something else when ${cue} is there`,
      repository: repository.remote,
    });
    const asking = await until(key, ({ requests }) => requests.length > 0);
    const [shown] = asking.requests;
    const client = connections.client(hostId);
    const session = client.subscribe("session", asking.session);
    await session.ready;
    const seenSeq = session.seq;
    writeFileSync(cue, "");
    const changed = await until(key, ({ requests }) => requests.length > 0 && !isSame(requests[0], shown));
    await expect(fleet.approve(key, shown!)).rejects.toMatchObject({ code: "conflict" });
    // Whoever says yes to the former call regardless is refused by the host.
    const ids = { type: "chat/toolCallConfirmed", turnId: turnOf(shown), toolCallId: callOf(shown) } as const;
    const yes = { ...ids, approved: true, confirmed: "user-action" } as const;
    await expect(client.dispatch(chatUri(asking.session), yes, seenSeq)).rejects.toMatchObject({
      code: "request.rejected",
      message: expect.stringMatching(/changed after it was shown/),
    });
    expect(fleet.get(key)?.requests).toEqual(changed.requests);
    await fleet.approve(key, changed.requests[0]!);
    await until(key, ({ requests }) => requests.length === 0);
    session.dispose();
  });

  it("stops an agent that would go on", async () => {
    const key = await launch(hostId, "Please wait");
    await until(key, ({ attention, phase }) => attention === "working" && phase === "working");
    await fleet.stop(key);
    await until(key, ({ attention }) => attention !== "working");
  });

  it("comes back after the host was killed in the middle of a turn, and goes on", async () => {
    const key = await launch(hostId, "Please wait");
    await until(key, ({ phase }) => phase === "working");
    const client = connections.client(hostId);
    const chat = client.subscribe("chat", chatUri(fleet.get(key)!.session));
    await chat.ready;
    await host.kill();
    const dark = await until(key, ({ freshness }) => !freshness.live);
    expect(dark.freshness.heardAt).toBeTypeOf("number");
    expect(chat.status).toBe("stale");
    host = await directory.start("--port", new URL(host.url).port);
    const back = await until(key, ({ freshness, attention }) => freshness.live && attention === "failed");
    expect(back.isPending).toBe(false);
    expect(chat.state?.turns.at(-1)?.state).toBe("error");
    await fleet.retry(key);
    await until(key, ({ attention, phase }) => attention === "working" && phase === "working");
    await fleet.stop(key);
    chat.dispose();
    await fleet.remove(key);
    expect(fleet.get(key)).toBeUndefined();
  });

  it("says in one sentence why an agent cannot be launched", async () => {
    const unknown = fleet.launch({ hostId, provider: "nobody", prompt: "x", repository: repository.remote });
    await expect(unknown).rejects.toMatchObject({ code: "agent.unknown" });
    expect(Array.from(fleet.agents.values()).filter(({ provider }) => provider === "nobody")).toEqual([]);
  });
});
