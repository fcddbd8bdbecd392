import { Child } from "../child.ts";
import { compare, interleave, median, percentile } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import type { SessionsCalls } from "./sessionsChild.ts";

/**
 * The same number of actions a second, spread over few sessions and over many, on real channels and a real log. What it
 * costs must not depend on how many sessions there are.
 */
export const growth: Part = async (options) => {
  const few = 10;
  const many = at(options, 10_000, 2_000, 20);
  const spans = { perSecond: 2_000, seconds: at(options, 2, 1, 0.05) };
  const small = new Child<SessionsCalls>(new URL("sessionsChild.ts", import.meta.url), ["--expose-gc"]);
  const large = new Child<SessionsCalls>(new URL("sessionsChild.ts", import.meta.url), ["--expose-gc"]);
  try {
    await small.call("start", { sessions: few });
    const { bytesEach } = await large.call("start", { sessions: many });
    const told = await interleave(
      { small: () => small.call("work", spans), large: () => large.call("work", spans) },
      at(options, 7, 3, 1),
    );
    const cpu = (runs: readonly { readonly cpuUs: number }[]) => runs.map(({ cpuUs }) => cpuUs);
    const slowest = (runs: readonly { readonly ages: readonly number[] }[]) =>
      Math.min(...runs.map(({ ages }) => percentile(ages, 0.99)));
    const commits = (runs: readonly { readonly commits: number }[]) => median(runs.map((run) => run.commits));
    const what = `${spans.perSecond} actions a second over ${many} sessions / over ${few}`;
    return [
      compare(`${what}, us CPU an action`, cpu(told.large), cpu(told.small), { atMost: 1.1 }),
      compare(`${what}, p99 until durable, ms`, slowest(told.large), slowest(told.small), { atMost: 1.3 }),
      compare(`${what}, commits`, commits(told.large), commits(told.small), { atMost: 1.1 }),
      compare(`a session with its channels in memory / 15 KiB, bytes resident`, bytesEach, 15 * 1024, { atMost: 1 }),
    ];
  } finally {
    await Promise.all([small.call("stop"), large.call("stop")]);
    await Promise.all([small.stop(), large.stop()]);
  }
};
