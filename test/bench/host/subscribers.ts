import { Child } from "../child.ts";
import { compare, interleave, type Measure } from "../measure.ts";
import { at, type BenchOptions, type Part } from "../suite.ts";
import { ourReaders, theirReaders, untilAllHeard } from "./readers.ts";
import type { Side, SidesCalls } from "./sidesChild.ts";

/** What the host's process spends to bring an action to 1, 10, 100 and 1,000 readers, beside a bare `ws` server. */
export const subscribers: Part = async (options) => {
  const measures: Measure[] = [];
  for (const count of at(options, [1, 10, 100, 1_000], [1, 10, 100], [1, 3])) {
    measures.push(await fanOutTo(count, options));
  }
  return measures;
};

async function fanOutTo(readerCount: number, options: BenchOptions): Promise<Measure> {
  const count = Math.max(at(options, 200, 100, 5), Math.round(at(options, 20_000, 5_000, 20) / readerCount));
  const child = new Child<SidesCalls>(new URL("sidesChild.ts", import.meta.url));
  const urls = await child.call("start");
  const readers = {
    ours: await ourReaders(urls.ours, urls.terminal, readerCount),
    theirs: await theirReaders(urls.theirs, readerCount),
  };
  const perDelivery = async (side: Side) => {
    const all = untilAllHeard(readers[side], count);
    const { cpuUs } = await child.call("saturated", { side, count, perTick: 50 });
    await all;
    return cpuUs / (count * readerCount);
  };
  try {
    const { ours, theirs } = await interleave(
      { ours: () => perDelivery("ours"), theirs: () => perDelivery("theirs") },
      at(options, 5, 3, 1),
    );
    const what = `fan-out to ${readerCount}, saturated, durable / bare ws, not durable, us CPU a delivery`;
    // One reader pays alone for policy, hash and disk; from ten on the price of an action is shared.
    return compare(what, ours, theirs, { atMost: readerCount === 1 ? 4 : readerCount < 100 ? 1 : 0.35 });
  } finally {
    for (const reader of [...readers.ours, ...readers.theirs]) reader.close();
    await child.call("stop");
    await child.stop();
  }
}
