import { expect, it } from "vitest";
import { soak } from "../chaos/soak.ts";

/** 120 for the whole thing, in which a leak shows; see `npm run chaos -- soak`. */
const minutes = Number(process.env["MUSTER_SOAK_MINUTES"] ?? 0.08);

it(
  `NET-15: a host that works on for ${minutes} minutes, its clients cut off and its agents killed, loses nothing`,
  { timeout: 120_000 + 180_000 * minutes },
  async () => {
    const seed = Number(process.env["MUSTER_SEED"] ?? Date.now() % 1_000_000);
    const { problems, summary } = await soak({ runs: 0, minutes, seed, sessions: 3, note: () => {} });
    expect(problems, `seed ${seed}: ${summary}`).toEqual([]);
    process.stdout.write(`${summary}\n`);
  },
);
