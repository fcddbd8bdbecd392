import { existsSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { silentLogger } from "../../base/logger.ts";
import { parseStoredRecord } from "../channels/storedRecord.ts";
import { SqliteLog } from "../log/sqlite.ts";
import { systemClock } from "../systemClock.ts";

type Print = (line: string) => void;

/** Checks every hash chain. Exit code 1 when the log was changed or damaged. */
export async function verifyLog(directory: string, print: Print): Promise<number> {
  const log = openForReading(directory);
  const report = await log.verify();
  await log.close();
  if (report.problem !== undefined) {
    print(report.problem);
    return 1;
  }
  print(`The log is whole: ${report.records} records in ${report.channels} channels.`);
  return 0;
}

/** Every record as one JSON line, oldest first. */
export async function exportLog(directory: string, print: Print): Promise<number> {
  const log = openForReading(directory);
  for await (const { seq, channel, time, body, hash } of log.read({ after: 0 })) {
    print(`{"seq":${seq},"channel":${JSON.stringify(channel)},"time":${time},"body":${body},"hash":"${hash}"}`);
  }
  await log.close();
  return 0;
}

/** What people did, accepted or refused, one JSON line each: when, who, where, which action; never its text. */
export async function auditLog(directory: string, print: Print): Promise<number> {
  const log = openForReading(directory);
  for await (const record of log.read({ after: 0 })) {
    const stored = parseStoredRecord(record.seq, record.body);
    if (stored.type !== "action" || stored.origin === undefined) continue;
    const { origin, action, refused } = stored;
    const time = new Date(record.time).toISOString();
    const { principal, clientId } = origin;
    print(
      JSON.stringify({
        seq: record.seq,
        time,
        principal,
        clientId,
        channel: record.channel,
        action: action.type,
        refused,
      }),
    );
  }
  await log.close();
  return 0;
}

function openForReading(directory: string): SqliteLog {
  if (!existsSync(path.join(directory, "log.db"))) {
    throw new AppError("notFound", `There is no log in ${directory}. Name the host's directory with --data.`);
  }
  return SqliteLog.open({ directory, clock: systemClock, logger: silentLogger, readOnly: true });
}
