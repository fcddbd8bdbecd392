import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import type { NewAct } from "../../../../src/host/access/audit.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { EgressDesk } from "../../../../src/host/sessions/egressDesk.ts";
import { RepositoryServers } from "../../../../src/host/sessions/repositoryServers.ts";
import { initialChat, initialStates } from "../../../../src/host/sessions/newSession.ts";
import { refsOf, type SessionRefs } from "../../../../src/host/sessions/sessionRefs.ts";
import { fleetRepositoryUri } from "../../../../src/protocol/uris.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";

const holdMs = 20_000;
const server = { host: "example.com", port: 443 };
const origin = { principal: "owner", clientId: "me" };

let clock: FakeClock;
let log: MemoryLog;
let channels: Channels;
let desk: EgressDesk;
let servers: RepositoryServers;
let acts: NewAct[];
let clientSeq = 0;
beforeEach(() => {
  clock = new FakeClock();
  log = new MemoryLog(clock, memoryDisk());
  channels = new Channels({ log, logger: silentLogger });
  acts = [];
  servers = serversOf(channels);
  desk = new EgressDesk({ channels, clock, servers, holdMs });
});
afterEach(() => desk.dispose());

function serversOf(of: Channels): RepositoryServers {
  return new RepositoryServers({ channels: of, clock, audit: { record: (act) => void acts.push(act) } });
}

function open(id: string, repository = "https://git.example/r"): SessionRefs {
  const refs = refsOf(`ahp-session:/${id}`);
  const wanted = { provider: "p", config: { repository }, model: undefined, workingDirectories: undefined };
  const at = { createdAt: "2026-01-01T00:00:00Z", isolation: "bubblewrap", owner: "owner" } as const;
  const { fleet } = initialStates(refs, wanted, at);
  channels.create(refs.fleet, "fleetSession", fleet);
  channels.create(refs.chat, "chat", initialChat(refs, "t", at.createdAt));
  return refs;
}

function begin({ chat }: SessionRefs, turnId = "turn-1"): void {
  const message = { text: "go", origin: { kind: "user" } };
  channels.dispatch(chat, { type: "chat/turnStarted", turnId, startedAt: "2026-01-01T00:00:00Z", message });
}

const questions = ({ chat }: SessionRefs) =>
  (channels.state("chat", chat)?.activeTurn?.responseParts ?? []).flatMap((part) =>
    part.kind === "inputRequest" && part.response === undefined ? [part.request] : [],
  );
const egress = ({ fleet }: SessionRefs) => channels.state("fleetSession", fleet)?.egress;

async function act(channel: string, action: Parameters<typeof channels.dispatch>[1]): Promise<void> {
  clientSeq += 1;
  expect(channels.dispatch(channel, action, { ...origin, clientSeq }).refused).toBeUndefined();
  await log.flush();
}

async function answer(refs: SessionRefs, decision: string): Promise<void> {
  const requestId = questions(refs)[0]?.id ?? "";
  const answers = { decision: { state: "submitted", value: { kind: "selected", value: decision } } } as const;
  await act(refs.chat, { type: "chat/inputCompleted", requestId, response: "accept", answers });
  // What was said is an action of its own, and holds when that is durable.
  await log.flush();
}

const ask = (refs: SessionRefs, target = server, gone = new AbortController().signal) =>
  desk.ask(refs.id, target, gone);

