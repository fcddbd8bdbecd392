import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createToken, tokenDirectory } from "../../src/host/access/tokenFile.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import {
  createSession,
  failureOf,
  finished,
  hostConfig,
  prompt,
  refs,
  remoteRepository,
  scriptedAgent,
  watch,
} from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

let repository: Awaited<ReturnType<typeof remoteRepository>>;
let directory: HostDirectory;
let host: HostProcess;

beforeAll(async () => {
  repository = await remoteRepository();
});

afterAll(() => repository.remove());

afterEach(async () => {
  await host.stop();
  directory.remove();
});

async function start(config: object = {}): Promise<void> {
  directory = new HostDirectory({ ...hostConfig(repository.directory), ...config });
  host = await directory.start();
}

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Reply> {
  const sent = request(`${host.url.replace("ws:", "http:")}${url}`, { headers });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

/** The call that waits for a person. */
function waitingCall(client: WireClient, chat: string): string | undefined {
  for (const part of client.state("chat", chat).activeTurn?.responseParts ?? []) {
    if (part.kind === "toolCall" && part.toolCall.status === "pending-confirmation") return part.toolCall.toolCallId;
  }
  return undefined;
}

/** Lines of the host's log so far. */
function lines(): Record<string, unknown>[] {
  return host
    .stderr()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function logged(msg: string): Promise<Record<string, unknown>> {
  for (;;) {
    const line = lines().find((each) => each["msg"] === msg);
    if (line) return line;
    await host.nextWords();
  }
}

describe("who looks after a host", () => {
  it("asks whether it lives, whether it takes work, and what it counts", async () => {
    await start();
    expect(await get("/healthz")).toEqual({ status: 200, body: '{"status":"ok"}' });
    expect(await get("/readyz")).toEqual({ status: 200, body: '{"status":"ready"}' });
    expect((await get("/metrics")).status).toBe(401);
    expect((await get("/metrics", { Authorization: "Bearer wrong" })).status).toBe(403);
    const Authorization = `Bearer ${host.token}`;
    expect((await get("/metrics", { Authorization, Origin: "https://evil.example" })).status).toBe(403);
    expect((await get("/metrics", { Authorization, Host: "evil.example" })).status).toBe(403);
    const client = await WireClient.connect(host.url, host.token);
    const all = await createSession(client, "aaaaaaaa-metrics-0000", "scripted", repository.remote);
    prompt(client, all, "t1", "edit");
    await finished(client, all, "t1");
    const { status, body } = await get("/metrics", { Authorization });
    expect(status).toBe(200);
    for (const line of [
      'muster_sessions{phase="ready"} 1',
      "muster_connections 1",
      'muster_turns_ended_total{outcome="complete"} 1',
      'muster_agent_processes{agent="scripted"} 1',
      "muster_upgrades_refused_total 0",
    ]) {
      expect(body.split("\n")).toContain(line);
    }
    expect(body).toMatch(/^muster_log_commit_seconds_count [1-9]/m);
    expect(body).toMatch(/^muster_disk_free_bytes [1-9]/m);
    expect(body).not.toContain("aaaaaaaa-metrics");
    client.close();
  });

  it("is told why it takes no work", async () => {
    await start({ disk: { minFreeMegabytes: 1e9 } });
    const { status, body } = await get("/readyz");
    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({ status: "not ready", reasons: [expect.stringMatching(/disk is nearly full/)] });
    expect((await get("/healthz")).status).toBe(200);
  });

  it("SEC-2: reads JSON lines that name session and turn, more of them after SIGUSR2, and opens no debugger", async () => {
    await start();
    const client = await WireClient.connect(host.url, host.token);
    const all = await createSession(client, "bbbbbbbb-lines-0000", "scripted", repository.remote);
    prompt(client, all, "t1", "edit");
    await finished(client, all, "t1");
    const session = refs("bbbbbbbb-lines-0000").session.replace("ahp-session:/", "");
    expect(await logged("agent connected")).toMatchObject({ level: "info", session, turn: "t1" });
    // Node's own answer to this signal is a port to what is in memory.
    process.kill(host.pid, "SIGUSR1");
    process.kill(host.pid, "SIGUSR2");
    expect(await logged("log level changed")).toMatchObject({ shown: "debug" });
    await client.refusal("createSession", { channel: all.session, provider: "scripted", config: {} });
    expect(await logged("request refused")).toMatchObject({ level: "debug", method: "createSession", user: "owner" });
    expect(host.stderr()).not.toMatch(/debugger/i);
    client.close();
  });
});

describe("SEC-3: data at rest", () => {
  it("SEC-3: is closed to other users, whatever it was when the host started", async () => {
    directory = new HostDirectory(hostConfig(repository.directory));
    const data = path.join(directory.path, "data");
    mkdirSync(data, { mode: 0o755 });
    mkdirSync(path.join(data, "tokens"), { mode: 0o755 });
    chmodSync(data, 0o755);
    host = await directory.start();
    expect(lines().find(({ msg }) => String(msg).includes("could reach this"))).toMatchObject({
      level: "warn",
      file: data,
    });
    const modes = ["", "log.db", "log.db-wal", "log.db-shm", "log.lock", "token", "tokens", "run"].map((name) => {
      const file = path.join(data, name);
      return [name, existsSync(file) ? (statSync(file).mode & 0o077).toString(8) : "0"];
    });
    expect(modes.filter(([, others]) => others !== "0")).toEqual([]);
  });

  it("SEC-3: has no secret in it that could be told: no agent's key, and of tokens only the hashes", async () => {
    const key = `sk-${"planted".repeat(5)}`;
    const keyed = { ...scriptedAgent("keyed"), env: { AGENT_KEY: "${env:PLANTED_KEY}" } };
    directory = new HostDirectory({ ...hostConfig(repository.directory), agents: [keyed] });
    directory.env = { PLANTED_KEY: key };
    const data = path.join(directory.path, "data");
    const { token, stored } = createToken(
      tokenDirectory(data),
      { user: "ada", role: "admin", sessions: "own" },
      Date.now(),
    );
    host = await directory.start();
    const client = await WireClient.connect(host.url, token);
    const all = await createSession(client, "eeeeeeee-secret-000", "keyed", repository.remote);
    prompt(client, all, "t1", "edit");
    await finished(client, all, "t1");
    const filesWith = (text: string) =>
      spawnSync("grep", ["-rl", "--binary-files=text", text, data], { encoding: "utf8" }).stdout;
    expect(filesWith(stored.hash)).not.toBe("");
    expect([key, token, host.token].map(filesWith)).toEqual(["", "", ""]);
    client.close();
  });
});

describe("a host that is asked to stop", () => {
  it("ends a running turn as one that can be resumed, records its files, and keeps what waits", async () => {
    await start({ limits: { concurrentSessions: 1 }, shutdown: { finishTurnsSeconds: 0.2 } });
    let client = await WireClient.connect(host.url, host.token);
    const running = await createSession(client, "cccccccc-drain-0000", "scripted", repository.remote);
    prompt(client, running, "t1", "wait");
    await client.until(() => client.state("fleetSession", running.fleet).phase === "working");
    const waiting = await createSession(client, "dddddddd-drain-0000", "scripted", repository.remote);
    prompt(client, waiting, "t2", "edit");
    await client.until(() => client.state("fleetSession", waiting.fleet).phase === "queued");
    const stopped = host.stop();
    await client.until(() => client.state("chat", running.chat).turns.length === 1);
    const [turn] = client.state("chat", running.chat).turns;
    expect(turn && failureOf(turn)).toMatchObject({ errorType: "agent.interrupted", resumable: true });
    expect((await client.closed).code).toBe(1001);
    expect(client.notifications.some(({ method }) => method === "x-fleet/goingAway")).toBe(true);
    expect(client.state("fleetSession", waiting.fleet).phase).toBe("queued");
    expect(await stopped).toBe(0);
    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
    await watch(client, waiting);
    await finished(client, waiting, "t2");
    client.close();
  });

  it("lets a turn end that needs no longer than it may", async () => {
    await start({ shutdown: { finishTurnsSeconds: 30 } });
    const client = await WireClient.connect(host.url, host.token);
    const all = await createSession(client, "eeeeeeee-drain-0000", "scripted", repository.remote);
    prompt(client, all, "t1", "ask");
    await client.until(() => waitingCall(client, all.chat) !== undefined);
    const stopped = host.stop();
    await client.until(() => client.notifications.some(({ method }) => method === "x-fleet/goingAway"));
    const another = {
      type: "chat/pendingMessageSet",
      kind: "queued",
      id: "q1",
      message: { text: "edit", origin: { kind: "user" } },
    } as const;
    expect((await client.dispatched(all.chat, another)).rejectionReason).toMatch(/is stopping and takes no new work/);
    const call = { turnId: "t1", toolCallId: waitingCall(client, all.chat) ?? "" };
    client.dispatch(all.chat, { type: "chat/toolCallConfirmed", ...call, approved: true, confirmed: "user-action" });
    await client.until(() => client.state("chat", all.chat).turns.length === 1);
    expect(client.state("chat", all.chat).turns[0]?.state).toBe("complete");
    expect(await stopped).toBe(0);
  });

  it("takes nobody in and is not ready meanwhile, and ends at once when it is asked twice", async () => {
    await start({ shutdown: { finishTurnsSeconds: 600 } });
    const client = await WireClient.connect(host.url, host.token);
    const all = await createSession(client, "ffffffff-drain-0000", "scripted", repository.remote);
    prompt(client, all, "t1", "wait");
    await client.until(() => client.state("fleetSession", all.fleet).phase === "working");
    process.kill(host.pid, "SIGTERM");
    await client.until(() => client.notifications.some(({ method }) => method === "x-fleet/goingAway"));
    expect(JSON.parse((await get("/readyz")).body)).toMatchObject({ reasons: [expect.stringMatching(/stopping/)] });
    await expect(WireClient.open(host.url, host.token)).rejects.toThrow(/503/);
    expect(await host.stop()).toBe(3);
  });
});
