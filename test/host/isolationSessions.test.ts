import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog } from "../../src/host/cli/auditLog.ts";
import { listEgress } from "../../src/host/cli/egress.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { hasBubblewrap } from "./isolationFixture.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import {
  createSession,
  failureOf,
  finished,
  hostConfig,
  prompt,
  type Refs,
  remoteRepository,
} from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

let repository: Awaited<ReturnType<typeof remoteRepository>>;
beforeAll(async () => {
  repository = await remoteRepository();
});
afterAll(() => repository?.remove());

describe("SBX-1: a host where nothing was chosen and bubblewrap is missing", () => {
  it("lets no agent start, and each session says what to do; chosen by the operator, `none` is shown on it", async () => {
    const programs = mkdtempSync(path.join(tmpdir(), "muster-programs-"));
    const folders = (process.env["PATH"] ?? "").split(":");
    for (const name of ["git", "sh"]) {
      const found = folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
      symlinkSync(found ?? "", path.join(programs, name));
    }
    const directory = new HostDirectory({ ...hostConfig(repository.directory), isolation: undefined });
    const before = process.env["PATH"];
    process.env["PATH"] = programs;
    let host: HostProcess;
    try {
      host = await directory.start();
    } finally {
      process.env["PATH"] = before;
    }
    try {
      const client = await WireClient.connect(host.url, host.token);
      const all = await createSession(client, "abcdef01-none-0000", "scripted", repository.remote);
      prompt(client, all, "turn-1", "env");
      const turn = await finished(client, all, "turn-1");
      expect(failureOf(turn)).toMatchObject({
        errorType: "isolation.missing",
        message: expect.stringMatching(/"bwrap" is not installed\. Install bubblewrap, or choose "isolation": "none"/),
      });
      client.close();
      await host.stop();
      host = await directory.start("--isolation", "none");
      const again = await WireClient.connect(host.url, host.token);
      const other = await createSession(again, "abcdef02-none-0000", "scripted", repository.remote);
      prompt(again, other, "turn-1", "env");
      await finished(again, other, "turn-1");
      expect(again.state("fleetSession", other.fleet)).toMatchObject({ isolation: "none" });
      again.close();
    } finally {
      await host.stop();
      directory.remove();
      rmSync(programs, { recursive: true });
    }
  });
});

