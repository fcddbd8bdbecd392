import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { Channels } from "../../src/host/channels/channels.ts";
import { Conflicts } from "../../src/host/forecast/conflicts.ts";
import type { GitWorkspaces } from "../../src/host/workspaces/gitWorkspaces.ts";
import { initialStates } from "../../src/host/sessions/newSession.ts";
import { refsOf, type SessionRefs } from "../../src/host/sessions/sessionRefs.ts";
import { noCredentials, type Workspace } from "../../src/host/workspaces/workspace.ts";
import { conflictCount } from "../../src/protocol/fleetConflicts.ts";
import { fleetConflictsUri } from "../../src/protocol/uris.ts";
import { FakeClock } from "../support/fakeClock.ts";
import { MemoryLog } from "../support/memoryLog.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

const lines = (count: number, changed: Readonly<Record<number, string>> = {}) =>
  Array.from({ length: count }, (_, index) => `${changed[index + 1] ?? `line ${index + 1}`}\n`).join("");

let fixture: WorkspacesFixture;
let workspaces: GitWorkspaces;
let clock: FakeClock;
let channels: Channels;
let conflicts: Conflicts;

beforeEach(async () => {
  fixture = new WorkspacesFixture();
  fixture.seedCommit({ "a.txt": lines(40), "b.txt": lines(40), "c.txt": "c\n", "lib.txt": "lib\n" });
  workspaces = await fixture.workspaces();
  clock = new FakeClock();
  channels = new Channels({ log: new MemoryLog(clock), logger: silentLogger });
  conflicts = new Conflicts({
    channels,
    clock,
    logger: silentLogger,
    workspaces,
    credentialsOf: () => noCredentials,
    fetchMs: 600_000,
  });
  conflicts.start();
});
afterEach(async () => {
  conflicts.dispose();
  await conflicts.idle();
  channels.dispose();
  fixture.dispose();
});

interface Agent {
  readonly refs: SessionRefs;
  readonly workspace: Workspace;
}

async function anAgent(name: string): Promise<Agent> {
  const refs = refsOf(`ahp-session:/${name}-0000000000`);
  const wanted = { provider: "sample", model: undefined, config: { repository: fixture.origin } };
  const at = { createdAt: "2026-01-01T00:00:00Z", isolation: "none" as const, owner: "owner" };
  const { fleet, session } = initialStates(refs, wanted, at);
  channels.create(refs.fleet, "fleetSession", fleet);
  channels.create(refs.session, "session", session);
  const request = fixture.request({ sessionId: refs.id, branch: `agent/${name}` });
  const workspace = await workspaces.provision(request);
  const { branch, baseBranch, baseCommit } = workspace;
  channels.dispatch(refs.fleet, { type: "x-fleet/workspaceReady", branch, baseBranch, baseCommit });
  return { refs, workspace };
}

async function work({ refs, workspace }: Agent, files: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(workspace.paths.root, name);
    if (text === undefined) rmSync(file);
    else fixture.write(workspace.paths.root, { [name]: text });
  }
  const taken = await workspace.checkpoint("Turn");
  if (!taken) throw new Error("nothing changed");
  const { nestedRepositories: _nested, parent: _parent, place: _place, ...checkpoint } = taken;
  channels.dispatch(refs.fleet, { type: "x-fleet/checkpointAdded", checkpoint: { ...checkpoint, turnId: "t" } });
}

/** What the channel says once all is quiet. */
async function forecast() {
  await clock.advance(0);
  await clock.advance(500);
  await conflicts.idle();
  await clock.advance(0);
  const state = channels.state("fleetConflicts", fleetConflictsUri(fixture.origin));
  const nameOf = (session: string) => /\/([^-]+)-/.exec(session)?.[1] ?? session;
  return {
    state,
    branches: state?.branches.map(({ session, overlap, files, behind }) => [nameOf(session), overlap, files, behind]),
    pairs: state?.pairs.map(({ first, second, overlap, files }) => [nameOf(first), nameOf(second), overlap, files]),
    order: state?.mergeOrder.map(nameOf),
  };
}

