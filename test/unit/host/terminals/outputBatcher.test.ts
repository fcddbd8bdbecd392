import { describe, expect, it } from "vitest";
import { OutputBatcher } from "../../../../src/host/terminals/outputBatcher.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

function start() {
  const clock = new FakeClock();
  const batches: Buffer[] = [];
  const batcher = new OutputBatcher(clock, (bytes) => batches.push(bytes));
  return { clock, batches, batcher };
}
const piece = (size: number, fill = 1) => Buffer.alloc(size, fill);

describe("the output of a terminal", () => {
  it("is never held while it is calm", async () => {
    const { clock, batches, batcher } = start();
    for (let line = 1; line <= 100; line += 1) {
      batcher.push(piece(100));
      expect(batches.length).toBe(line);
      await clock.advance(1);
    }
  });

  it("leaves in batches when it is a flood, none later than 8 ms", async () => {
    const { clock, batches, batcher } = start();
    for (let read = 0; read < 10; read += 1) batcher.push(piece(4_000));
    expect(batches.map((batch) => batch.length)).toEqual([4_000, 4_000, 4_000, 4_000]);
    await clock.advance(8);
    expect(batches.map((batch) => batch.length).slice(4)).toEqual([24_000]);
  });

  it("does not wait when a batch is full", () => {
    const { batches, batcher } = start();
    for (let read = 0; read < 20; read += 1) batcher.push(piece(4_000));
    expect(batches.at(-1)?.length).toBe(36_000);
  });

  it("keeps every byte in its place, the last ones too", async () => {
    const { clock, batches, batcher } = start();
    const all: Buffer[] = [];
    for (let read = 0; read < 200; read += 1) {
      const bytes = piece((read * 7919) % 4_096, read);
      all.push(bytes);
      batcher.push(bytes);
      if (read % 17 === 0) await clock.advance(1);
    }
    batcher.flush();
    expect(Buffer.concat(batches).equals(Buffer.concat(all))).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
