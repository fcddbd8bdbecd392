import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToken, tokenDirectory, type TokenTerms } from "../../src/host/access/tokenFile.ts";
import { auditFilterOf, parseCli } from "../../src/host/cli/arguments.ts";
import { auditLog } from "../../src/host/cli/auditLog.ts";
import { verifyLog } from "../../src/host/cli/inspect.ts";
import { deleteUserCommand, exportUser } from "../../src/host/cli/userData.ts";
import type { StateAction } from "../../src/protocol/actions.ts";
import { Methods } from "../../src/protocol/methods.ts";
import {
  blobUri,
  branchChangesetUri,
  chatUri,
  fileUri,
  fleetSessionUri,
  ROOT_URI,
  terminalUri,
  turnChangesetUri,
} from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { createSession, finished, hostConfig, prompt, type Refs, remoteRepository, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

const secret = "canary-of-ada";
const adasId = randomUUID();
const adasTerminal = terminalUri(adasId, "shell");

/** Everything that a session has, under the id of one that is somebody else's or one that nobody has. */
function addressesOf(id: string): readonly string[] {
  const session = `ahp-session:/${id}`;
  return [
    session,
    `scripted:/${id}`,
    chatUri(session),
    fleetSessionUri(id),
    branchChangesetUri(session),
    turnChangesetUri(session, "t1"),
    terminalUri(id, "shell"),
    terminalUri(id, "agent"),
    blobUri(id, "ce013625030ba8dba906f756967f9e9ca394464a"),
    fileUri(id, "made.txt"),
    fileUri(id, ""),
  ];
}

/** The same with the ids and numbers that differ from one asking to the next taken out. */
function alike(answer: unknown, id: string): string {
  let text = JSON.stringify(answer);
  for (const [index, uri] of addressesOf(id).entries()) text = text.replaceAll(uri, `<address ${index}>`);
  return text.replaceAll(id, "<id>").replace(/"(?:serverSeq|clientSeq|fromSeq)":\d+/g, '"seq":0');
}

describe("TEN-1: what one user asks about another's session", () => {
  let repositories: Awaited<ReturnType<typeof remoteRepository>>;
  let directory: HostDirectory;
  let host: HostProcess;
  let ada: WireClient;
  let eve: WireClient;
  let heard: string;
  let eves: Refs;
  let adasRepository: string;

  let evesToken: string;
  const makeToken = (terms: TokenTerms) =>
    createToken(tokenDirectory(path.join(directory.path, "data")), terms, Date.now()).token;

  beforeAll(async () => {
    repositories = await remoteRepository();
    directory = new HostDirectory(hostConfig(repositories.directory));
    const adasToken = makeToken({ user: "ada", role: "admin", sessions: "own" });
    evesToken = makeToken({ user: "eve", role: "approver", sessions: "own" });
    host = await directory.start();
    ada = await WireClient.open(host.url, adasToken, "ada");
    await ada.initialize();
    eve = await WireClient.open(host.url, evesToken, "eve");
    heard = "";
    eve.socket.on("message", (data: Buffer) => (heard += data.toString()));
    await eve.initialize();
    // What Eve has herself comes first, so that there is something to find.
    eves = await createSession(eve, randomUUID(), "scripted", repositories.remote);
    adasRepository = path.join(repositories.directory, `${secret}.git`);
    cpSync(repositories.remote, adasRepository, { recursive: true });
    const adas = await createSession(ada, adasId, "scripted", adasRepository);
    prompt(ada, adas, "t0", `${secret} of the prompt`);
    await finished(ada, adas, "t0");
    prompt(ada, adas, "t1", "edit");
    await finished(ada, adas, "t1");
    await ada.request("createTerminal", {
      channel: adasTerminal,
      claim: { kind: "session", session: adas.session, chat: adas.chat },
      name: `${secret} of the terminal`,
    });
    await ada.dispatched(adas.session, { type: "session/titleChanged", title: `${secret} of the title` });
    await ada.until(() => (ada.state("root", ROOT_URI).terminals?.length ?? 0) > 0);
  });
  afterAll(async () => {
    ada?.close();
    eve?.close();
    await host?.stop();
    directory?.remove();
    repositories?.remove();
  });

  const random = randomUUID();
  const bothWays = async (ask: (uri: string, id: string, index: number) => Promise<unknown>) => {
    const answers = await Promise.all(
      [adasId, random].map(async (id) => {
        const all: string[] = [];
        // One after the other: what is asked of one must not be seen in the answer to another.
        for (const [index, uri] of addressesOf(id).entries()) all.push(alike(await ask(uri, id, index), id));
        return all;
      }),
    );
    return answers as [string[], string[]];
  };

  it.each(Object.keys(Methods).filter((method) => !["initialize", "reconnect"].includes(method)))(
    "%s answers like for an id that nobody has",
    async (method) => {
      const [foreign, unknown] = await bothWays(async (uri, id) => {
        const session = `ahp-session:/${id}`;
        const params = {
          // A session that is to be made must have a new address; what it is made from is asked about.
          channel:
            method === "createSession" ? "ahp-session:/no" : method === "createTerminal" ? terminalUri(id, "new") : uri,
          uri,
          chat: chatUri(session, "other"),
          session: `ahp-session:/${eves.session}`,
          claim: { kind: "session", session, chat: chatUri(session) },
          cwd: fileUri(id, "src"),
          kind: "userMessage",
          text: "/",
          offset: 1,
          operationId: "push",
          cursor: "t0",
          checkpoint: "1",
          from: "0",
          to: "1",
          resource: "https://example.com",
          token: "none",
          property: "repository",
          workingDirectory: fileUri(id, ""),
        };
        return eve.request(method, params).catch((error: unknown) => error);
      });
      expect(foreign).toEqual(unknown);
    },
  );

  it.each([
    ["initialize", (uri: string) => ({ protocolVersions: ["0.9.0"], initialSubscriptions: [uri] })],
    ["reconnect", (uri: string) => ({ lastSeenServerSeq: 1, subscriptions: [uri] })],
  ])("%s brings nothing of it", async (method, paramsOf) => {
    const [foreign, unknown] = await bothWays(async (uri) => {
      const client = await WireClient.open(host.url, evesToken, "eve");
      const answer = await client
        .request(method, { channel: ROOT_URI, clientId: "eve-2", ...paramsOf(uri) })
        .catch((error: unknown) => error);
      client.close();
      return answer;
    });
    expect(foreign).toEqual(unknown);
    expect(foreign.join()).toMatch(method === "initialize" ? /"snapshots":\[\]/ : /missing|not know/);
  });

  const said = { text: "x", origin: { kind: "user" } } as const;
  it.each<[StateAction]>([
    [{ type: "session/titleChanged", title: "x" }],
    [{ type: "session/isArchivedChanged", isArchived: true }],
    [{ type: "chat/turnStarted", turnId: "t", startedAt: "2026-01-01T00:00:00Z", message: said }],
    [{ type: "chat/turnCancelled", turnId: "t1", duration: 0 }],
    [{ type: "chat/toolCallConfirmed", turnId: "t1", toolCallId: "1", approved: true, confirmed: "user-action" }],
    [{ type: "chat/pendingMessageSet", kind: "queued", id: "q", message: said }],
    [{ type: "chat/draftChanged", draft: said }],
    [{ type: "terminal/input", data: "id\r" }],
    [{ type: "terminal/resized", cols: 1, rows: 1 }],
    [{ type: "changeset/filesReviewChanged", files: [], reviewed: true }],
  ])("%j is refused like on a channel that there is not", async (action) => {
    const [foreign, unknown] = await bothWays((uri) => eve.dispatched(uri, action));
    expect(foreign).toEqual(unknown);
    for (const echo of foreign) expect(echo).toContain("There is no such channel.");
  });

  it.each([
    ["subscribe", (id: string) => ({ channel: `ahp-session:/${id}` })],
    ["fetchTurns", (id: string) => ({ channel: chatUri(`ahp-session:/${id}`), cursor: "t1" })],
    ["resourceRead", (id: string) => ({ channel: ROOT_URI, uri: fileUri(id, "made.txt") })],
    ["x-fleet/restore", (id: string) => ({ channel: `ahp-session:/${id}`, checkpoint: "1" })],
  ])("%s takes as long for it as for one that nobody has, within a factor of two", async (method, paramsOf) => {
    const took = { foreign: [] as number[], unknown: [] as number[] };
    const orders = [["foreign", "unknown"] as const, ["unknown", "foreign"] as const];
    for (let round = 0; round < 300; round += 1) {
      // Both at the same moments, and neither always first.
      for (const which of orders[round % 2] ?? []) {
        const params = paramsOf(which === "foreign" ? adasId : randomUUID());
        const before = performance.now();
        await eve.refusal(method, params);
        took[which].push(performance.now() - before);
      }
    }
    const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
    const ratio = median(took.foreign) / median(took.unknown);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  it("TEN-2: no list, form, notification or snapshot of Eve's has ever held anything of Ada's", async () => {
    await eve.request("listSessions", { channel: ROOT_URI });
    const form = { channel: ROOT_URI, provider: "scripted" };
    await eve.request("resolveSessionConfig", form);
    await eve.request("resourceList", { channel: ROOT_URI, uri: "file:///repositories" });
    await eve.subscribe("root", ROOT_URI);
    expect(heard).not.toContain(secret);
    expect(eve.state("root", ROOT_URI).terminals ?? []).toEqual([]);
    const told = eve.notifications.filter(({ method }) => method.startsWith("root/session"));
    expect(JSON.stringify(told)).toContain(eves.session);
    expect(JSON.stringify(told)).not.toContain(adasId);
    const { items } = (await ada.request("listSessions", { channel: ROOT_URI })) as { items: { resource: string }[] };
    expect(items.map(({ resource }) => resource)).toHaveLength(2);
  });

  it("PRI-3: all of Ada's is exported, and then deleted within a minute, so that no byte of it is left", async () => {
    const data = path.join(directory.path, "data");
    const holding = (text: string) =>
      spawnSync("grep", ["-rl", "--binary-files=text", text, data], { encoding: "utf8" }).stdout.trim().split("\n");
    const cli = async (act: (print: (line: string) => void) => Promise<number>) => {
      const printed: string[] = [];
      expect(await act((line) => void printed.push(line))).toBe(0);
      return printed.join("\n");
    };
    const config = ["--config", path.join(directory.path, "config.json")];
    const deletion = parseCli(["delete", "--user", "ada", "--data", data, ...config], "/");
    await expect(deleteUserCommand(deletion, Date.now(), () => {})).rejects.toThrow(/Another host already uses/);
    ada.close();
    eve.close();
    await host.stop();
    // Also in the files of her workspace and of the copy of her repository.
    expect(holding(secret).length).toBeGreaterThan(1);
    const exported = await cli((print) => exportUser(data, "ada", print));
    for (const what of ["prompt", "terminal", "title"]) expect(exported).toContain(`${secret} of the ${what}`);
    const members = new Set(exported.split("\n").flatMap((line) => Object.keys(JSON.parse(line) as object)));
    for (const member of ["token", "session", "files", "act", "spend", "body"]) expect(members).toContain(member);
    expect(exported).not.toContain(eves.session);

    const began = performance.now();
    expect(await cli((print) => deleteUserCommand(deletion, Date.now(), print))).toContain("1 sessions");
    expect(performance.now() - began).toBeLessThan(60_000);
    expect(holding(secret)).toEqual([""]);
    expect(holding(adasId)).toEqual([path.join(data, "log.db")]);
    expect(host.stderr()).not.toContain(secret);
    expect(await cli((print) => verifyLog(data, print))).toContain("whole");
    const filter = { ...auditFilterOf(deletion, Date.now()), user: undefined };
    const acts = await cli((print) => auditLog(data, filter, false, print));
    expect(acts).toMatch(/ada \(admin\) {2}createSession/);
    expect(acts).toMatch(/owner {2}delete --user ada$/);
    await expect(deleteUserCommand(deletion, Date.now(), () => {})).rejects.toThrow(/no session and no token/);

    host = await directory.start();
    eve = await WireClient.connect(host.url, evesToken, "eve");
    await watch(eve, eves);
    prompt(eve, eves, "later", "edit");
    expect((await finished(eve, eves, "later")).state).toBe("complete");
    const owner = await WireClient.connect(host.url, host.token, "owner");
    const { items } = (await owner.request("listSessions", { channel: ROOT_URI })) as { items: { resource: string }[] };
    expect(items.map(({ resource }) => resource)).toEqual([eves.session]);
    owner.close();
  });
});
