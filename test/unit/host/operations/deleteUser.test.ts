import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { AUDIT_CHANNEL, auditBody, parseAct } from "../../../../src/host/access/auditRecord.ts";
import { createToken, readTokens, tokenDirectory } from "../../../../src/host/access/tokenFile.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { SqliteLog } from "../../../../src/host/log/sqlite.ts";
import { deleteUser } from "../../../../src/host/operations/deleteUser.ts";
import { refsOf } from "../../../../src/host/sessions/sessionRefs.ts";
import { mirrorPath } from "../../../../src/host/workspaces/mirrors.ts";
import { parseRepository } from "../../../../src/host/workspaces/repositoryUrl.ts";
import {
  fleetConflictsUri,
  fleetRepositoryUri,
  fleetSpendUri,
  repositoryKey,
  ROOT_URI,
} from "../../../../src/protocol/uris.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { aState } from "../../protocol/builders.ts";

const canary = "canary-of-ada";
const at = "2026-01-01T00:00:00Z";
const shared = "https://git.example/shared.git";
const alone = `https://git.example/${canary}.git`;

let dataDir: string;
let log: SqliteLog;
let channels: Channels;
const clock = new FakeClock();

function open(): void {
  log = SqliteLog.open({ directory: dataDir, clock, logger: silentLogger });
  channels = new Channels({ log, logger: silentLogger });
}
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "muster-delete-"));
  open();
});
afterEach(async () => {
  await log.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A session with a word of its owner's in everything. */
function begin(id: string, owner: string, repository: string): string {
  const refs = refsOf(`ahp-session:/${id}`);
  const { session } = refs;
  const title = `canary-of-${owner} title`;
  channels.create(refs.fleet, "fleetSession", aState("fleetSession", { session, owner, repository }));
  channels.create(session, "session", aState("session", { title }));
  channels.create(refs.chat, "chat", aState("chat", { title }));
  const terminal = { title, claim: { kind: "session", session } };
  channels.create(`ahp-terminal:/${id}/sh`, "terminal", aState("terminal", terminal));
  channels.create(`agenthost-terminal://elsewhere/${id}`, "terminal", aState("terminal", terminal));
  for (const folder of ["workspace", "home", "git"]) {
    const directory = path.join(dataDir, "sessions", id, folder);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, "notes"), title);
  }
  return session;
}

/** Files that hold this text, as they are on the disk. */
function holding(text: string): string[] {
  return readdirSync(dataDir, { recursive: true, encoding: "utf8" }).filter((name) => {
    const file = path.join(dataDir, name);
    return statSync(file).isFile() && readFileSync(file).includes(text);
  });
}

const remove = (user: string) => deleteUser({ log, dataDir, user, allowLocal: [], nowMs: clock.now() });

