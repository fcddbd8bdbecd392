import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { Sight } from "../../../../src/host/access/sight.ts";
import { FanOut } from "../../../../src/host/gateway/fanOut.ts";
import type { TerminalState } from "../../../../src/protocol/terminal.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";
import { noOwners, ownersGrant } from "../../../support/access.ts";

const uri = "ahp-terminal:/session/call";
const terminal: TerminalState = { title: "T", content: [], claim: { kind: "session", session: "s" } };

function open(disk = memoryDisk()) {
  const log = new MemoryLog(new FakeClock(), disk);
  return { log, channels: new Channels({ log, logger: silentLogger }) };
}

describe("a channel that is removed", () => {
  it("is not found again in a log that does not know of the removal yet", async () => {
    const { log, channels } = open();
    channels.create(uri, "terminal", terminal);
    await log.flush();
    channels.remove(uri);
    expect(await channels.load(uri)).toBe(false);
    await log.flush();
    expect(await channels.load(uri)).toBe(false);
  });

  it("keeps its address from others, before its end is on disk, after, and over a restart", async () => {
    const disk = memoryDisk();
    const { log, channels } = open(disk);
    expect(await channels.isTaken(uri)).toBe(false);
    channels.create(uri, "terminal", terminal);
    expect(await channels.isTaken(uri)).toBe(true);
    channels.remove(uri);
    expect(await channels.isTaken(uri)).toBe(true);
    await log.flush();
    log.dispose();
    expect(await open(disk).channels.isTaken(uri)).toBe(true);
  });

  it("is not one with the channel that is made under its address later, for whoever followed it", async () => {
    const { log, channels } = open();
    const fanOut = new FanOut(channels);
    const got: Buffer[] = [];
    const reader = {
      principal: "owner",
      clientId: "c",
      dialect: undefined,
      sight: new Sight(ownersGrant, noOwners),
      queuedBytes: 0,
      dispose: () => undefined,
      deliver: (frame: Buffer) => void got.push(frame),
    };
    channels.create(uri, "terminal", terminal);
    fanOut.subscribe(reader, uri, 0);
    channels.dispatch(uri, { type: "terminal/data", data: "the last" });
    channels.remove(uri);
    channels.create(uri, "terminal", terminal);
    channels.dispatch(uri, { type: "terminal/data", data: "new" });
    await log.flush();
    expect(got.map((frame) => frame.toString())).toEqual([expect.stringContaining("the last")]);
  });

  it("is told from it by its end, before that is on disk and after", async () => {
    const { log, channels } = open();
    channels.create(uri, "terminal", terminal);
    await log.flush();
    const seen = channels.lastSeq;
    expect(channels.hasEndedSince(uri, seen)).toBe(false);
    channels.remove(uri);
    channels.create(uri, "terminal", terminal);
    expect(channels.hasEndedSince(uri, seen)).toBe(true);
    await log.flush();
    expect(channels.hasEndedSince(uri, seen)).toBe(true);
    expect(channels.hasEndedSince(uri, channels.lastSeq)).toBe(false);
  });

  it("is told from it after a restart too", async () => {
    const disk = memoryDisk();
    const first = open(disk);
    first.channels.create(uri, "terminal", terminal);
    first.channels.remove(uri);
    first.channels.create(uri, "terminal", terminal);
    await first.log.close();
    const { channels } = open(disk);
    await channels.recover();
    expect(channels.hasEndedSince(uri, 1)).toBe(true);
    expect(channels.hasEndedSince(uri, 3)).toBe(false);
  });
});
