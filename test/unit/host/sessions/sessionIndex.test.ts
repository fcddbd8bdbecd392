import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { Catalogue } from "../../../../src/host/sessions/catalogue.ts";
import { initialChanges, initialStates } from "../../../../src/host/sessions/newSession.ts";
import { isSettled } from "../../../../src/host/sessions/restore.ts";
import { type FoundSessions, SessionIndex } from "../../../../src/host/sessions/sessionIndex.ts";
import type { SessionRow } from "../../../../src/host/sessions/sessionRow.ts";
import { refsOf, type SessionRefs } from "../../../../src/host/sessions/sessionRefs.ts";
import { SessionRuns } from "../../../../src/host/sessions/sessionRuns.ts";
import type { StateAction } from "../../../../src/protocol/actions.ts";
import { fleetSessionUri } from "../../../../src/protocol/uris.ts";
import { Dice } from "../../../support/dice.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { type MemoryDisk, memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";

const mark = "x-fleet-index:/";

/** What of a host keeps sessions in mind, from its start until it stops or is killed. */
class AHost {
  readonly clock = new FakeClock();
  readonly log: MemoryLog;
  readonly channels: Channels;
  readonly runs = new SessionRuns(() => undefined);
  readonly catalogue: Catalogue;
  readonly index: SessionIndex;

  constructor(disk: MemoryDisk) {
    const log = new MemoryLog(this.clock, disk);
    this.log = log;
    this.channels = new Channels({ log, logger: silentLogger });
    const { clock, channels, runs } = this;
    this.catalogue = new Catalogue(channels, clock, () => {});
    this.index = new SessionIndex({ log, clock, channels, runs, catalogue: this.catalogue });
    channels.onCommitted((batch) => {
      for (const { channel, refused } of batch) {
        const id = refused === undefined ? runs.idOf(channel) : undefined;
        if (id !== undefined) this.#touch(id);
      }
    });
  }

  async start(): Promise<FoundSessions> {
    const found = await this.index.find();
    for (const [id, row] of found.resting) {
      this.runs.add(id, row.summary.resource);
      this.catalogue.restore(id, row);
    }
    for (const uri of found.others) await this.read(uri);
    return found;
  }

  async read(uri: string): Promise<void> {
    const state = (await this.channels.load(uri)) ? this.channels.state("fleetSession", uri) : undefined;
    if (!state) return;
    const refs = refsOf(state.session);
    for (const each of [refs.session, refs.branchChanges, refs.chat]) await this.channels.load(each);
    this.runs.add(refs.id, refs.session);
    this.catalogue.add(refs, false);
  }

  create(id: string): SessionRefs {
    const refs = refsOf(`ahp-session:/${id}`);
    const wanted = { provider: "sample", model: undefined, config: { repository: "https://example.com/a/b" } };
    const at = { createdAt: "2026-01-01T00:00:00Z", isolation: "none", owner: "ada" } as const;
    const { fleet, session, chat } = initialStates(refs, wanted, at);
    this.channels.create(refs.fleet, "fleetSession", { ...fleet, phase: "ready" });
    this.channels.create(refs.chat, "chat", chat);
    this.channels.create(refs.branchChanges, "changeset", initialChanges());
    this.channels.create(refs.session, "session", { ...session, lifecycle: "ready" });
    this.runs.add(id, refs.session);
    this.index.changed(id);
    this.catalogue.add(refs, true);
    return refs;
  }

  dispose(refs: SessionRefs): void {
    this.runs.remove(refs);
    this.index.changed(refs.id);
    for (const uri of [refs.session, refs.chat, refs.branchChanges, refs.fleet]) this.channels.remove(uri);
    this.catalogue.remove(refs);
  }

  async stop(): Promise<void> {
    await this.log.flush();
    this.index.save();
    await this.log.close();
    this.index.dispose();
  }

  kill(): void {
    this.log.dispose();
    this.index.dispose();
  }