describe("the forecast of conflicts", () => {
  it("tells apart nothing, the same file, the same lines and a conflict", async () => {
    const [ann, bob, cat, dan, eve] = [
      await anAgent("ann"),
      await anAgent("bob"),
      await anAgent("cat"),
      await anAgent("dan"),
      await anAgent("eve"),
    ];
    await work(ann, { "a.txt": lines(40, { 5: "ann" }) });
    await work(bob, { "a.txt": lines(40, { 5: "bob" }) });
    await work(cat, { "a.txt": lines(40, { 30: "cat" }) });
    await work(dan, { "a.txt": lines(40, { 33: "dan" }), "b.txt": lines(40, { 1: "dan" }) });
    await work(eve, { "c.txt": "eve\n", "new.txt": "new\n" });
    const { branches, pairs, order, state } = await forecast();
    expect(branches).toEqual(["ann", "bob", "cat", "dan", "eve"].map((name) => [name, "none", [], 0]));
    expect(pairs).toEqual([
      ["ann", "bob", "conflict", ["a.txt"]],
      ["ann", "cat", "sameFile", ["a.txt"]],
      ["ann", "dan", "sameFile", ["a.txt"]],
      ["bob", "cat", "sameFile", ["a.txt"]],
      ["bob", "dan", "sameFile", ["a.txt"]],
      ["cat", "dan", "sameHunk", ["a.txt"]],
    ]);
    expect(order?.[0]).toBe("eve");
    expect(state && conflictCount(state, ann.refs.session)).toBe(1);
    expect(state && conflictCount(state, eve.refs.session)).toBe(0);
  });

  it("sees what is added, deleted, and a file where another has a directory", async () => {
    const [ann, bob, cat] = [await anAgent("ann"), await anAgent("bob"), await anAgent("cat")];
    await work(ann, { "c.txt": undefined, "lib.txt": undefined, "lib.txt/inner.txt": "inner\n" });
    await work(bob, { "c.txt": "changed\n" });
    await work(cat, { "lib.txt": "changed\n" });
    const { pairs } = await forecast();
    expect(pairs).toMatchObject([
      ["ann", "bob", "conflict", ["c.txt"]],
      ["ann", "cat", "conflict", [expect.stringContaining("lib.txt")]],
    ]);
  });

  it("follows every checkpoint, and says it only once", async () => {
    const [ann, bob] = [await anAgent("ann"), await anAgent("bob")];
    await work(ann, { "a.txt": lines(40, { 5: "ann" }) });
    await work(bob, { "a.txt": lines(40, { 5: "bob" }) });
    expect((await forecast()).pairs).toHaveLength(1);
    const told = channels.lastSeq;
    channels.dispatch(bob.refs.session, { type: "session/isArchivedChanged", isArchived: false });
    expect((await forecast()).pairs).toHaveLength(1);
    expect(channels.lastSeq).toBe(told + 1);
    await work(bob, { "a.txt": lines(40), "b.txt": lines(40, { 5: "bob" }) });
    expect((await forecast()).pairs).toEqual([]);
  });

  it("leaves out what is archived or removed", async () => {
    const [ann, bob, cat] = [await anAgent("ann"), await anAgent("bob"), await anAgent("cat")];
    for (const agent of [ann, bob, cat]) await work(agent, { "a.txt": lines(40, { 5: agent.refs.id }) });
    expect((await forecast()).pairs).toHaveLength(3);
    channels.dispatch(cat.refs.session, { type: "session/isArchivedChanged", isArchived: true });
    expect((await forecast()).pairs).toEqual([["ann", "bob", "conflict", ["a.txt"]]]);
    channels.dispatch(bob.refs.fleet, { type: "x-fleet/disposed" });
    channels.remove(bob.refs.fleet);
    await workspaces.remove(bob.refs.id);
    const { branches, pairs, order } = await forecast();
    expect([branches?.length, pairs, order]).toEqual([1, [], ["ann"]]);
  });

  it("fetches the base branch now and then and meets what it got", async () => {
    const [ann, bob] = [await anAgent("ann"), await anAgent("bob")];
    await work(ann, { "a.txt": lines(40, { 5: "ann" }) });
    await work(bob, { "b.txt": lines(40, { 5: "bob" }) });
    expect((await forecast()).branches).toEqual([
      ["ann", "none", [], 0],
      ["bob", "none", [], 0],
    ]);
    fixture.seedCommit({ "a.txt": lines(40, { 5: "main" }) });
    fixture.seedCommit({ "b.txt": lines(40, { 30: "main" }) });
    await clock.advance(600_000);
    const { branches, order, state } = await forecast();
    expect(branches).toEqual([
      ["ann", "conflict", ["a.txt"], 2],
      ["bob", "sameFile", ["b.txt"], 2],
    ]);
    expect(order).toEqual(["bob", "ann"]);
    expect(state && conflictCount(state, ann.refs.session)).toBe(1);
    // Agents that start later have another base: what lies between the two is nobody's conflict.
    const cat = await anAgent("cat");
    await work(cat, { "a.txt": lines(40, { 5: "main", 30: "cat" }) });
    const later = await forecast();
    expect(later.pairs).toEqual([["ann", "cat", "conflict", ["a.txt"]]]);
    expect(later.branches?.at(-1)).toEqual(["cat", "none", [], 0]);
  });

  it("knows where the base is as soon as one agent was brought there", async () => {
    const [ann, bob] = [await anAgent("ann"), await anAgent("bob")];
    await work(ann, { "b.txt": lines(40, { 5: "ann" }) });
    await work(bob, { "b.txt": lines(40, { 30: "bob" }) });
    expect((await forecast()).branches?.map(([, , , behind]) => behind)).toEqual([0, 0]);
    fixture.seedCommit({ "b.txt": lines(40, { 20: "main" }) });
    const updated = await ann.workspace.update({
      place: { turnId: "t", turns: 1 },
      credentials: noCredentials,
      signal: new AbortController().signal,
      onSafe: () => undefined,
      onStage: () => undefined,
      leaveConflicts: false,
    });
    if (!updated) throw new Error("nothing came in");
    const { nestedRepositories: _nested, parent: _parent, place: _place, base, ...checkpoint } = updated.updated;
    channels.dispatch(ann.refs.fleet, { type: "x-fleet/checkpointAdded", checkpoint: { ...checkpoint, turnId: "t" } });
    channels.dispatch(ann.refs.fleet, { type: "x-fleet/baseChanged", baseCommit: base, note: "" });
    const { branches, pairs } = await forecast();
    expect(branches).toEqual([
      ["ann", "none", [], 0],
      ["bob", "sameFile", ["b.txt"], 1],
    ]);
    expect(pairs).toEqual([["ann", "bob", "sameFile", ["b.txt"]]]);
  });

  it("writes nothing where the branches are, and leaves nothing behind", async () => {
    const [ann, bob] = [await anAgent("ann"), await anAgent("bob")];
    await work(ann, { "a.txt": lines(40, { 5: "ann" }) });
    await work(bob, { "a.txt": lines(40, { 15: "bob" }) });
    const objects = () =>
      [ann, bob].map(({ workspace }) => readdirSync(path.join(workspace.paths.gitDir, "objects"), { recursive: true }));
    const before = objects();
    expect((await forecast()).pairs).toEqual([["ann", "bob", "sameFile", ["a.txt"]]]);
    expect(objects()).toEqual(before);
    expect(readdirSync(path.join(fixture.dataDir, "run")).filter((name) => name.startsWith("merge-"))).toEqual([]);
  });

  it("survives a workspace that is gone, and brings back its forecast after a restart", async () => {
    const [ann, bob, cat] = [await anAgent("ann"), await anAgent("bob"), await anAgent("cat")];
    for (const agent of [ann, bob]) await work(agent, { "a.txt": lines(40, { 5: agent.refs.id }) });
    await work(cat, { "b.txt": "cat\n" });
    await forecast();
    rmSync(cat.workspace.paths.gitDir, { recursive: true });
    mkdirSync(path.dirname(cat.workspace.paths.gitDir), { recursive: true });
    conflicts.dispose();
    const again = new Conflicts({
      channels,
      clock,
      logger: silentLogger,
      workspaces,
      credentialsOf: () => noCredentials,
      fetchMs: 0,
    });
    again.start(new Map([[fixture.origin, [ann, bob, cat].map(({ refs }) => refs.fleet)]]));
    await clock.advance(500);
    await again.idle();
    const { branches, pairs } = await forecast();
    expect([branches?.length, pairs?.length]).toEqual([2, 1]);
    again.dispose();
  });
});
