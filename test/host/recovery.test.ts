import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { Channels } from "../../src/host/channels/channels.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { ROOT_URI, turnChangesetUri } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import {
  createSession,
  failureOf,
  finished,
  hostConfig,
  prompt,
  type Refs,
  remoteRepository,
  watch,
} from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

describe("a host that is killed and started again", () => {
  let repository: Awaited<ReturnType<typeof remoteRepository>>;
  let directory: HostDirectory;
  let host: HostProcess;
  let client: WireClient;

  beforeEach(async () => {
    repository = await remoteRepository();
    directory = new HostDirectory(hostConfig(repository.directory, 1));
    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
  });

  afterEach(async () => {
    client.close();
    await host.stop();
    directory.remove();
    repository.remove();
  });

  async function killAndRestart(): Promise<void> {
    await host.kill();
    await client.closed;
    host = await directory.start();
  }

  async function aSessionInItsSecondTurn(id: string): Promise<Refs> {
    const all = await createSession(client, id, "scripted", repository.remote);
    prompt(client, all, "t1", "edit");
    await finished(client, all, "t1");
    prompt(client, all, "t2", "wait");
    await client.until(() => client.state("fleetSession", all.fleet).phase === "working");
    return all;
  }

  it("brings back tree, transcript and diff; the running turn is a failure that can be resumed, and going on works", async () => {
    const all = await aSessionInItsSecondTurn("aaaaaaaa-kill-0000");
    const before = {
      changes: client.state("changeset", all.changes),
      head: client.state("fleetSession", all.fleet).head,
      title: client.state("session", all.session).title,
    };
    await killAndRestart();
    client = await WireClient.connect(host.url, host.token);
    const { items } = (await client.request("listSessions", { channel: ROOT_URI })) as { items: unknown[] };
    expect(items).toMatchObject([
      {
        resource: all.session,
        title: before.title,
        changes: { files: 1 },
        _meta: { muster: { phase: "ready", needs: "failure" } },
      },
    ]);
    await watch(client, all);
    expect(client.state("changeset", all.changes)).toEqual(before.changes);
    const chat = client.state("chat", all.chat);
    expect(chat).toMatchObject({
      turns: [
        { id: "t1", state: "complete" },
        { id: "t2", state: "error" },
      ],
    });
    expect(failureOf(chat.turns[1] ?? { responseParts: [] })).toMatchObject({
      errorType: "agent.interrupted",
      resumable: true,
    });
    expect(client.state("fleetSession", all.fleet).head).toBe(before.head);
    await client.subscribe("changeset", turnChangesetUri(all.session, "t1"));

    await client.dispatched(all.chat, { type: "chat/turnResume", turnId: "t2" });
    await client.until(() => client.state("chat", all.chat).turns[1]?.state === "complete");
    prompt(client, all, "t3", "history");
    const turn = await finished(client, all, "t3");
    expect(JSON.stringify(turn.responseParts)).toContain("interrupted before it was finished");
  });

  it("queues again what was queued, behind nobody", async () => {
    const first = await aSessionInItsSecondTurn("aaaaaaaa-busy-0000");
    const second = await createSession(client, "bbbbbbbb-wait-0000", "scripted", repository.remote);
    prompt(client, second, "t1", "edit");
    await client.until(() => client.state("session", second.session).activity?.startsWith("1st in the queue") === true);
    await killAndRestart();
    client = await WireClient.connect(host.url, host.token);
    await watch(client, second);
    expect((await finished(client, second, "t1")).state).toBe("complete");
    await watch(client, first);
    expect(client.state("chat", first.chat).activeTurn).toBeUndefined();
  });

  it("lets a client that knows the log resume by replay, and does nothing twice", async () => {
    const all = await createSession(client, "cccccccc-back-0000", "scripted", repository.remote);
    prompt(client, all, "t1", "edit");
    await finished(client, all, "t1");
    const seen = Math.max(...client.envelopes.map((envelope) => envelope.serverSeq));
    const draft = { type: "chat/draftChanged", draft: { text: "half a thought", origin: { kind: "user" } } } as const;
    const clientSeq = client.dispatch(all.chat, draft);
    await client.until(() => client.state("chat", all.chat).draft !== undefined);
    const { _meta: meta } = await (await WireClient.open(host.url, host.token, "other")).initialize();
    const { epoch } = (meta as { muster: { epoch: string } }).muster;
    await killAndRestart();

    client = await WireClient.open(host.url, host.token);
    const unknown = await client.refusal("reconnect", {
      clientId: client.clientId,
      lastSeenServerSeq: seen,
      subscriptions: [all.chat],
    });
    expect(unknown.code).toBe(-32008);
    const result = await client.request("reconnect", {
      clientId: client.clientId,
      lastSeenServerSeq: seen,
      subscriptions: [all.chat, "ahp-session:/deleted"],
      _meta: { muster: { epoch } },
    });
    expect(result).toMatchObject({
      type: "replay",
      actions: [{ channel: all.chat, action: draft }],
      missing: ["ahp-session:/deleted"],
    });
    const [replayed] = result["actions"] as { serverSeq: number }[];
    client.notify("dispatchAction", { channel: all.chat, clientSeq, action: draft });
    await client.until(() => client.envelopes.some((envelope) => envelope.origin?.clientSeq === clientSeq));
    expect(client.envelopes.at(-1)?.serverSeq).toBe(replayed?.serverSeq);
  });

  it("ends politely within ten seconds with an agent at work, and tells its clients", async () => {
    await aSessionInItsSecondTurn("dddddddd-term-0000");
    const started = performance.now();
    expect(await host.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await client.closed).toMatchObject({ code: 1001 });
  });

  it("refuses a second host on the same data, in a sentence", async () => {
    await expect(directory.start()).rejects.toThrow(/Another host already uses/);
  });

  it("brings a session to rest whose workspace was just made", async () => {
    const all = await createSession(client, "aaaaaaaa-made-0000", "scripted", repository.remote);
    await client.until(() => client.state("fleetSession", all.fleet).phase === "ready");
    await host.stop();
    const log = SqliteLog.open({
      directory: path.join(directory.path, "data"),
      clock: systemClock,
      logger: silentLogger,
    });
    const channels = new Channels({ log, logger: silentLogger });
    await channels.load(all.fleet);
    await channels.load(all.session);
    channels.dispatch(all.fleet, { type: "x-fleet/phaseChanged", phase: "provisioning", stage: "Copying the files" });
    channels.dispatch(all.session, { type: "session/activityChanged", activity: "Copying the files" });
    await log.close();

    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
    await watch(client, all);
    await client.until(() => client.state("fleetSession", all.fleet).phase === "ready");
    expect(client.state("session", all.session).activity).toBeUndefined();
  });
});