  #touch(id: string): void {
    this.catalogue.touch(id);
    this.index.changed(id);
  }
}

/** The rows of the sessions that the log holds, from the sessions themselves, and whether each is at rest. */
async function truthOf(disk: MemoryDisk): Promise<Map<string, { row: SessionRow; isAtRest: boolean }>> {
  const host = new AHost(disk);
  const truth = new Map<string, { row: SessionRow; isAtRest: boolean }>();
  for (const uri of await host.log.channels(fleetSessionUri(""))) {
    await host.read(uri);
    const id = uri.slice(fleetSessionUri("").length);
    const [row, refs] = [host.catalogue.get(id), host.runs.refs(id)];
    if (row && refs) truth.set(id, { row, isAtRest: isSettled(host.channels, refs) });
  }
  host.kill();
  return truth;
}

async function started(disk: MemoryDisk) {
  const host = new AHost(disk);
  return { host, ...(await host.start()) };
}

const titled = (title: string): StateAction => ({ type: "session/titleChanged", title });
const turnStarted: StateAction = {
  type: "chat/turnStarted",
  turnId: "t1",
  startedAt: "2026-01-01T00:00:00Z",
  message: { text: "go", origin: { kind: "user" } },
};

describe("the index of sessions", () => {
  it("spares a start from reading what is at rest, and nothing else", async () => {
    const disk = memoryDisk();
    const { host } = await started(disk);
    const [quiet, busy] = [host.create("quiet-session"), host.create("busy-session")];
    host.channels.dispatch(quiet.session, titled("Fix the parser"));
    host.channels.dispatch(busy.chat, turnStarted);
    await host.stop();
    const again = await started(disk);
    expect(again.resting.get(quiet.id)).toMatchObject({ owner: "ada", summary: { title: "Fix the parser" } });
    expect(again.others).toEqual([busy.fleet]);
    expect(again.host.channels.isLoaded(quiet.fleet)).toBe(false);
    expect(again.host.catalogue.list({}).items).toHaveLength(2);
    again.host.kill();
  });

  it("is stored while the host runs, so that one that is killed leaves it", async () => {
    const disk = memoryDisk();
    const { host } = await started(disk);
    const refs = host.create("quiet-session");
    await host.log.flush();
    await host.clock.advance(2_000);
    await host.log.flush();
    host.kill();
    const again = await started(disk);
    expect(Array.from(again.resting.keys())).toEqual([refs.id]);
    again.host.kill();
  });

  it("leaves out what happened to a session after it was stored: that one is read", async () => {
    const disk = memoryDisk();
    const { host } = await started(disk);
    const [one, other] = [host.create("one-session"), host.create("other-session")];
    await host.log.flush();
    host.index.save();
    host.channels.dispatch(one.session, titled("later"));
    await host.log.flush();
    host.kill();
    const again = await started(disk);
    expect(again.others).toEqual([one.fleet]);
    expect(again.host.catalogue.get(one.id)?.summary.title).toBe("later");
    expect(Array.from(again.resting.keys())).toEqual([other.id]);
    again.host.kill();
  });

  it("does not trust what another version wrote, nor ever again", async () => {
    const disk = memoryDisk();
    const { host } = await started(disk);
    const refs = host.create("one-session");
    await host.stop();
    disk.snapshots.set(mark, { seq: host.log.lastSeq, state: '{"version":"0.0.0"}' });
    const other = await started(disk);
    expect([other.resting.size, other.others]).toEqual([0, [refs.fleet]]);
    other.host.channels.dispatch(refs.chat, turnStarted);
    await other.host.stop();
    const again = await started(disk);
    expect([again.resting.size, again.others]).toEqual([0, [refs.fleet]]);
    again.host.kill();
  });

  it("keeps nothing of a session that was removed, and no client can read it", async () => {
    const disk = memoryDisk();
    const { host } = await started(disk);
    const refs = host.create("one-session");
    await host.log.flush();
    host.index.save();
    await host.log.flush();
    expect(JSON.stringify(disk.snapshots.get(`${mark}${refs.id}`))).toContain("ada");
    expect([await host.channels.load(mark), await host.channels.load(`${mark}${refs.id}`)]).toEqual([false, false]);
    host.dispose(refs);
    await host.stop();
    expect(Array.from(disk.snapshots.keys()).filter((uri) => uri.startsWith(mark))).toEqual([mark]);
    const again = await started(disk);
    expect([again.resting.size, again.others.length]).toEqual([0, 0]);
    again.host.kill();
  });

  it("says of every session what the session says itself, whatever happens and whenever the host is killed", async () => {
    const runs = Number(process.env["MUSTER_PROPERTY_RUNS"] ?? 200);
    let spared = 0;
    for (let seed = 1; seed <= runs; seed++) spared += await anyLife(new Dice(seed), `seed ${seed}`);
    expect(spared).toBeGreaterThan(runs);
  });
});

