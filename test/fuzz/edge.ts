/**
 * One edge under fire, in a process of its own: `node --expose-gc test/fuzz/edge.ts <client|host> <frames> <seed>`.
 * Prints what went wrong; ends with code 1 then.
 */
import { Faults } from "./faults.ts";
import { fuzzClientEdge } from "./clientEdge.ts";
import { fuzzHostEdge } from "./hostEdge.ts";

const [edge = "", frames = "100000", seed = "1"] = process.argv.slice(2);
const maxGrowthMiB = 50;
const warmUp = 20_000;

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const unhandled = new Faults();
process.on("unhandledRejection", (reason) => unhandled.add(`an unhandled rejection: ${String(reason)}`, ""));
process.on("uncaughtException", (error) => {
  console.error(error);
  process.exit(1);
});

const fuzz = edge === "host" ? fuzzHostEdge : fuzzClientEdge;
const startedAt = performance.now();
const first = await fuzz(Math.min(warmUp, Number(frames)), Number(seed) + 1);
const before = heapMiB();
const faults = await fuzz(Number(frames) - first.frames, Number(seed));
const growthMiB = heapMiB() - before;
if (growthMiB > maxGrowthMiB) faults.add(`the heap grew by ${growthMiB.toFixed(0)} MiB`, "");
const seconds = (performance.now() - startedAt) / 1000;
const slowestMs = Math.max(first.slowestMs, faults.slowestMs);
const wrong = [...first.list, ...faults.list, ...unhandled.list];
console.log(
  `${edge} edge: ${first.frames + faults.frames} frames with seed ${seed} in ${seconds.toFixed(1)} s, slowest ${slowestMs.toFixed(0)} ms, heap ${growthMiB.toFixed(1)} MiB more`,
);
for (const line of wrong) console.log(`  WRONG ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
