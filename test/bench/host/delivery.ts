import { Child } from "../child.ts";
import { compare, interleave, percentile } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { ourReaders, type Reader, theirReaders, untilAllHeard } from "./readers.ts";
import type { Side, SidesCalls } from "./sidesChild.ts";

const perSecond = 2_000;

/**
 * From an action to its receipt by ten readers, ours on disk before it is sent, beside a bare `ws` server that stores
 * nothing and sends every message to every reader.
 */
export const delivery: Part = async (options) => {
  const readerCount = at(options, 10, 10, 2);
  const seconds = at(options, 2, 1, 0.05);
  const many = at(options, 20_000, 5_000, 100);
  const child = new Child<SidesCalls>(new URL("sidesChild.ts", import.meta.url));
  const readers: Record<Side, Reader[]> = { ours: [], theirs: [] };
  try {
    const urls = await child.call("start");
    readers.ours = await ourReaders(urls.ours, urls.terminal, readerCount);
    readers.theirs = await theirReaders(urls.theirs, readerCount);
    const ages = async (side: Side) => {
      const taken: number[] = [];
      const all = untilAllHeard(readers[side], perSecond * seconds, (age) => taken.push(age));
      await child.call("steadily", { side, perSecond, seconds });
      await all;
      return { p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) };
    };
    const rate = async (side: Side) => {
      const startedAt = performance.now();
      const all = untilAllHeard(readers[side], many);
      await child.call("saturated", { side, count: many, perTick: 50 });
      await all;
      return (many / (performance.now() - startedAt)) * 1000;
    };
    const rounds = at(options, 5, 3, 1);
    const steady = await interleave({ ours: () => ages("ours"), theirs: () => ages("theirs") }, rounds);
    const full = await interleave({ ours: () => rate("ours"), theirs: () => rate("theirs") }, rounds);
    const all = (side: Side, which: "p50" | "p99") => steady[side].map((told) => told[which]);
    const what = (which: string) =>
      `${perSecond} actions a second to ${readerCount}: ${which} until received / bare ws, not durable, ms`;
    return [
      compare(what("p50"), all("ours", "p50"), all("theirs", "p50"), { atMost: 2 }),
      // The best round of each: a pause of the machine says nothing of either.
      compare(what("p99"), Math.min(...all("ours", "p99")), Math.min(...all("theirs", "p99")), { atMost: 2.5 }),
      compare(
        `actions to ${readerCount}, saturated, durable / bare ws, not durable, a second`,
        full.ours,
        full.theirs,
        { atLeast: 3 },
      ),
    ];
  } finally {
    for (const reader of [...readers.ours, ...readers.theirs]) reader.close();
    await child.call("stop");
    await child.stop();
  }
};
