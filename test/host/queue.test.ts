import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { handleGit } from "../support/gitHttp/gitHttp.ts";
import { addBareRemote, brokenRepository } from "../support/repositories/repositories.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import {
  createSession,
  failureOf,
  finished,
  hostConfig,
  prompt,
  type Refs,
  refs,
  remoteRepository,
  watch,
} from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

describe("the queue of a real host", () => {
  let repository: Awaited<ReturnType<typeof remoteRepository>>;
  let directory: HostDirectory;
  let host: HostProcess;
  let client: WireClient;
  let server: Server | undefined;

  async function start(limits: object): Promise<void> {
    repository = await remoteRepository();
    directory = new HostDirectory({ ...hostConfig(repository.directory), limits });
    await restart();
  }

  async function restart(): Promise<void> {
    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
  }

  afterEach(async () => {
    client?.close();
    await host?.stop();
    server?.close();
    directory?.remove();
    repository?.remove();
  });

  const fleet = (all: Refs) => client.state("fleetSession", all.fleet);

  async function queued(name: string, config: object): Promise<Refs> {
    const all = refs(`${name}-0000-queue`);
    const params = { channel: all.session, provider: "scripted" };
    await client.request("createSession", { ...params, config: { repository: repository.remote, ...config } });
    await watch(client, all);
    prompt(client, all, "t1", "edit");
    await client.until(() => fleet(all).queue !== undefined);
    return all;
  }

  it("goes by priority, tells place and reason, and is the same after a crash", async () => {
    await start({ concurrentSessions: 1 });
    const first = await createSession(client, "first-0000-queue", "scripted", repository.remote);
    prompt(client, first, "t1", "wait");
    await client.until(() => fleet(first).phase === "working");
    const low = await queued("low", { priority: "low" });
    const normal = await queued("normal", {});
    const raised = await queued("raised", {});
    const high = await queued("high", { priority: "high" });
    await client.until(() => fleet(low).queue?.position === 4);
    expect([high, normal, raised, low].map((all) => fleet(all).queue?.position)).toEqual([1, 2, 3, 4]);
    const reason = "one agent works, the limit of this host";
    expect(fleet(normal)).toMatchObject({ phase: "queued", queue: { position: 2, reason } });
    expect(client.state("session", normal.session).activity).toBe(`2nd in the queue: ${reason}`);

    const wrong = await client.dispatched(raised.fleet, { type: "x-fleet/priorityChanged", priority: "(unknown)" });
    expect(wrong.rejectionReason).toBe("A priority is one of low, normal, high.");
    await client.dispatched(raised.fleet, { type: "x-fleet/priorityChanged", priority: "high" });
    await client.until(() => fleet(raised).queue?.position === 1 && fleet(normal).queue?.position === 3);

    await host.kill();
    await restart();
    const all = [raised, high, normal, low];
    for (const each of all) await watch(client, each);
    for (const each of all) await finished(client, each, "t1");
    // The files of a turn are recorded before its slot is given to the next.
    const recordedAt = all.map((each) => fleet(each).checkpoints[0]?.createdAt ?? "");
    expect(recordedAt).toEqual(recordedAt.toSorted());
    expect(new Set(recordedAt).size).toBe(all.length);
    expect(fleet(raised).priority).toBe("high");
  });

  it("lets others pass one that its repository's limit holds back", async () => {
    await start({ concurrentSessions: 2, perRepository: 1 });
    const first = await createSession(client, "first-0000-queue", "scripted", repository.remote);
    prompt(client, first, "t1", "wait");
    await client.until(() => fleet(first).phase === "working");
    const second = await queued("second", {});
    expect(fleet(second).queue?.reason).toBe("the limit for this repository is 1");
    const otherRemote = path.join(repository.directory, "other.git");
    await addBareRemote(await brokenRepository(path.join(repository.directory, "other")), otherRemote);
    const other = await createSession(client, "other-0000-queue", "scripted", otherRemote);
    prompt(client, other, "t1", "edit");
    expect((await finished(client, other, "t1")).state).toBe("complete");
    expect(fleet(second).phase).toBe("queued");
    await client.dispatched(first.chat, { type: "chat/turnCancelled", turnId: "t1", duration: 1 });
    expect((await finished(client, second, "t1")).state).toBe("complete");
  });

  /** A git server that answers so many requests with "service unavailable" first. */
  async function flakyRemote(failures: number): Promise<{ readonly url: string; asked: number }> {
    const remote = { url: "", asked: 0 };
    const root = repository.directory;
    await addBareRemote(await brokenRepository(path.join(root, "served")), path.join(root, "octo", "flaky.git"));
    const access = () => ({ login: "octo", canRead: true, canWrite: true });
    server = createServer((request, response) => {
      remote.asked += 1;
      if (remote.asked > failures) void handleGit({ root, access }, request, response);
      else response.writeHead(503).end("not now");
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    remote.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/octo/flaky.git`;
    return remote;
  }

  const isWaitingForATry = (all: Refs) => fleet(all).stage?.startsWith("Trying again in ") === true;

  it("tries again when the server is in trouble, and says so", async () => {
    await start({ concurrentSessions: 1 });
    const remote = await flakyRemote(1);
    const all = await createSession(client, "flaky-0000-queue", "scripted", remote.url);
    prompt(client, all, "t1", "edit");
    await client.until(() => isWaitingForATry(all));
    expect(fleet(all)).toMatchObject({
      phase: "provisioning",
      stage: expect.stringMatching(/^Trying again in [12] s \(2 of 5\): Couldn't clone .*503/),
    });
    // Nobody waits for it meanwhile.
    const other = await createSession(client, "other-0000-queue", "scripted", repository.remote);
    prompt(client, other, "t1", "edit");
    await finished(client, other, "t1");
    expect((await finished(client, all, "t1")).state).toBe("complete");
  });

  it("stops trying when the person does not want to wait, and never tries what cannot work", async () => {
    await start({ concurrentSessions: 1 });
    const remote = await flakyRemote(1_000);
    const all = await createSession(client, "never-0000-queue", "scripted", remote.url);
    prompt(client, all, "t1", "edit");
    await client.until(() => isWaitingForATry(all));
    await client.dispatched(all.chat, { type: "chat/turnCancelled", turnId: "t1", duration: 1 });
    await client.until(() => fleet(all).phase === "failed");
    expect(client.state("session", all.session).creationError?.message).toContain("503");
    const { asked } = remote;
    const permanent = refs("gone-0000-queue");
    const config = { repository: repository.remote, baseBranch: "missing" };
    await client.request("createSession", { channel: permanent.session, provider: "scripted", config });
    await watch(client, permanent);
    prompt(client, permanent, "t1", "edit");
    const turn = await finished(client, permanent, "t1");
    expect(failureOf(turn)).toMatchObject({ errorType: "repository.cloneFailed", resumable: true });
    expect(
      client.envelopes.some(({ channel, action }) => {
        return channel === permanent.fleet && action.type === "x-fleet/phaseChanged" && action.stage?.includes("again");
      }),
    ).toBe(false);
    expect(remote.asked).toBe(asked);
  });

  it("ends a turn that takes too long, with its files recorded and a warning before", async () => {
    await start({ concurrentSessions: 1, turnMinutes: 0.03 });
    const all = await createSession(client, "slow-0000-queue", "scripted", repository.remote);
    prompt(client, all, "t1", "edit and wait");
    const turn = await finished(client, all, "t1");
    expect(failureOf(turn)).toEqual({
      errorType: "limit.exceeded",
      message:
        "The agent was stopped: it has worked on this message for 2 seconds, the limit of this host. Everything is kept; resume to let it go on.",
      resumable: true,
    });
    expect(turn.responseParts.find(({ kind }) => kind === "systemNotification")).toMatchObject({
      content: { markdown: expect.stringContaining("It is stopped then, and everything is kept.") },
    });
    expect(fleet(all).checkpoints).toHaveLength(1);
    await client.until(() => (fleet(all).time?.workedMs ?? 0) >= 1_500);

    await client.dispatched(all.fleet, { type: "x-fleet/timeLimitChanged", minutes: 1 });
    expect(fleet(all).time?.limitMinutes).toBe(1);
    const wrong = await client.dispatched(all.fleet, { type: "x-fleet/timeLimitChanged", minutes: 0 });
    expect(wrong.rejectionReason).toContain("A time limit is a number of minutes");
    await client.dispatched(all.chat, { type: "chat/turnResume", turnId: "t1" });
    await client.until(() => fleet(all).phase === "working");
    await client.dispatched(all.chat, { type: "chat/turnCancelled", turnId: "t1", duration: 1 });
  });
});