describe("a connection that nothing allows", () => {
  it("waits for the answer to one question, however many wait", async () => {
    const refs = open("session-1");
    begin(refs);
    const waiting = [ask(refs), ask(refs), ask(refs)];
    expect(questions(refs)).toHaveLength(1);
    await answer(refs, "once");
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
    expect(egress(refs)).toEqual({ refused: [], decided: [] });
    const again = ask(refs);
    expect(questions(refs)).toHaveLength(1);
    await answer(refs, "session");
    expect(await again).toBe(true);
    expect(await ask(refs)).toBe(true);
    expect(questions(refs)).toEqual([]);
  });

  it("is refused when nobody answers in time; the question stays, and its answer serves the next one", async () => {
    const refs = open("session-1");
    begin(refs);
    const waiting = ask(refs);
    await clock.advance(holdMs);
    expect(await waiting).toBe(false);
    expect(egress(refs)?.refused).toMatchObject([{ server: "example.com", count: 1 }]);
    expect(questions(refs)).toHaveLength(1);
    await answer(refs, "once");
    expect(await ask(refs)).toBe(true);
    const third = ask(refs);
    await clock.advance(holdMs);
    expect(await third).toBe(false);
  });

  it("is refused when the program gives up, when the turn ends, and when somebody says no", async () => {
    const refs = open("session-1");
    begin(refs);
    const gone = new AbortController();
    const givenUp = ask(refs, server, gone.signal);
    gone.abort();
    expect(await givenUp).toBe(false);
    const ended = ask(refs);
    desk.withdraw(refs.id);
    expect(await ended).toBe(false);
    expect(questions(refs)).toEqual([]);
    const denied = ask(refs);
    await answer(refs, "never");
    expect(await denied).toBe(false);
    expect(await ask(refs)).toBe(false);
    expect(questions(refs)).toEqual([]);
    expect(egress(refs)?.decided).toMatchObject([{ server: "example.com", decision: "never" }]);
  });

  it("is refused at once where there is no turn in which to ask", async () => {
    const refs = open("session-1");
    expect(await ask(refs)).toBe(false);
    expect(await desk.ask("unknown-1", server, new AbortController().signal)).toBe(false);
    expect(egress(refs)?.refused).toMatchObject([{ server: "example.com", count: 1 }]);
    await act(refs.fleet, { type: "x-fleet/egressDecided", server: "example.com", decision: "once" });
    expect(await ask(refs)).toBe(true);
    expect(await ask(refs)).toBe(false);
  });

  it("to another port is another matter", async () => {
    const refs = open("session-1");
    await act(refs.fleet, { type: "x-fleet/egressDecided", server: "example.com", decision: "session" });
    expect(await ask(refs)).toBe(true);
    expect(await ask(refs, { host: "example.com", port: 22 })).toBe(false);
    expect(egress(refs)?.refused).toMatchObject([{ server: "example.com:22" }]);
  });
});

describe("a flood of refusals", () => {
  it("of one name is told now and then, with its number", async () => {
    const refs = open("session-1");
    const before = log.lastSeq;
    for (let n = 0; n < 1_000; n += 1) await ask(refs);
    await clock.advance(10_000);
    expect(egress(refs)?.refused).toMatchObject([{ server: "example.com", count: 1_000 }]);
    expect(log.lastSeq - before).toBeLessThan(5);
  });

  it("of made-up names has an end, in questions and in what is told", async () => {
    const refs = open("session-1");
    begin(refs);
    const waiting = Array.from({ length: 500 }, (_each, n) => ask(refs, { host: `h${n}.example`, port: 443 }));
    expect(questions(refs).length).toBeLessThanOrEqual(3);
    await clock.advance(60_000);
    expect(await Promise.all(waiting)).not.toContain(true);
    expect(egress(refs)?.refused.length).toBeLessThanOrEqual(50);
  });
});

