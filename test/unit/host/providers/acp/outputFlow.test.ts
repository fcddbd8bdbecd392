import { describe, expect, it } from "vitest";
import { defaultFlow, leftOutInWords, OutputFlow } from "../../../../../src/host/providers/acp/outputFlow.ts";
import { FakeClock } from "../../../../support/fakeClock.ts";

function aFlow(limits: Partial<typeof defaultFlow> = {}) {
  const clock = new FakeClock();
  const flow = new OutputFlow(clock, { ...defaultFlow, ...limits });
  flow.beginTurn();
  return { clock, flow };
}

function message(sessionUpdate: string, rest: object): Buffer {
  const update = { sessionUpdate, ...rest };
  return Buffer.from(JSON.stringify({ jsonrpc: "2.0", method: "session/update", params: { sessionId: "s", update } }));
}

const said = (text: string) => message("agent_message_chunk", { content: { type: "text", text } });
const page = said(`${"x".repeat(79)}\n`.repeat(100));

describe("what an agent writes", () => {
  it("passes as long as it is no more than a person could want", async () => {
    const { clock, flow } = aFlow();
    for (let piece = 0; piece < 5_000; piece += 1) {
      expect(flow.leavesOut(said("a few words "))).toBe(false);
      await clock.advance(5);
    }
    expect(flow.takeLeftOut()).toBeUndefined();
  });

  it("is left out beyond the allowance, and every line is counted", () => {
    const { flow } = aFlow();
    let passed = 0;
    for (let piece = 0; piece < 1_000; piece += 1) if (!flow.leavesOut(page)) passed += 1;
    expect(passed * page.length).toBeLessThanOrEqual(defaultFlow.burstBytes);
    const tail = flow.takeTail();
    expect(tail).toEqual([page, page, page]);
    const leftOut = 1_000 - passed - tail.length;
    expect(flow.takeLeftOut()).toEqual({ lines: leftOut * 100, bytes: leftOut * page.length });
    expect(flow.takeLeftOut()).toBeUndefined();
  });

  it("passes again once it calms down, in stretches and not piece by piece", async () => {
    const { clock, flow } = aFlow();
    while (!flow.leavesOut(page)) {
      // Uses up the allowance.
    }
    await clock.advance(1_000);
    expect(flow.leavesOut(page)).toBe(true);
    await clock.advance(4_000);
    const stretch = Array.from({ length: 10 }, () => flow.leavesOut(page));
    expect(stretch).toEqual(stretch.map(() => false));
  });

  it("keeps the end of what was left out, but not so often that it were a flood again", () => {
    const { flow } = aFlow({ burstBytes: 0 });
    expect(flow.leavesOut(said("the last words"))).toBe(true);
    expect(flow.takeTail()).toEqual([said("the last words")]);
    expect([flow.takeTail(), flow.takeLeftOut()]).toEqual([[], undefined]);
    let told = 0;
    for (let piece = 0; piece < 1_000; piece += 1) {
      flow.leavesOut(page);
      told += flow.takeTail().length * page.length;
    }
    expect(told).toBeLessThan(1.1 * 1024 * 1024);
    expect(flow.takeLeftOut()?.lines).toBe((1_000 - told / page.length) * 100);
  });

  it("is bounded in all, however long a turn lasts", async () => {
    const { clock, flow } = aFlow();
    let passed = 0;
    for (let second = 0; second < 2_000; second += 1) {
      for (let piece = 0; piece < 10; piece += 1) if (!flow.leavesOut(page)) passed += page.length;
      await clock.advance(1_000);
    }
    expect(passed).toBeLessThanOrEqual(defaultFlow.bytesPerTurn);
    flow.beginTurn();
    expect(flow.leavesOut(page)).toBe(false);
  });

  it("always passes when it is more than text", () => {
    const { flow } = aFlow({ burstBytes: 0 });
    const call = { toolCallId: "1", title: 'say "agent_message_chunk"', status: "completed" };
    expect(flow.leavesOut(said("text"))).toBe(true);
    expect(flow.leavesOut(message("tool_call_update", { ...call, status: "in_progress" }))).toBe(true);
    expect(flow.leavesOut(message("tool_call_update", call))).toBe(false);
    expect(flow.leavesOut(message("tool_call", call))).toBe(false);
    expect(flow.leavesOut(Buffer.from('{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}'))).toBe(false);
  });

  it("is neither taken in nor counted while a history is replayed", () => {
    const { flow } = aFlow();
    flow.endTurn();
    expect(flow.leavesOut(page)).toBe(true);
    flow.beginTurn();
    expect([flow.leavesOut(page), flow.takeLeftOut()]).toEqual([false, undefined]);
  });

  it("is read no faster than the host can bear", async () => {
    const { clock, flow } = aFlow();
    const startedAt = clock.elapsed();
    const reader = { isDone: false };
    const reading = (async () => {
      for (let mebibytes = 0; mebibytes < 36; mebibytes += 1) await flow.ready(1024 * 1024, 10);
      reader.isDone = true;
    })();
    while (!reader.isDone) await clock.advance(50);
    await reading;
    // 4 MiB at once, then 16 MiB in a second.
    expect(clock.elapsed() - startedAt).toBeGreaterThanOrEqual(2_000);
    expect(clock.elapsed() - startedAt).toBeLessThan(4_500);
  });

  it("ends the agent when it is too much even so", () => {
    const { flow } = aFlow({ takenBytesPerTurn: 1_000 });
    expect([flow.takesIn(600), flow.takesIn(600)]).toEqual([true, false]);
  });
});

it("is told in lines, or in bytes when there are none", () => {
  expect(leftOutInWords({ lines: 1_234_567, bytes: 5 })).toBe("… 1,234,567 lines left out");
  expect(leftOutInWords({ lines: 0, bytes: 1 })).toBe("… 1 byte left out");
});
