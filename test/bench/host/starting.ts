import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "../../../src/base/logger.ts";
import { Channels } from "../../../src/host/channels/channels.ts";
import { SqliteLog } from "../../../src/host/log/sqlite.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import { ROOT_URI } from "../../../src/protocol/uris.ts";
import { HostDirectory } from "../../host/hostProcess.ts";
import { compare, cpuOf, interleave, median } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { fillSessions } from "./manyTurns.ts";

/**
 * A whole host process from its start until it takes connections, on the data of many sessions, less what an empty host
 * needs. Beside it: what reading and parsing every stored state once would cost.
 */
export const starting: Part = async (options) => {
  const sessions = at(options, 10_000, 1_000, 5);
  const actionsEach = at(options, 100, 100, 10);
  const full = new HostDirectory({});
  const empty = new HostDirectory({});
  try {
    options.note(`starting: writing ${sessions * actionsEach} actions`);
    await fill(path.join(full.path, "data"), sessions, actionsEach);
    const started = async (directory: HostDirectory) => {
      const host = await directory.start();
      const told = { cpuMs: cpuMsOf(host.pid), bytes: residentOf(host.pid) };
      await host.stop();
      return told;
    };
    // The data of a host of today: it keeps an index of its sessions.
    await started(full);
    const { ours, nothing, parse } = await interleave(
      {
        ours: () => started(full),
        nothing: () => started(empty),
        parse: async () => ({ cpuMs: (await cpuOf(() => parseAll(path.join(full.path, "data")))) / 1000, bytes: 0 }),
      },
      at(options, 3, 3, 1),
    );
    const cpu = (runs: readonly { readonly cpuMs: number }[]) => median(runs.map(({ cpuMs }) => cpuMs));
    const resident = (runs: readonly { readonly bytes: number }[]) => median(runs.map(({ bytes }) => bytes));
    const bytes = resident(ours) - resident(nothing);
    const what = `${sessions} sessions, ${sessions * actionsEach} actions`;
    return [
      compare(`start with ${what} / read and parse their states, ms CPU`, cpu(ours) - cpu(nothing), cpu(parse), {
        atMost: 1,
      }),
      compare(`${what}: resident for a session that nobody looks at / 1 KiB, bytes`, bytes / sessions, 1024, {
        atMost: 15,
      }),
    ];
  } finally {
    full.remove();
    empty.remove();
  }
};

/** The data that a host leaves behind which ran so many sessions to the end of one turn. */
async function fill(directory: string, sessions: number, actionsEach: number): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
  const channels = new Channels({ log, logger: silentLogger });
  channels.create(ROOT_URI, "root", { agents: [], activeSessions: 0 });
  await fillSessions(channels, sessions, actionsEach);
  channels.saveSnapshots();
  await log.close();
}

function parseAll(directory: string): void {
  const db = new DatabaseSync(path.join(directory, "log.db"), { readOnly: true });
  // Without the host's index of them.
  const states = db.prepare(
    "SELECT s.state FROM snapshots s JOIN channels c ON c.id = s.channel WHERE c.uri NOT LIKE 'x-fleet-index:%'",
  );
  for (const { state } of states.iterate()) JSON.parse(String(state));
  db.close();
}

/** User and system time of a process, in milliseconds: proc(5), in ticks of a hundredth of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) * 1024;
}
