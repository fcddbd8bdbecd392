import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { Retention } from "../../../../src/host/channels/retention.ts";
import { ReplayWindow } from "../../../../src/host/channels/replayWindow.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";

const day = 24 * 60 * 60 * 1_000;
const chat: ChatState = { resource: "c", title: "C", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [] };
const [over, live] = ["ahp-chat://default/b3Zlcg", "ahp-chat://default/bGl2ZQ"];

function open(disk = memoryDisk()) {
  const clock = new FakeClock();
  const log = new MemoryLog(clock, disk);
  const channels = new Channels({ log, logger: silentLogger });
  const retention = new Retention({ log, channels, clock, logger: silentLogger, disposedMs: 30 * day });
  return { clock, disk, log, channels, retention };
}

describe("retention", () => {
  it("PRI-4: deletes what was disposed of, after its time and nothing else", async () => {
    const { clock, log, channels, retention } = open();
    for (const uri of [over, live]) channels.create(uri, "chat", chat);
    channels.remove(over);
    await log.flush();
    await clock.advance(29 * day);
    expect(await retention.sweep()).toBe(0);
    await clock.advance(2 * day);
    expect(await retention.sweep()).toBe(1);
    expect(await log.channels()).toEqual([live]);
    expect(await log.verify()).toMatchObject({ records: 1, removed: 2 });
  });

  it("leaves a channel that was made again under the same address", async () => {
    const { clock, log, channels, retention } = open();
    channels.create(over, "chat", chat);
    channels.remove(over);
    channels.create(over, "chat", chat);
    await log.flush();
    await clock.advance(31 * day);
    expect(await retention.sweep()).toBe(0);
  });

  it("DUR-10: deletes nothing right after the clock was set forward, so that a wrong clock can be put right", async () => {
    const { clock, log, channels, retention } = open();
    channels.create(over, "chat", chat);
    channels.remove(over);
    await log.flush();
    expect(await retention.sweep()).toBe(0);
    clock.setForward(3_650 * day);
    expect(await retention.sweep()).toBe(0);
    clock.setForward(-3_650 * day);
    expect(await retention.sweep()).toBe(0);
    expect(await retention.sweep()).toBe(0);
    expect(await log.channels()).toEqual([over]);
  });

  it("sweeps every hour until it is disposed of", async () => {
    const { clock, log, channels, retention } = open();
    channels.create(over, "chat", chat);
    channels.remove(over);
    await log.flush();
    retention.start();
    await clock.advance(29 * day);
    expect(await log.channels()).toEqual([over]);
    await clock.advance(2 * day);
    expect(await log.channels()).toEqual([]);
    retention.dispose();
    expect(clock.pending).toBe(0);
  });
});

describe("a terminal's records", () => {
  const uri = "ahp-terminal:/s/t";
  const output = { type: "terminal/data", data: "y\n".repeat(20_000) } as const;
  const state = { title: "t", content: [], claim: { kind: "client", clientId: "c" } } as const;

  it("are bounded however much it says, and its state is whole after a restart", async () => {
    const first = open();
    first.channels.create(uri, "terminal", { ...state, content: [] });
    for (let count = 0; count < 200; count += 1) {
      first.channels.dispatch(uri, output);
      await first.log.flush();
    }
    const kept = first.disk.records.reduce((sum, record) => sum + record.body.length, 0);
    const said = 200 * output.data.length;
    const size = JSON.stringify(first.channels.state("terminal", uri)).length;
    expect(kept).toBeLessThan(Math.max(said / 3, 6 * size));
    expect(await first.log.verify()).not.toHaveProperty("problem");
    const shown = first.channels.state("terminal", uri);
    await first.log.close();
    const again = open(first.disk);
    await again.channels.load(uri);
    expect(again.channels.state("terminal", uri)).toEqual(shown);
  });
});

it("a replay that would have a gap is no replay, for those who watch that channel alone", () => {
  const window = new ReplayWindow();
  window.loseUntil(5, "terminal");
  for (const [seq, channel] of [
    [4, "chat"],
    [6, "terminal"],
  ] as const)
    window.add({ seq, channel, frame: "{}" });
  expect(window.since(3, new Set(["chat"]))).toHaveLength(1);
  expect(window.since(3, new Set(["chat", "terminal"]))).toBeUndefined();
  expect(window.since(5, new Set(["chat", "terminal"]))).toHaveLength(1);
});
