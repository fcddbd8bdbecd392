import { describe, expect, it } from "vitest";
import { acpStream } from "../../../../../src/host/providers/acp/acpStream.ts";
import { AgentLog } from "../../../../../src/host/providers/acp/agentLog.ts";
import { OutputFlow } from "../../../../../src/host/providers/acp/outputFlow.ts";
import { Silence } from "../../../../../src/host/providers/acp/silence.ts";
import { FakeClock } from "../../../../support/fakeClock.ts";

describe("silence", () => {
  function watch(isWaiting = () => false) {
    const clock = new FakeClock();
    const told: string[] = [];
    const silence = new Silence(clock, 60_000, {
      silent: () => told.push("silent"),
      heard: () => told.push("heard"),
      isExcused: isWaiting,
    });
    return { clock, told, silence };
  }

  it("DUR-10 is as long as it is, whatever the wall clock is set to", async () => {
    const { clock, told, silence } = watch();
    await clock.advance(30_000);
    clock.setForward(10 * 365 * 24 * 3_600_000);
    await clock.advance(29_000);
    expect(told).toEqual([]);
    clock.setForward(-20 * 365 * 24 * 3_600_000);
    await clock.advance(1_000);
    expect(told).toEqual(["silent"]);
    silence.dispose();
  });

  it("is told once, and so is its end", async () => {
    const { clock, told, silence } = watch();
    await clock.advance(50_000);
    silence.heard();
    await clock.advance(50_000);
    expect(told).toEqual([]);
    await clock.advance(300_000);
    expect(told).toEqual(["silent"]);
    silence.heard();
    silence.heard();
    expect(told).toEqual(["silent", "heard"]);
    await clock.advance(120_000);
    expect(told).toEqual(["silent", "heard", "silent"]);
    silence.dispose();
    expect(told.at(-1)).toBe("heard");
    expect(clock.pending).toBe(0);
  });

  it("does not count while a person is asked", async () => {
    let isAsked = true;
    const { clock, told } = watch(() => isAsked);
    await clock.advance(600_000);
    expect(told).toEqual([]);
    isAsked = false;
    await clock.advance(60_000);
    expect(told).toEqual(["silent"]);
  });
});

describe("the agent's log", () => {
  it("is told in pieces, by whole lines, without keys", async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const log = new AgentLog(clock, ["hunter2-secret"], (data) => told.push(data));
    log.write("star");
    log.write("ted\nkey hunter2-");
    log.write("secret\n\u001b[31mred\u001b[0m\r\nlast");
    expect(told).toEqual([]);
    await clock.advance(250);
    expect(told).toEqual(["started\r\nkey ***\r\nred\r\n"]);
    log.flush();
    expect(told.at(-1)).toBe("last\r\n");
  });

  it("is bounded", async () => {
    const clock = new FakeClock();
    let length = 0;
    let end = "";
    const log = new AgentLog(clock, [], (data) => {
      length += data.length;
      end = data;
    });
    for (let line = 0; line < 5_000; line += 1) log.write(`${"x".repeat(200)}\n`);
    log.flush();
    expect(length).toBeLessThan(300_000);
    expect(end).toContain("the rest of this log is not kept");
  });
});

describe("the agent's output", () => {
  async function read(chunks: readonly string[], maxBytes = 1_000) {
    const garbage: string[] = [];
    const oversize: number[] = [];
    const output = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    const faults = {
      onGarbage: (line: string) => garbage.push(line),
      onOversize: (limit: number) => oversize.push(limit),
      onLeftOut: () => expect.unreachable(),
      onFlood: () => expect.unreachable(),
    };
    const flow = new OutputFlow(new FakeClock());
    const streams = { input: new WritableStream<Uint8Array>(), output };
    const messages: unknown[] = [];
    for await (const message of acpStream(streams, maxBytes, faults, flow).readable) {
      messages.push(message);
    }
    return { messages, garbage, oversize };
  }

  it("is taken apart by lines, in whatever pieces they come; what is no message is told", async () => {
    const { messages, garbage } = await read(["Wel", 'come!\n{"a"', ':1}\r\n\n[1]\n{"b":', '"ä"}\n{broken\n{"c":3}']);
    expect(messages).toEqual([{ a: 1 }, { b: "ä" }, { c: 3 }]);
    expect(garbage).toEqual(["Welcome!", "[1]", "{broken"]);
  });

  it("ends at a message that is too long", async () => {
    const { messages, oversize } = await read([
      '{"a":1}\n',
      `{"b":"${"x".repeat(600)}`,
      "x".repeat(600),
      '"}\n{"c":3}\n',
    ]);
    expect(messages).toEqual([{ a: 1 }]);
    expect(oversize).toEqual([1_000]);
  });
});