describe("what is allowed for a repository", () => {
  const repository = "https://git.example/r";
  const decide = async (refs: SessionRefs) => {
    begin(refs);
    const waiting = ask(refs);
    await answer(refs, "repository");
    expect(await waiting).toBe(true);
  };
  /** As after a restart, with no session in memory. */
  const restart = async () => {
    await log.flush();
    const later = new Channels({ log, logger: silentLogger });
    const lasting = serversOf(later);
    await lasting.restore();
    return lasting;
  };

  it("holds for all its sessions, however the address is written, and for no other", async () => {
    const [first, second] = [open("session-1"), open("session-2", "ssh://git@git.example/r.git")];
    await decide(first);
    expect(await ask(second)).toBe(true);
    expect(egress(second)?.decided).toMatchObject([{ server: "example.com", decision: "repository" }]);
    expect(await ask(open("session-3", "https://git.example/other"))).toBe(false);
  });

  it("lasts when the session in which it was said is gone for good; the log has who said it and when", async () => {
    const first = open("session-1");
    await decide(first);
    channels.remove(first.fleet);
    log.forget(first.fleet);
    const lasting = await restart();
    expect(lasting.allows(repository, "example.com")).toBe(true);
    expect(lasting.allows(repository, "other.example")).toBe(false);
    const channel = fleetRepositoryUri(repository);
    expect(channels.state("fleetRepository", channel)?.servers).toEqual([
      { server: "example.com", by: "owner", at: new Date(clock.now()).toISOString() },
    ]);
    expect(acts).toEqual([{ user: "owner", what: "x-fleet/serverAllowed", channel }]);
  });

  it("is decided on a session's channel, too, by whoever says so there", async () => {
    const first = open("session-1");
    await act(first.fleet, { type: "x-fleet/egressDecided", server: "example.com", decision: "repository" });
    expect(await ask(first)).toBe(true);
    expect(servers.allows(repository, "example.com")).toBe(true);
    expect(acts).toMatchObject([{ user: "owner", what: "x-fleet/serverAllowed" }]);
  });

  it("is taken back on the channel of any of its sessions, for all of them and for good", async () => {
    const [first, second] = [open("session-1"), open("session-2")];
    await decide(first);
    expect(await ask(second)).toBe(true);
    await act(second.fleet, { type: "x-fleet/egressRevoked", server: "example.com" });
    expect(egress(second)?.decided).toEqual([]);
    expect(await ask(second)).toBe(false);
    // Also where the other session still says what held.
    const asked = ask(first);
    expect(questions(first)).toHaveLength(1);
    await answer(first, "never");
    expect(await asked).toBe(false);
    expect((await restart()).allows(repository, "example.com")).toBe(false);
    expect(acts.map(({ what }) => what)).toEqual(["x-fleet/serverAllowed", "x-fleet/serverRevoked"]);
  });
});

it("what was decided for one session is taken back there, and asked about again", async () => {
  const refs = open("session-1");
  await act(refs.fleet, { type: "x-fleet/egressDecided", server: "example.com", decision: "never" });
  await act(refs.fleet, { type: "x-fleet/egressRevoked", server: "example.com" });
  begin(refs);
  void ask(refs);
  expect(questions(refs)).toHaveLength(1);
  expect(acts).toEqual([]);
});

it("takes from clients only what a person could mean", () => {
  const refs = open("session-1");
  const say = (name: string, decision = "session") => {
    clientSeq += 1;
    const action = { type: "x-fleet/egressDecided", server: name, decision } as Parameters<typeof channels.dispatch>[1];
    return channels.dispatch(refs.fleet, action, { ...origin, clientSeq }).refused;
  };
  expect(say("example.com")).toBeUndefined();
  for (const name of ["*.com", "*", "", "example.com/path", "EXAMPLE.com", "127.1"])
    expect(say(name)).toMatch(/host name/);
  expect(say("example.com", "always")).toMatch(/one of once/);
  clientSeq += 1;
  const revoked = { type: "x-fleet/egressRevoked", server: "*" } as const;
  expect(channels.dispatch(refs.fleet, revoked, { ...origin, clientSeq }).refused).toMatch(/host name/);
  expect(
    channels.dispatch(
      refs.fleet,
      { type: "x-fleet/egressRefused", server: "a", count: 1, at: "x" },
      { ...origin, clientSeq: 99 },
    ).refused,
  ).toMatch(/Only the host/);
});
