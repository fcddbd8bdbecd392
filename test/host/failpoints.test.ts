import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FailpointName, FAILPOINTS } from "../../src/base/failpoint.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import {
  createSession,
  finished,
  hostConfig,
  prompt,
  type Refs,
  refs,
  remoteRepository,
  watch,
} from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

/** How often each point is tried, at its first, second, ... time. The long run has 5 of all points. */
const runs = Number(process.env["MUSTER_FAILPOINT_RUNS"] ?? 1);
/** Those that the short run ends a process at; the others of its kind differ in little, or are tried without a process. */
const short: ReadonlySet<FailpointName> = new Set<FailpointName>([
  "log.synced",
  "answer.sending",
  "restore.begun",
  "fork.filesWritten",
  "push.sent",
]);
/** The time of the first run: those that come all the time, in the middle of a turn. */
const firstTime: Partial<Record<FailpointName, number>> = {
  "log.writing": 14,
  "log.written": 15,
  "log.synced": 16,
  "log.told": 17,
  "publish.beginning": 18,
  "publish.ended": 19,
  "answer.sending": 5,
  "answer.sent": 5,
};
const names =
  process.env["MUSTER_FAILPOINT_RUNS"] === undefined ? FAILPOINTS.filter((name) => short.has(name)) : FAILPOINTS;
const cases = names.flatMap((name) =>
  Array.from({ length: runs }, (_, run) => ({ name, time: timeOf(name, run), run })),
);

function timeOf(name: FailpointName, run: number): number {
  const first = firstTime[name];
  if (first !== undefined) return first + run * 3;
  // The work below pushes once and forks once.
  return /^(push|fork)\./.test(name) ? 1 : 1 + run;
}

describe("DUR-3: a host that dies at a known place", () => {
  let repository: Awaited<ReturnType<typeof remoteRepository>>;
  let directory: HostDirectory;
  let host: HostProcess | undefined;
  let client: WireClient | undefined;

  beforeAll(async () => {
    repository = await remoteRepository();
    directory = new HostDirectory(hostConfig(repository.directory));
  });

  afterEach(async () => {
    client?.close();
    await host?.kill();
  });

  afterAll(() => {
    directory.remove();
    repository.remove();
  });

  async function start(env: Readonly<Record<string, string>>): Promise<WireClient> {
    directory.env = env;
    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
    return client;
  }

  const workspaceOf = (session: string) => path.join(directory.path, "data", "sessions", session, "workspace");

  it.each(cases)(
    "$name, time $time, run $run: nothing acknowledged is lost or doubled, and everything goes on",
    async ({ name, time, run }) => {
      // A branch is named after the first eight characters.
      const id = `${FAILPOINTS.indexOf(name) + 10}0000${String(run).padStart(2, "0")}-${name.replaceAll(/[^a-z]/gi, "")}`;
      const all = refs(id);
      const fork = refs(`f${id.slice(1)}-fork`);
      let failure: unknown;
      const dying = await start({ MUSTER_FAILPOINT: `${name}:${time}` });
      await Promise.race([
        work(dying, all, fork, repository.remote).catch((error: unknown) => (failure = error)),
        dying.closed,
      ]);
      expect(dying.socket.readyState, `${name} was not reached ${time} times: ${JSON.stringify(failure)}`).not.toBe(
        dying.socket.OPEN,
      );
      expect(await host?.ended()).toBe("SIGKILL");
      const told = acknowledged(dying, all);

      const again = await start({});
      const { items } = await again.request("listSessions", { channel: ROOT_URI });
      const listed = (items as { resource: string }[]).map(({ resource }) => resource);
      if (told.isCreated) expect(listed).toContain(all.session);
      if (listed.includes(all.session)) await watch(again, all);
      else await createSession(again, id, "scripted", repository.remote);
      await goOn(again, all);
      const fleet = again.state("fleetSession", all.fleet);
      const { turns } = again.state("chat", all.chat);
      const done = turns.filter((turn) => turn.state === "complete").map((turn) => turn.id);
      expect(done).toEqual(expect.arrayContaining(told.complete));
      expect(new Set(turns.map((turn) => turn.id)).size).toBe(turns.length);
      expect(fleet.checkpoints.map(({ commit }) => commit)).toEqual(expect.arrayContaining(told.checkpoints));
      expect(fleet.checkpoints.map((each) => each.id)).toEqual(fleet.checkpoints.map((_, index) => String(index + 1)));
      expect(existsSync(path.join(workspaceOf(id), "made.txt"))).toBe(true);
      if (listed.includes(fork.session)) {
        await watch(again, fork);
        await goOn(again, fork);
        expect(existsSync(path.join(workspaceOf(`f${id.slice(1)}-fork`), "made.txt"))).toBe(true);
      }
      if (told.pushed !== undefined) expect(fleet.pushed?.commit).toBe(told.pushed);
      await again.until(() => again.state("changeset", all.changes).operations?.[0]?.status !== "running");
      const push = { channel: all.changes, operationId: "push", _meta: { muster: { commit: fleet.head } } };
      await again.request("invokeChangesetOperation", push);
      const range = `${fleet.baseCommit}..refs/heads/${fleet.branch}`;
      const pushed = execFileSync("git", ["rev-list", "--count", range], { cwd: repository.remote, encoding: "utf8" });
      expect(pushed.trim()).toBe("1");
    },
    120_000,
  );
});

