import { expect, it } from "vitest";
import { kill } from "../chaos/kill.ts";

const runs = Number(process.env["MUSTER_CHAOS_RUNS"] ?? 4);

it(
  `DUR-1: a host that is killed at ${runs} random moments loses and doubles nothing`,
  { timeout: 60_000 * runs },
  async () => {
    const seed = Number(process.env["MUSTER_SEED"] ?? Date.now() % 1_000_000);
    const { problems, summary } = await kill({ runs, seed, sessions: 3, note: () => {} });
    expect(problems, `seed ${seed}: ${summary}`).toEqual([]);
  },
);