describe("PRI-3: deleting a user", () => {
  it("leaves no byte of their sessions, deleted ones, drafts and outputs, and everything of the others'", async () => {
    const adas = begin("aaaaaaaa-1", "ada", shared);
    begin("aaaaaaaa-2", "ada", shared);
    const eves = begin("eeeeeeee-1", "eve", shared);
    channels.dispatch(adas, { type: "session/titleChanged", title: `${canary} again` });
    // A session of which the records are all that is left, and one that was never begun.
    for (const uri of ["ahp-session:/aaaaaaaa-2", "x-fleet-session:/aaaaaaaa-2"]) channels.remove(uri);
    const draft = { title: canary, _meta: { muster: { draft: true, owner: "ada" } } };
    channels.create("ahp-session:/dddddddd-1", "session", aState("session", draft));
    const both = Buffer.from("the same output in both");
    await log.putBlob("ahp-terminal:/aaaaaaaa-1/sh", Buffer.from(`${canary} output`));
    const blob = await log.putBlob("ahp-terminal:/aaaaaaaa-1/sh", both);
    await log.putBlob("ahp-terminal:/eeeeeeee-1/sh", both);
    channels.saveSnapshots();
    await log.flush();
    expect(holding(canary)).toContain("log.db-wal");
    expect(await remove("ada")).toMatchObject({ sessions: 3, tokens: 0 });
    expect(holding(canary)).toEqual([]);
    expect((await log.verify()).problem).toBeUndefined();
    expect(Buffer.from((await log.getBlob(blob)) ?? "")).toEqual(both);
    await log.close();
    open();
    expect(await channels.load(adas)).toBe(false);
    expect(await channels.load(eves)).toBe(true);
    expect(channels.state("session", eves)?.title).toBe("canary-of-eve title");
    expect(readdirSync(path.join(dataDir, "sessions"))).toEqual(["eeeeeeee-1"]);
    await expect(remove("ada")).rejects.toThrow(/no session and no token/);
  });

  it("takes their name and what is theirs from what many share, and keeps the sums", async () => {
    const adas = begin("aaaaaaaa-1", "ada", alone);
    const eves = begin("eeeeeeee-1", "eve", shared);
    const row = { repository: shared, model: "m", costUsd: 1 };
    const rows = [
      { ...row, session: adas, user: "ada" },
      { ...row, session: adas, user: "ada", repository: alone },
      { ...row, session: eves, user: "eve" },
    ];
    const raised = [
      { scope: "user", key: "ada", usd: 1 },
      { scope: "fleet", key: "", usd: 2 },
    ];
    channels.create(fleetSpendUri("2026-01-01"), "fleetSpend", aState("fleetSpend", { rows, raised }));
    for (const repository of [shared, alone]) {
      const decided = { repository: repositoryKey(repository), servers: [{ server: "example.com", by: "ada", at }] };
      channels.create(fleetRepositoryUri(repository), "fleetRepository", aState("fleetRepository", decided));
    }
    const merges = { repository: "git.example/shared", mergeOrder: [adas, eves] };
    channels.create(fleetConflictsUri(shared), "fleetConflicts", aState("fleetConflicts", merges));
    const terminals = [adas, eves].map((session) => {
      return {
        resource: `${session}/t`,
        title: `of ${session}`,
        claim: { kind: "session", session },
        _meta: { muster: { session } },
      };
    });
    channels.create(ROOT_URI, "root", aState("root", { terminals }));
    log.append(AUDIT_CHANNEL, auditBody({ at: 1, user: "ada", what: "createSession", channel: adas }));
    const token = (user: string) =>
      createToken(tokenDirectory(dataDir), { user, role: "operator", sessions: "own" }, clock.now()).stored.id;
    token("ada");
    const kept = token("eve");
    const mirrors = [shared, alone].map((each) => mirrorPath(path.join(dataDir, "mirrors"), parseRepository(each, [])));
    for (const mirror of mirrors) mkdirSync(mirror, { recursive: true });

    await log.flush();
    expect(await remove("ada")).toMatchObject({ sessions: 1, tokens: 1 });
    expect(holding(canary)).toEqual([]);
    await log.close();
    open();
    await Promise.all((await channels.known("")).map((uri) => channels.load(uri)));
    expect(channels.state("fleetSpend", fleetSpendUri("2026-01-01"))).toEqual({
      rows: [
        { ...row, session: "", user: "" },
        { ...row, session: "", user: "", repository: "" },
        { ...row, session: eves, user: "eve" },
      ],
      raised: [{ scope: "fleet", key: "", usd: 2 }],
    });
    expect(channels.state("fleetRepository", fleetRepositoryUri(shared))?.servers).toEqual([
      { server: "example.com", by: "", at },
    ]);
    expect(channels.isLoaded(fleetRepositoryUri(alone))).toBe(false);
    expect(channels.state("fleetConflicts", fleetConflictsUri(shared))?.mergeOrder).toEqual([eves]);
    expect(channels.state("root", ROOT_URI)?.terminals?.map(({ title }) => title)).toEqual([`of ${eves}`]);
    expect(readTokens(tokenDirectory(dataDir)).map(({ id }) => id)).toEqual([kept]);
    expect(readdirSync(path.join(dataDir, "mirrors"))).toEqual([path.basename(mirrors[0] ?? "")]);
    const acts = [];
    for await (const { body } of log.read({ after: 0, channel: AUDIT_CHANNEL })) acts.push(parseAct(body));
    expect(acts).toMatchObject([{ user: "ada", what: "createSession" }, { what: "delete --user ada" }]);
    expect((await log.verify()).problem).toBeUndefined();
  });
});
