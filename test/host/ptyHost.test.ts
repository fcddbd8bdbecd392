import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { markedProcesses } from "../../src/host/offspring.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import type { Pty } from "../../src/host/terminals/pty.ts";
import { PtyHostClient } from "../../src/host/terminals/ptyHostClient.ts";

const spawner = new PtyHostClient({ logger: silentLogger, clock: systemClock });
afterEach(() => spawner.stop());

/** A shell script on a real pseudo-terminal, and what it wrote. */
async function run(script: string, { isRead = true } = {}) {
  const marker = randomUUID();
  const exited = Promise.withResolvers<number | undefined>();
  const pieces: Buffer[] = [];
  let waiter: { readonly pieces: number; readonly resolve: () => void } | undefined;
  /** Until so many more pieces of output have come. */
  const untilPieces = (more: number) =>
    new Promise<void>((resolve) => (waiter = { pieces: pieces.length + more, resolve }));
  const heard = untilPieces(1);
  const events = {
    data: (bytes: Buffer) => {
      pieces.push(bytes);
      if (isRead) pty.acknowledge(bytes.length);
      if (waiter && pieces.length >= waiter.pieces) waiter.resolve();
    },
    exited: exited.resolve,
  };
  const env = { PATH: "/usr/bin:/bin" };
  const plan = { file: "/bin/sh", args: ["-c", script], env, cwd: "/" };
  const pty: Pty = await spawner.spawn({ plan, marker, cols: 80, rows: 24 }, events);
  /** From here on it is read, and what nobody has read yet is. */
  const read = () => {
    isRead = true;
    pty.acknowledge(pieces.reduce((sum, piece) => sum + piece.length, 0));
  };
  return {
    pty,
    marker,
    exited: exited.promise,
    heard,
    untilPieces,
    read,
    text: () => Buffer.concat(pieces).toString(),
  };
}

const numbers = (to: number) => Array.from({ length: to }, (_, index) => `${index + 1}\r\n`).join("");

describe("the process that holds the terminals", () => {
  it("gives a program the terminal, its size and its environment, and tells its code", async () => {
    const { exited, text } = await run("tty -s && stty size; echo $PATH; exit 3");
    expect(await exited).toBe(3);
    expect(text()).toBe("24 80\r\n/usr/bin:/bin\r\n");
  });

  it("tells a signal as shells do", async () => {
    const { exited } = await run("kill -TERM $$");
    expect(await exited).toBe(128 + 15);
  });

  it("loses nothing while nobody wants to read, though the program ends meanwhile", async () => {
    const { exited, text } = await run("seq 1 60000; exit 4", { isRead: false });
    expect(await exited).toBe(4);
    expect(text()).toBe(numbers(60_000));
  });

  it("keeps a program waiting that writes on while nobody wants to read", async () => {
    const { exited, untilPieces, read, text } = await run("seq 1 1000000", { isRead: false });
    await untilPieces(40);
    expect(text().length).toBeLessThan(1_000_000);
    read();
    await exited;
    expect(text()).toBe(numbers(1_000_000));
  });

  it("passes on all of a long input, as fast as the program reads", async () => {
    const { pty, exited, heard, text } = await run("stty raw -echo; echo ready; sleep 0.2; head -c 300000 | wc -c");
    await heard;
    pty.write("x".repeat(299_997));
    pty.write("€");
    expect(await exited).toBe(0);
    expect(text()).toMatch(/^ready\r?\n\s*300000\r?\n$/);
  });

  it("leaves nothing of a terminal that ends, whatever it started", async () => {
    const { pty, marker, heard, exited } = await run("trap '' HUP TERM; setsid sleep 1005 & echo; sleep 1006");
    await heard;
    await pty.end();
    await exited;
    expect(await markedProcesses(marker)).toEqual([]);
  });

  it("is started again when it was killed, and what it held is over and gone", async () => {
    const { pty, marker, exited, heard } = await run("trap '' HUP TERM; setsid sleep 1007 & echo $PPID; sleep 1008");
    await heard;
    const [first = 0] = await markedProcesses(marker);
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${first}/status`, "utf8"))?.[1]);
    process.kill(parent, "SIGKILL");
    expect(await exited).toBeUndefined();
    await pty.end();
    expect(await markedProcesses(marker)).toEqual([]);
    const next = await run("exit 6");
    expect(await next.exited).toBe(6);
  });
});
