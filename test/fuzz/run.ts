/**
 * Malformed frames at both edges, `node test/fuzz/run.ts [frames]`: `MUSTER_FUZZ_FRAMES` of them in all (1,000,000 unless told,
 * 20,000,000 for the long mode), from the seed `MUSTER_FUZZ_SEED` (1). One process an edge, side by side. Ends with
 * `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const frames = Number(process.env["MUSTER_FUZZ_FRAMES"] ?? process.argv[2] ?? 1_000_000);
const seed = process.env["MUSTER_FUZZ_SEED"] ?? "1";
const edge = fileURLToPath(new URL("edge.ts", import.meta.url));

function fuzz(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const args = ["--expose-gc", edge, name, String(Math.ceil(frames / 2)), seed];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    child.on("close", (code) => {
      process.stdout.write(said);
      if (code !== 0) console.log(`${name} edge: ended with code ${code}; seed ${seed}`);
      resolve(code === 0);
    });
  });
}

const outcomes = await Promise.all(["client", "host"].map(fuzz));
const passed = outcomes.filter(Boolean).length;
console.log(`${passed} passed, ${outcomes.length - passed} failed`);
process.exitCode = passed === outcomes.length ? 0 : 1;
