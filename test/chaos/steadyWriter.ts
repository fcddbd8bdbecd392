/**
 * Appends a thousand records a second to a log until its standard input ends, and says after each commit how far it is
 * durable and when that was.
 *
 *     node steadyWriter.ts DIRECTORY
 */
import { writeSync } from "node:fs";
import { silentLogger } from "../../src/base/logger.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";

const [directory = ""] = process.argv.slice(2);
const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
log.onCommitted(() => writeSync(1, `${JSON.stringify({ durable: log.durableSeq, at: Date.now() })}\n`));
let written = 0;
const timer = setInterval(() => {
  for (let count = 0; count < 20; count += 1, written += 1)
    log.append(`a:${written % 50}`, JSON.stringify({ written, text: "x".repeat(200) }));
  if (written % 1_000 === 0) log.saveSnapshot("a:1", { seq: log.lastSeq, state: String(written) });
}, 20);
process.stdin.on("end", () => {
  clearInterval(timer);
  void log.close();
});
process.stdin.resume();
