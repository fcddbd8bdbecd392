/**
 * Breaks things on purpose and checks that nothing acknowledged suffers.
 *
 *     npm run chaos -- kill [--runs 200] [--sessions 6] [--seed N]
 *
 *     npm run chaos -- stop [--runs 50] [--sessions 6] [--seed N]
 *
 *     npm run chaos -- soak [--minutes 120] [--sessions 200] [--seed N]
 *
 *     npm run chaos -- power [--runs 200] [--seed N]
 *
 * `kill` ends a working host with SIGKILL at random moments and starts it again; `stop` asks it to stop, with SIGTERM. `soak` lets one host
 * work for a long time, with clients that are cut off and agents that are killed, and holds what it takes in memory and files. `power` cuts the power of the log's disk
 * before and after every sync: it records what a writer asks of the disk (with strace) and replays what may be left. Prints the seed, which throws the same
 * dice again, every problem, and one line `N runs: ...`. Exits 0 without a problem, 1 with one, 2 when called wrongly.
 */
import { parseArgs } from "node:util";
import { kill } from "./kill.ts";
import { power } from "./power.ts";
import { soak } from "./soak.ts";
import { stop } from "./stop.ts";

const scenarios = { kill, stop, soak, power };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "20" },
    sessions: { type: "string", default: "6" },
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [name, ...rest] = positionals;
const scenario = Object.entries(scenarios).find(([known]) => known === name)?.[1];
const [runs, sessions, seed] = [Number(values.runs), Number(values.sessions), Number(values.seed)];
const minutes = name === "soak" ? Number(values.minutes) : undefined;

if (
  scenario === undefined ||
  rest.length > 0 ||
  ![runs, sessions, seed].every(Number.isSafeInteger) ||
  Number.isNaN(minutes)
) {
  console.error(`Name one of ${Object.keys(scenarios).join(", ")}: npm run chaos -- kill --runs 200`);
  process.exitCode = 2;
} else {
  console.log(`seed ${seed}`);
  const started = performance.now();
  const { problems, summary } = await scenario({
    runs,
    sessions,
    seed,
    ...(minutes !== undefined && { minutes }),
    note: (text) => console.error(text),
  });
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  const seconds = Math.round((performance.now() - started) / 1_000);
  const howLong = minutes === undefined ? `${runs} runs` : `${minutes} minutes`;
  console.log(`${howLong}: ${problems.length} problems, ${summary}, ${seconds} s`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
