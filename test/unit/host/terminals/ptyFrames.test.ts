import * as fc from "fast-check";
import { expect, it } from "vitest";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader } from "../../../../src/host/terminals/ptyFrames.ts";

it("reads frames as they were written, whatever the pieces in which they come", () => {
  const frame = fc.record({
    kind: fc.constantFrom(...Object.values(FRAME)),
    terminal: fc.nat(0xff_ff_ff_ff),
    payload: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(30), { maxLength: 60 }), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(({ kind, terminal, payload }) => encodeFrame(kind, terminal, payload)));
      const reader = new FrameReader();
      const read = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        for (const { kind, terminal, payload } of reader.read(bytes.subarray(at, at + cut))) {
          read.push({ kind, terminal, payload: Buffer.from(payload) });
        }
        at = Math.min(bytes.length, at + cut);
      }
      expect(read).toEqual(frames);
    }),
  );
});

it("carries JSON", () => {
  const [frame] = new FrameReader().read(encodeJsonFrame(FRAME.resize, 7, { cols: 80, rows: 24 }));
  expect(frame).toMatchObject({ kind: FRAME.resize, terminal: 7 });
  expect(JSON.parse(frame?.payload.toString() ?? "")).toEqual({ cols: 80, rows: 24 });
});
