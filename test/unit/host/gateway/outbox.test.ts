import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { Outbox } from "../../../../src/host/gateway/outbox.ts";
import { settle } from "../../../support/fakeClock.ts";

/** A socket whose other end takes nothing until it is told to. */
class SlowSocket extends Duplex {
  readonly #taken: (() => void)[] = [];
  written = 0;

  override _read(): void {
    // Nothing comes from there.
  }

  override _write(frame: Buffer, _encoding: string, onWritten: () => void): void {
    this.written += frame.length;
    this.#taken.push(onWritten);
  }

  async takeAll(): Promise<void> {
    while (this.#taken.length > 0) {
      this.#taken.shift()?.();
      await settle();
    }
  }
}

function scene(maxQueuedBytes: number) {
  const socket = new SlowSocket();
  let overflows = 0;
  const outbox = new Outbox(socket, { maxQueuedBytes, onOverflow: () => overflows++ });
  const send = async (...sizes: number[]) => {
    for (const size of sizes) outbox.push(Buffer.alloc(size));
    await settle();
  };
  return { socket, send, overflows: () => overflows };
}

describe("what waits for a slow reader", () => {
  it("is cut off beyond the limit, once", async () => {
    const { send, overflows } = scene(1_000);
    for (let count = 0; count < 14; count++) await send(100);
    expect(overflows()).toBe(1);
    await send(100);
    expect(overflows()).toBe(1);
  });

  it("may hold one message larger than the limit, and as much as ever behind it", async () => {
    const { socket, send, overflows } = scene(1_000);
    await send(50_000);
    for (let count = 0; count < 9; count++) await send(100);
    expect(overflows()).toBe(0);
    await socket.takeAll();
    expect(socket.written).toBe(50_900);
  });

  it("counts the large message no longer when it has been taken", async () => {
    const { socket, send, overflows } = scene(1_000);
    await send(50_000);
    await socket.takeAll();
    for (let count = 0; count < 14; count++) await send(100);
    expect(overflows()).toBe(1);
  });
});
