import { expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { RestingChannels } from "../../../../src/host/channels/restingChannels.ts";
import { mayRest } from "../../../../src/host/sessions/restRules.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import { branchChangesetUri, chatUri, terminalUri, turnChangesetUri } from "../../../../src/protocol/uris.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";

const minute = 60_000;
const session = "ahp-session:/s-1";
const uri = chatUri(session);
const chat: ChatState = { resource: uri, title: "C", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [] };
const draft = (text: string) => ({ type: "chat/draftChanged", draft: { text, origin: { kind: "user" } } }) as const;

function open() {
  const clock = new FakeClock();
  const log = new MemoryLog(clock, memoryDisk());
  const channels = new Channels({ log, logger: silentLogger, elapsed: () => clock.elapsed() });
  channels.create(uri, "chat", chat);
  channels.dispatch(uri, draft("half a thought"));
  return { clock, log, channels };
}

it("leave the memory when nobody uses them, and come back as they were", async () => {
  const { clock, log, channels } = open();
  let isWatched = true;
  const resting = new RestingChannels({ channels, clock, idleMs: 10 * minute, mayRest: () => !isWatched });
  resting.start();
  const state = channels.state("chat", uri);
  await log.flush();
  await clock.advance(60 * minute);
  expect(channels.isLoaded(uri)).toBe(true);
  isWatched = false;
  await clock.advance(2 * minute);
  expect(channels.isLoaded(uri)).toBe(false);
  expect(await channels.load(uri)).toBe(true);
  expect(channels.state("chat", uri)).toEqual(state);
  // Whoever asked for it has time to use it.
  await clock.advance(9 * minute);
  expect(channels.isLoaded(uri)).toBe(true);
  channels.dispatch(uri, draft("a whole one"));
  await log.flush();
  await clock.advance(9 * minute);
  expect(channels.isLoaded(uri)).toBe(true);
  await clock.advance(3 * minute);
  expect(channels.isLoaded(uri)).toBe(false);
  await channels.load(uri);
  expect(channels.state("chat", uri)?.draft?.text).toBe("a whole one");
  resting.dispose();
  expect(clock.pending).toBe(0);
});

it("stay as long as something of them is not on disk", async () => {
  const { clock, log, channels } = open();
  await log.flush();
  channels.dispatch(uri, draft("not on disk"));
  channels.rest(-1, () => true);
  expect(channels.isLoaded(uri)).toBe(true);
  await log.flush();
  channels.rest(-1, () => true);
  expect(channels.isLoaded(uri)).toBe(false);
  await clock.advance(0);
});

it("are those that only a session at rest has", () => {
  const terminal = terminalUri("s-1", "call-1");
  const own = terminalUri("s-1", "my-shell");
  const channels: Pick<Channels, "state"> = {
    state: (kind) =>
      (kind === "root" ? { agents: [], terminals: [{ resource: own, title: "", claim: {} }] } : undefined) as never,
  };
  let isAtRest = true;
  const found = {
    idOf: (channel: string) => (channel === session ? "s-1" : undefined),
    isAtRest: (id: string) => (id === "s-1" ? isAtRest : undefined),
  };
  const may = (of: string, kind: Parameters<typeof mayRest>[3]) => mayRest(channels, found, of, kind);
  const all = () => [may(uri, "chat"), may(turnChangesetUri(session, "t1"), "changeset"), may(terminal, "terminal")];
  expect(all()).toEqual([true, true, true]);
  expect([
    may(branchChangesetUri(session), "changeset"),
    may(own, "terminal"),
    may(session, "session"),
    may("x-fleet-session:/s-1", "fleetSession"),
    may(chatUri("ahp-session:/draft"), "chat"),
  ]).toEqual([false, false, false, false, false]);
  isAtRest = false;
  expect(all()).toEqual([false, false, false]);
});

it("leave a few at a time when many may, and soon all have", async () => {
  const { clock, log, channels } = open();
  const others = Array.from({ length: 40 }, (_, index) => chatUri(`ahp-session:/other-${index}`));
  for (const other of others) channels.create(other, "chat", { ...chat, resource: other, title: "x".repeat(50_000) });
  await log.flush();
  const loaded = () => others.filter((other) => channels.isLoaded(other)).length;
  const resting = new RestingChannels({ channels, clock, idleMs: minute, mayRest: () => true });
  resting.start();
  await clock.advance(minute);
  expect(loaded()).toBeGreaterThan(20);
  await clock.advance(2_000);
  expect(loaded()).toBe(0);
  resting.dispose();
});
