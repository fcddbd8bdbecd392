import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels, type CommittedAction } from "../../../../src/host/channels/channels.ts";
import { HostTerminal } from "../../../../src/host/terminals/hostTerminal.ts";
import { reduce } from "../../../../src/protocol/reduce.ts";
import type { TerminalState } from "../../../../src/protocol/terminal.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { FakePty } from "../../../support/fakePty.ts";
import { MemoryLog } from "../../../support/memoryLog.ts";

const uri = "ahp-terminal:/s/1";
const first: TerminalState = {
  title: "bash",
  content: [],
  lifecycle: { status: "running" },
  claim: { kind: "session", session: "ahp-session:/s" },
  isPty: true,
};
const mebibyte = 1024 * 1024;

function open(options: { readonly max?: number; readonly isNamed?: boolean } = {}) {
  const clock = new FakeClock();
  const log = new MemoryLog(clock);
  const channels = new Channels({ log, logger: silentLogger });
  const committed: CommittedAction[] = [];
  channels.onCommitted((batch) => committed.push(...batch));
  channels.create(uri, "terminal", first);
  const readers = { backlog: 0 };
  const changes = { count: 0 };
  const { max = 100_000, isNamed = false } = options;
  const terminal = new HostTerminal(uri, isNamed, {
    channels,
    clock,
    backlogOf: () => readers.backlog,
    onChanged: () => (changes.count += 1),
    scrollback: { max, kept: Math.floor(max / 4) },
  });
  const plan = { file: "sh", args: [], env: {}, cwd: "/" };
  const pty = new FakePty({ plan, marker: "m", cols: 80, rows: 24 }, terminal);
  terminal.attach(pty);
  const state = () => channels.state("terminal", uri);
  const shown = () =>
    state()
      ?.content.map((part) => (part.type === "unclassified" ? part.value : ""))
      .join("");
  return { clock, log, channels, committed, terminal, pty, readers, changes, state, shown };
}

