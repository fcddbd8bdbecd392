import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { ReplayWindow } from "../../../../src/host/channels/replayWindow.ts";

it("lets go of what it drops: large actions do not fill the memory", () => {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("This Node cannot collect its garbage on demand");
  const mebibyte = 1024 * 1024;
  const window = new ReplayWindow({ maxActions: 10_000, maxBytes: mebibyte });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let seq = 1; seq <= 1_000; seq += 1) {
    window.add({ seq, channel: "c", frame: Buffer.alloc(100_000, 65 + (seq % 26)).toString() });
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * mebibyte);
  expect(window.since(990, new Set(["c"]))?.map((entry) => entry.seq)).toEqual([
    991, 992, 993, 994, 995, 996, 997, 998, 999, 1_000,
  ]);
  expect(window.since(1, new Set(["c"]))).toBeUndefined();
});

it("a window that replays little still knows what clients have done of late", () => {
  const window = new ReplayWindow({ maxActions: 3 });
  const action = { channel: "c", actionJson: "{}" };
  const origin = (clientSeq: number) => ({ principal: "owner", clientId: "one", clientSeq });
  for (let seq = 1; seq <= 100; seq++) window.remember(origin(seq), action, { seq });
  expect(window.find(origin(1), action)).toEqual({ seq: 1 });
  for (let seq = 101; seq <= 2_000; seq++) window.remember(origin(seq), action, { seq });
  expect(window.find(origin(1), action)).toBeUndefined();
});
