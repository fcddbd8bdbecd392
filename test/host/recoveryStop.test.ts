import { expect, it } from "vitest";
import { stop } from "../chaos/stop.ts";

const runs = Number(process.env["MUSTER_CHAOS_RUNS"] ?? 3);

it(
  `NET-16: a host that is asked to stop at ${runs} random moments is whole in ten seconds, and loses nothing`,
  { timeout: 60_000 * runs },
  async () => {
    const seed = Number(process.env["MUSTER_SEED"] ?? Date.now() % 1_000_000);
    const { problems, summary } = await stop({ runs, seed, sessions: 3, note: () => {} });
    expect(problems, `seed ${seed}: ${summary}`).toEqual([]);
  },
);