describe("a terminal's channel", () => {
  it("puts characters together again that were split between two reads", () => {
    const bytes = Buffer.from("naïve 😀 café\r\n");
    for (let at = 1; at < bytes.length; at += 1) {
      const { pty, shown } = open();
      pty.print(bytes.subarray(0, at));
      pty.print(bytes.subarray(at));
      expect(shown()).toBe("naïve 😀 café\r\n");
    }
  });

  it("shows what can be shown of bytes that are no text", () => {
    const { pty, shown } = open();
    pty.print(Buffer.from([0x61, 0xff, 0x62, 0xe2, 0x82]));
    pty.exit(0);
    expect(shown()).toBe("a\ufffdb\ufffd");
  });

  it("stays within its bound, and everybody who folds it sees the same", async () => {
    const { pty, log, committed, shown, state } = open({ max: 1_000 });
    for (let line = 1; line <= 500; line += 1) pty.print(`line ${line}\r\n`);
    await log.flush();
    expect(shown()?.length).toBeLessThanOrEqual(1_100);
    const note = "\x1b[0m\x1b[2m[earlier output was left out]\x1b[0m\r\n";
    expect(shown()?.startsWith(note)).toBe(true);
    expect(shown()?.slice(note.length)).toMatch(/^line \d+\r\n/);
    expect(shown()?.endsWith("line 499\r\nline 500\r\n")).toBe(true);
    const folded = committed.reduce((before, { action }) => reduce("terminal", before, action), first);
    expect(folded).toEqual(state());
    const lines = new Set(
      committed.flatMap(({ action }) => (action.type === "terminal/data" ? action.data.split("\r\n") : [])),
    );
    for (let line = 1; line <= 500; line += 1) expect(lines).toContain(`line ${line}`);
  });

  it("sends little twice, whatever the amount: at most half as much again", () => {
    const { pty, log, committed } = open({ max: 1_000 });
    for (let line = 0; line < 5_000; line += 1) pty.print("0123456789\r\n");
    return log.flush().then(() => {
      const told = committed.reduce(
        (sum, { action }) => sum + (action.type === "terminal/data" ? action.data.length : 0),
        0,
      );
      expect(told).toBeLessThan(5_000 * 12 * 1.5);
    });
  });

  it("says how the shell ended", () => {
    const { pty, state, changes } = open();
    pty.exit(3);
    expect(state()?.lifecycle).toEqual({ status: "exited", exitCode: 3 });
    expect(changes.count).toBe(1);
  });

  it("takes its title and directory from the programs, at most a few times a second", async () => {
    const { pty, clock, committed, state, log } = open();
    for (let step = 0; step < 50; step += 1) pty.print(`\x1b]0;step ${step}\x07\x1b]7;file://box/work/a b${step}\x07`);
    await clock.advance(200);
    expect(state()).toMatchObject({ title: "step 49", cwd: "file:///work/a%20b49" });
    await log.flush();
    expect(committed.filter(({ action }) => action.type === "terminal/titleChanged")).toHaveLength(1);
  });

  it("keeps a title that a person has chosen", async () => {
    const { pty, clock, state } = open({ isNamed: true });
    pty.print("\x1b]0;bash\x07\x1b]7;file://box/work\x07");
    await clock.advance(200);
    expect(state()).toMatchObject({ title: "bash", cwd: "file:///work" });
    const other = open();
    other.terminal.named();
    other.pty.print("\x1b]0;sleep\x07");
    await other.clock.advance(200);
    expect(other.state()?.title).toBe("bash");
  });

  it("loses and doubles nothing, whatever the pieces", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { maxLength: 8 }),
        fc.integer({ min: 3, max: 30 }),
        (texts, size) => {
          const { pty, shown } = open();
          const bytes = Buffer.from(texts.join("").toWellFormed());
          for (let at = 0; at < bytes.length; at += size) pty.print(bytes.subarray(at, at + size));
          pty.exit();
          expect(shown()).toBe(bytes.toString());
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("a flood", () => {
  const piece = "x".repeat(64 * 1024);

  it("is acknowledged when it is on disk, and not before", async () => {
    const { pty, log } = open();
    pty.print(piece);
    pty.print(piece);
    expect(pty.unacknowledged).toBe(2 * piece.length);
    await log.flush();
    expect(pty.unacknowledged).toBe(0);
  });

  it("is acknowledged in large steps, so that a calm terminal costs nothing", async () => {
    const { pty, log } = open();
    pty.print("$ ");
    await log.flush();
    expect(pty.unacknowledged).toBe(2);
    pty.print(piece);
    await log.flush();
    expect(pty.unacknowledged).toBe(0);
  });

  it("waits for a slow reader, and goes on when that has caught up", async () => {
    const { pty, readers, log, clock } = open();
    readers.backlog = mebibyte;
    pty.print(piece);
    await log.flush();
    await clock.advance(100);
    expect(pty.unacknowledged).toBe(piece.length);
    readers.backlog = 0;
    await clock.advance(5);
    expect(pty.unacknowledged).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("does not wait for a reader that stands still, until it moves again", async () => {
    const { pty, readers, log, clock } = open();
    readers.backlog = mebibyte;
    pty.print(piece);
    await log.flush();
    await clock.advance(1_990);
    expect(pty.unacknowledged).toBe(piece.length);
    await clock.advance(20);
    expect(pty.unacknowledged).toBe(0);
    pty.print(piece);
    await log.flush();
    expect(pty.unacknowledged).toBe(0);
    readers.backlog = 0;
    pty.print(piece);
    await log.flush();
    readers.backlog = mebibyte;
    pty.print(piece);
    await log.flush();
    expect(pty.unacknowledged).toBe(piece.length);
  });

  it("is patient with a reader that moves", async () => {
    const { pty, readers, log, clock } = open();
    readers.backlog = 8 * mebibyte;
    pty.print(piece);
    await log.flush();
    for (let second = 0; second < 6; second += 1) {
      await clock.advance(1_000);
      readers.backlog -= mebibyte;
      expect(pty.unacknowledged).toBe(piece.length);
    }
  });

  it("leaves no timer behind when it ends", async () => {
    const { pty, readers, log, clock } = open();
    readers.backlog = 2 * mebibyte;
    pty.print(`\x1b]0;title\x07${piece}`);
    await log.flush();
    pty.exit(0);
    expect(clock.pending).toBe(0);
  });
});
