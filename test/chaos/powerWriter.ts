/**
 * Fills a log and says on standard output, with one write for each commit, how far it is durable.
 *
 *     node powerWriter.ts DIRECTORY SEED COMMITS
 */
import { writeSync } from "node:fs";
import { silentLogger } from "../../src/base/logger.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { Dice } from "../support/dice.ts";

const [directory = "", seed = "0", commits = "0"] = process.argv.slice(2);
const dice = new Dice(Number(seed));
const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
log.onCommitted(() => writeSync(1, `durable ${log.durableSeq}\n`));

for (let commit = 0; commit < Number(commits); commit += 1) {
  const size = 1 + dice.below(12);
  for (let record = 0; record < size; record += 1) {
    const text = String.fromCharCode(97 + dice.below(26)).repeat(1 + dice.below(dice.chance(0.2) ? 20_000 : 800));
    log.append(`a:${dice.below(8)}`, JSON.stringify({ text }));
  }
  if (dice.chance(0.1))
    log.saveSnapshot(`a:${dice.below(8)}`, { seq: log.lastSeq, state: "s".repeat(dice.below(9_000)) });
  await log.flush();
}
await log.close();