/** A few hosts one after the other on the same data. Answers with how many sessions were not read at their starts. */
async function anyLife(dice: Dice, what: string): Promise<number> {
  const disk = memoryDisk();
  let spared = 0;
  let made = 0;
  for (let life = 0; life < 4; life++) {
    const truth = await truthOf(disk);
    const { host, resting, others } = await started(disk);
    const listed = new Set([...resting.keys(), ...others.map((uri) => uri.slice(fleetSessionUri("").length))]);
    for (const [id, { row, isAtRest }] of truth) {
      expect(listed, `${what}, life ${life}`).toContain(id);
      if (!resting.has(id)) continue;
      spared += 1;
      expect([resting.get(id), isAtRest], `${what}, life ${life}, ${id}`).toEqual([row, true]);
    }
    for (const id of resting.keys()) expect(truth.has(id), `${what}, life ${life}, ${id}`).toBe(true);
    const refs = Array.from(truth.keys(), (id) => refsOf(`ahp-session:/${id}`));
    for (let step = dice.below(20); step > 0; step--) {
      const chosen = refs[dice.below(refs.length)];
      if (dice.chance(0.2) || !chosen) refs.push(host.create(`session-${made++}`));
      else if (dice.chance(0.3)) await pass(host, dice);
      else await act(host, dice, chosen, () => refs.splice(refs.indexOf(chosen), 1));
    }
    if (dice.chance(0.5)) await host.stop();
    else host.kill();
  }
  return spared;
}

async function pass({ log, clock, index }: AHost, dice: Dice): Promise<void> {
  if (dice.chance(0.5)) await log.flush();
  if (dice.chance(0.5)) await clock.advance(dice.pick([100, 2_000]));
  if (dice.chance(0.2)) index.save();
}

async function act(host: AHost, dice: Dice, refs: SessionRefs, gone: () => void): Promise<void> {
  const { channels } = host;
  for (const uri of [refs.fleet, refs.session, refs.branchChanges, refs.chat]) await channels.load(uri);
  const actions: readonly [string, StateAction][] = [
    [refs.session, titled(`title ${dice.below(100)}`)],
    [refs.session, { type: "session/isArchivedChanged", isArchived: dice.chance(0.5) }],
    [refs.session, { type: "session/activeClientRemoved", clientId: "one" }],
    [refs.chat, turnStarted],
    [refs.chat, { type: "chat/turnCancelled", turnId: "t1", duration: 1 }],
    [refs.fleet, { type: "x-fleet/phaseChanged", phase: dice.pick(["ready", "working", "failed"]) }],
    [refs.fleet, { type: "x-fleet/agentChanged", agent: dice.pick(["awake", "asleep"]) }],
  ];
  const [channel, action] = actions[dice.below(actions.length)] ?? [];
  if (dice.chance(0.1)) {
    host.dispose(refs);
    gone();
  } else if (channel !== undefined && action) channels.dispatch(channel, action);
}
