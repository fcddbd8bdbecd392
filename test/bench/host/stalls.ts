import { Child } from "../child.ts";
import { compare } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import type { StallsCalls } from "./stallsChild.ts";

/** From here on a person notices that an answer is late. */
const noticedMs = 50;

/**
 * For how long what a host does now and then for all of its data keeps it from answering anybody, in CPU: on the data of
 * many sessions, one of them with a conversation as long as a thousand others.
 */
export const stalls: Part = async (options) => {
  const sessions = at(options, 10_000, 1_000, 10);
  const actions = at(options, 100, 100, 10);
  const long = at(options, 100_000, 20_000, 200);
  const child = new Child<StallsCalls>(new URL("stallsChild.ts", import.meta.url), ["--expose-gc"]);
  try {
    options.note(`stalls: writing ${sessions * actions + long} actions`);
    await child.call("fill", { sessions, actions, long });
    const told = await child.call("work", { actions: at(options, 20_000, 5_000, 50) });
    const of = `${sessions} sessions, ${sessions * actions + long} actions: longest stall while`;
    return Object.entries(told).map(([what, ms]) =>
      compare(`${of} ${what} / what a person notices, ms CPU`, ms, noticedMs, { atMost: 1 }),
    );
  } finally {
    await child.call("stop");
    await child.stop();
  }
};