describe.skipIf(!hasBubblewrap)("a host that isolates", () => {
  let directory: HostDirectory;
  let host: HostProcess;
  let client: WireClient;
  beforeAll(async () => {
    const egress = { askSeconds: 2, allow: ["allowed.invalid"] };
    directory = new HostDirectory({ ...hostConfig(repository.directory), isolation: undefined, egress });
    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
  });
  afterAll(async () => {
    client?.close();
    await host?.stop();
    directory?.remove();
  });

  const session = (id: string) => createSession(client, id, "scripted", repository.remote);
  const answerOf = async (all: Refs, turnId: string) => {
    const { responseParts } = await finished(client, all, turnId);
    return responseParts.map((part) => (part.kind === "markdown" ? part.content : "")).join("");
  };
  const questionsOf = (all: Refs) =>
    (client.state("chat", all.chat).activeTurn?.responseParts ?? []).flatMap((part) =>
      part.kind === "inputRequest" && part.response === undefined ? [part.request] : [],
    );
  const question = async (all: Refs) => {
    await client.until(() => questionsOf(all).length > 0);
    return questionsOf(all)[0];
  };
  const choose = (all: Refs, requestId: string, decision: string) => {
    const answers = { decision: { state: "submitted", value: { kind: "selected", value: decision } } } as const;
    client.dispatch(all.chat, { type: "chat/inputCompleted", requestId, response: "accept", answers });
  };

  it("shows on the session how it is confined, and gives the agent its own files and nobody's environment", async () => {
    const all = await session("abcdef01-box1-0000");
    prompt(client, all, "turn-1", "env");
    const { env } = JSON.parse(await answerOf(all, "turn-1")) as { env: Record<string, string> };
    expect(client.state("fleetSession", all.fleet)).toMatchObject({ isolation: "bubblewrap" });
    expect(Object.keys(env)).not.toContain("SHELL");
    expect(env).toMatchObject({ HTTPS_PROXY: expect.stringContaining("127.0.0.1") });
  });

  it("asks a person about a connection that is not allowed; it waits for the answer, and is remembered as was said", async () => {
    const all = await session("abcdef01-box2-0000");
    // Nobody is asked about what the configuration allows: there is no such server, which is another matter.
    prompt(client, all, "turn-0", "connect allowed.invalid:443");
    expect(await answerOf(all, "turn-0")).toMatch(/^HTTP\/1\.1 502 /);

    prompt(client, all, "turn-1", "connect one.invalid:443");
    const asked = await question(all);
    expect(asked).toMatchObject({ message: expect.stringContaining("wants to connect to one.invalid") });
    choose(all, asked?.id ?? "", "once");
    expect(await answerOf(all, "turn-1")).toMatch(/^HTTP\/1\.1 502 /);
    expect(client.state("fleetSession", all.fleet).egress?.decided ?? []).toEqual([]);

    prompt(client, all, "turn-2", "connect one.invalid:443");
    choose(all, (await question(all))?.id ?? "", "session");
    expect(await answerOf(all, "turn-2")).toMatch(/^HTTP\/1\.1 502 /);
    prompt(client, all, "turn-3", "connect one.invalid:443");
    expect(await answerOf(all, "turn-3")).toMatch(/^HTTP\/1\.1 502 /);
    expect(client.state("fleetSession", all.fleet).egress?.decided).toMatchObject([
      { server: "one.invalid", decision: "session" },
    ]);

    // Another session is asked again.
    const other = await session("abcdef01-box3-0000");
    prompt(client, other, "turn-1", "connect one.invalid:443");
    choose(other, (await question(other))?.id ?? "", "never");
    expect(await answerOf(other, "turn-1")).toMatch(/^HTTP\/1\.1 403 Forbidden.*ask the person to allow one\.invalid/s);
    prompt(client, other, "turn-2", "connect one.invalid:443");
    expect(await answerOf(other, "turn-2")).toMatch(/^HTTP\/1\.1 403 /);
    await client.until(
      () => client.state("fleetSession", other.fleet).egress?.refused.at(-1)?.server === "one.invalid",
    );
  });

  it("lets the program know when nobody answers in time, and forgets the question with the turn", async () => {
    const all = await session("abcdef01-box4-0000");
    prompt(client, all, "turn-1", "connect two.invalid:443");
    await question(all);
    expect(await answerOf(all, "turn-1")).toMatch(/^HTTP\/1\.1 403 /);
    const parts = client.state("chat", all.chat).turns.at(-1)?.responseParts;
    expect(parts).toContainEqual(expect.objectContaining({ kind: "inputRequest", response: "cancel" }));
    await client.until(() => (client.state("session", all.session).inputNeeded ?? []).length === 0);
    expect(client.state("fleetSession", all.fleet).egress?.refused).toMatchObject([
      { server: "two.invalid", count: 1 },
    ]);
    // It can still be allowed, outside of any turn.
    client.dispatch(all.fleet, { type: "x-fleet/egressDecided", server: "two.invalid", decision: "session" });
    await client.until(() => client.state("fleetSession", all.fleet).egress?.refused.length === 0);
    prompt(client, all, "turn-2", "connect two.invalid:443");
    expect(await answerOf(all, "turn-2")).toMatch(/^HTTP\/1\.1 502 /);
  });

  it("keeps what was allowed for a repository over a restart and the end of its session, until somebody takes it back", async () => {
    const all = await session("abcdef01-box5-0000");
    prompt(client, all, "turn-1", "connect three.invalid:8443");
    choose(all, (await question(all))?.id ?? "", "repository");
    expect(await answerOf(all, "turn-1")).toMatch(/^HTTP\/1\.1 502 /);
    await host.kill();
    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
    await client.subscribe("root", ROOT_URI);
    await client.request("disposeSession", { channel: all.session });
    const other = await session("abcdef01-box6-0000");
    prompt(client, other, "turn-1", "connect three.invalid:8443");
    expect(await answerOf(other, "turn-1")).toMatch(/^HTTP\/1\.1 502 /);
    expect(client.state("fleetSession", other.fleet).egress?.decided).toMatchObject([
      { server: "three.invalid:8443", decision: "repository" },
    ]);
    const data = path.join(directory.path, "data");
    const printed: string[] = [];
    const print = (line: string) => void printed.push(line);
    await listEgress(data, true, print);
    expect(printed.map((line): unknown => JSON.parse(line))).toMatchObject([
      { server: "three.invalid:8443", by: "owner", at: expect.any(String) },
    ]);
    client.dispatch(other.fleet, { type: "x-fleet/egressRevoked", server: "three.invalid:8443" });
    await client.until(() => client.state("fleetSession", other.fleet).egress?.decided.length === 0);
    await expect.poll(async () => (printed.splice(0), await listEgress(data, true, print), printed)).toEqual([]);
    const filter = { user: "owner", session: undefined, refused: false, sinceMs: undefined };
    await auditLog(data, filter, true, print);
    const acts = printed.map((line) => (JSON.parse(line) as { what: string }).what);
    expect(acts.filter((what) => what.startsWith("x-fleet/"))).toEqual([
      "x-fleet/egressDecided",
      "x-fleet/serverAllowed",
      "x-fleet/egressRevoked",
      "x-fleet/serverRevoked",
    ]);
    prompt(client, other, "turn-2", "connect three.invalid:8443");
    expect(await question(other)).toBeDefined();
  });
});
