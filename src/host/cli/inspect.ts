import { statSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { silentLogger } from "../../base/logger.ts";
import type { EventLog, LogRecord } from "../log/log.ts";
import { SqliteLog } from "../log/sqlite.ts";
import { parseChatUri, parseTerminalUri } from "../../protocol/uris.ts";
import { refsOf } from "../sessions/sessionRefs.ts";
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
  const removed = report.removed === 0 ? "" : ` ${report.removed} more were removed: by retention, or as old output.`;
  print(`The log is whole: ${count(report.records, "record")} in ${count(report.channels, "channel")}.${removed}`);
  return 0;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/**
 * Every record as one JSON line, oldest first; of one session also the state that stands for records that were removed
 * (`snapshot`), before them, and the blobs (`blob`, in base64), after them.
 */
export async function exportLog(directory: string, session: string | undefined, print: Print): Promise<number> {
  const log = openForReading(directory);
  try {
    if (session === undefined) for await (const record of log.read({ after: 0 })) print(lineOf(record));
    else await exportSession(log, session, print);
  } finally {
    await log.close();
  }
  return 0;
}

async function exportSession(log: EventLog, session: string, print: Print): Promise<void> {
  const own = (await log.channels()).filter(ownedBy(session));
  if (own.length === 0) throw new AppError("notFound", `The log holds nothing of ${session}.`);
  await exportChannels(log, new Set(own), () => false, print);
}

/** All of some channels, and what else is wanted, as `exportLog` says. */
export async function exportChannels(
  log: EventLog,
  own: ReadonlySet<string>,
  isWanted: (record: LogRecord) => boolean,
  print: Print,
): Promise<void> {
  const removals = await log.removals();
  for (const channel of own) {
    if (!removals.has(channel)) continue;
    const snapshot = await log.loadSnapshot(channel);
    if (snapshot) print(`{"snapshot":${snapshot.state},"channel":${JSON.stringify(channel)},"seq":${snapshot.seq}}`);
  }
  for await (const record of log.read({ after: 0 })) {
    if (own.has(record.channel) || isWanted(record)) print(lineOf(record));
  }
  const blobs = new Set((await Promise.all(Array.from(own, (channel) => log.blobsOf(channel)))).flat());
  for (const blob of blobs) {
    const bytes = await log.getBlob(blob);
    if (bytes) print(JSON.stringify({ blob, base64: Buffer.from(bytes).toString("base64") }));
  }
}

/** Which channels are a session's: its own four, the changes of its turns, its terminals. */
export function ownedBy(session: string): (channel: string) => boolean {
  const refs = refsOf(session);
  const fixed = new Set([refs.session, refs.chat, refs.fleet, refs.branchChanges]);
  return (channel) =>
    fixed.has(channel) ||
    channel.startsWith(`${session}/`) ||
    parseChatUri(channel)?.session === session ||
    parseTerminalUri(channel)?.sessionId === refs.id;
}

function lineOf({ seq, channel, time, body, hash }: LogRecord): string {
  return `{"seq":${seq},"channel":${JSON.stringify(channel)},"time":${time},"body":${body},"hash":"${hash}"}`;
}

/** False only where there is none: throws when this account may not look. */
export function hasLog(directory: string): boolean {
  return statSync(path.join(directory, "log.db"), { throwIfNoEntry: false }) !== undefined;
}

/** Throws `notFound`. */
export function assertLogThere(directory: string): void {
  if (hasLog(directory)) return;
  throw new AppError("notFound", `There is no log in ${directory}. Name the host's directory with --data.`);
}

/** Throws `notFound`. */
export function openForReading(directory: string): SqliteLog {
  assertLogThere(directory);
  return SqliteLog.open({ directory, clock: systemClock, logger: silentLogger, readOnly: true });
}