/** Everything that has a failpoint on its way, once. Ends early with the host. */
async function work(client: WireClient, all: Refs, fork: Refs, remote: string): Promise<void> {
  await createSession(client, all.session.slice("ahp-session:/".length), "scripted", remote);
  prompt(client, all, "t1", "edit");
  await finished(client, all, "t1");
  const push = { channel: all.changes, operationId: "push" };
  await client.request("invokeChangesetOperation", push);
  await client.request("x-fleet/fork", { channel: all.session, session: fork.session });
  await watch(client, fork);
  await client.until(() => client.state("fleetSession", fork.fleet).checkpoints.length > 0);
  await client.request("x-fleet/restore", { channel: all.session, checkpoint: "0" });
  await client.request("x-fleet/restore", { channel: all.session, checkpoint: "1" });
  for (let turn = 2; turn < 9; turn += 1) {
    prompt(client, all, `t${turn}`, "edit");
    await finished(client, all, `t${turn}`);
    await client.request("x-fleet/restore", { channel: all.session, checkpoint: "1" });
  }
}

/** What this client was told before the host died. */
function acknowledged(client: WireClient, all: Refs) {
  const held = client.held().map(({ channel }) => channel);
  if (!held.includes(all.changes)) return { isCreated: held.includes(all.session), complete: [], checkpoints: [] };
  const fleet = client.state("fleetSession", all.fleet);
  const turns = client.state("chat", all.chat).turns.filter((turn) => turn.state === "complete");
  return {
    isCreated: true,
    complete: turns.map((turn) => turn.id),
    checkpoints: fleet.checkpoints.map(({ commit }) => commit),
    pushed: fleet.pushed?.commit,
  };
}

/** Takes up what was interrupted, or asks for something new, until the session waits for its next message. */
async function goOn(client: WireClient, all: Refs): Promise<void> {
  const fleet = () => client.state("fleetSession", all.fleet);
  const chat = () => client.state("chat", all.chat);
  await client.until(
    () => fleet().phase === "ready" && chat().activeTurn === undefined && fleet().restoring === undefined,
  );
  const last = chat().turns.at(-1);
  if (last?.state === "error") {
    await client.dispatched(all.chat, { type: "chat/turnResume", turnId: last.id });
    const isDone = () => chat().turns.some((turn) => turn.id === last.id && turn.state === "complete");
    await client.until(() => isDone() && fleet().phase === "ready");
  }
  // What it is told besides comes with its next prompt, whichever that is.
  prompt(client, all, "before last", "talk");
  await finished(client, all, "before last");
  prompt(client, all, "last", "edit");
  expect((await finished(client, all, "last")).state).toBe("complete");
}
