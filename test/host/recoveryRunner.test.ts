import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
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

const count = Number(process.env["MUSTER_RUNNERS"] ?? 3);
const ids = Array.from({ length: count }, (_, n) => `${String(n).padStart(8, "a")}-runner`);

let repository: Awaited<ReturnType<typeof remoteRepository>>;
let directory: HostDirectory;
let host: HostProcess;
let client: WireClient;

beforeEach(async () => {
  repository = await remoteRepository();
  directory = new HostDirectory(hostConfig(repository.directory, count));
  host = await directory.start();
  client = await WireClient.connect(host.url, host.token);
});

afterEach(async () => {
  client.close();
  await host.stop();
  directory.remove();
  repository.remove();
});

/** Sessions with one turn behind them, and an agent that waits for an answer in the middle of the second. */
async function atWork(): Promise<readonly Refs[]> {
  return await Promise.all(
    ids.map(async (id) => {
      const session = await createSession(client, id, "scripted", repository.remote);
      prompt(client, session, "t1", "edit");
      await finished(client, session, "t1");
      prompt(client, session, "t2", "ask and wait");
      await client.until(() => (client.state("session", session.session).inputNeeded?.length ?? 0) > 0);
      return session;
    }),
  );
}

/** What the agent of a session was asked, as its own memory has it. */
function asked(id: string): readonly string[] {
  try {
    return JSON.parse(readFileSync(path.join(directory.path, "data", "sessions", id, "home", "memory.json"), "utf8"));
  } catch {
    return [];
  }
}

/** The processes that work in this directory's workspaces. */
function runners(): readonly number[] {
  const inside = path.join(directory.path, "data", "sessions") + path.sep;
  return readdirSync("/proc").flatMap((entry) => {
    try {
      return /^\d+$/.test(entry) && readlinkSync(`/proc/${entry}/cwd`).startsWith(inside) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

function killRunners(): void {
  const pids = runners();
  expect(pids.length).toBeGreaterThanOrEqual(count);
  for (const pid of pids) process.kill(pid, "SIGKILL");
}

/** Takes up the interrupted turn; the milliseconds until it is complete. */
async function resume(all: Refs): Promise<number> {
  const began = performance.now();
  await client.dispatched(all.chat, { type: "chat/turnResume", turnId: "t2" });
  await client.until(() => client.state("chat", all.chat).turns.find(({ id }) => id === "t2")?.state === "complete");
  return performance.now() - began;
}

async function expectResumed(all: readonly Refs[], errorType: string): Promise<void> {
  for (const [index, session] of all.entries()) {
    const chat = () => client.state("chat", session.chat);
    await client.until(() => chat().activeTurn === undefined && chat().turns.length === 2);
    expect(failureOf(chat().turns[1] ?? { responseParts: [] })).toMatchObject({ errorType, resumable: true });
    const id = ids[index] ?? "";
    const before = asked(id);
    expect(before).toEqual(["edit", "ask and wait"]);
    expect(await resume(session)).toBeLessThan(5_000);
    // Asked once more, by the person, and told that it was begun before; nothing was done again by itself.
    expect(asked(id).slice(before.length)).toEqual([expect.stringContaining("interrupted before it was finished")]);
    expect(client.state("fleetSession", session.fleet).checkpoints.at(-1)).toMatchObject({ turnId: "t2", files: 1 });
  }
}

it("DUR-2: agents that are killed leave turns that can be resumed, from the files as they were", async () => {
  const all = await atWork();
  killRunners();
  await expectResumed(all, "agent.crashed");
});

it("DUR-2: agents and host killed together, too; nothing is run again without a person", async () => {
  const all = await atWork();
  killRunners();
  await host.kill();
  await client.closed;
  host = await directory.start();
  client = await WireClient.connect(host.url, host.token);
  for (const session of all) await watch(client, session);
  await client.until(() => all.every(({ chat }) => client.state("chat", chat).activeTurn === undefined));
  const types = all.map(
    ({ chat }) => failureOf(client.state("chat", chat).turns[1] ?? { responseParts: [] })?.errorType,
  );
  // Whichever of the two the host saw first.
  expect(types.every((type) => type === "agent.interrupted" || type === "agent.crashed")).toBe(true);
  await expectResumed(all, types[0] ?? "");
});
