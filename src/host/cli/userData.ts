import { existsSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { silentLogger } from "../../base/logger.ts";
import { fleetSpendUri, parseFleetSpendUri } from "../../protocol/uris.ts";
import { AUDIT_CHANNEL, parseAct } from "../access/auditRecord.ts";
import { readTokens, tokenDirectory } from "../access/tokenFile.ts";
import { Channels } from "../channels/channels.ts";
import { parseStoredRecord } from "../channels/storedRecord.ts";
import { readConfig } from "../configFile.ts";
import type { EventLog, LogRecord } from "../log/log.ts";
import { SqliteLog } from "../log/sqlite.ts";
import { deleteUser } from "../operations/deleteUser.ts";
import { LogOwners } from "../operations/logOwners.ts";
import { systemClock } from "../systemClock.ts";
import type { CliOptions } from "./arguments.ts";
import { assertLogThere, exportChannels, openForReading } from "./inspect.ts";

type Print = (line: string) => void;

/**
 * Everything that the host has of one person, one JSON object a line: tokens without their hashes, `session` with the
 * directory of its files, what is in the log of those sessions, what the person did elsewhere, `act`, `spend`.
 */
export async function exportUser(dataDir: string, user: string, print: Print): Promise<number> {
  const log = openForReading(dataDir);
  let isKnown = false;
  const tellLine = (line: string) => {
    isKnown = true;
    print(line);
  };
  const tell = (line: object) => tellLine(JSON.stringify(line));
  try {
    const owners = await LogOwners.read(log);
    const own = owners.sessions.filter(({ owner }) => owner === user);
    for (const { hash: _hash, ...token } of readTokens(tokenDirectory(dataDir))) {
      if (token.user === user) tell({ token });
    }
    for (const session of own) {
      const files = path.join(dataDir, "sessions", session.id);
      tell({ session, ...(existsSync(files) && { files }) });
    }
    const channels = new Set(owners.channelsOf(user));
    await exportChannels(log, channels, (record) => !channels.has(record.channel) && isDoneBy(record, user), tellLine);
    for await (const { body } of log.read({ after: 0, channel: AUDIT_CHANNEL })) {
      const act = parseAct(body);
      if (act?.user === user) tell({ act });
    }
    await tellSpend(log, user, tell);
  } finally {
    await log.close();
  }
  if (!isKnown) throw new AppError("notFound", `The host has nothing of a user "${user}".`);
  return 0;
}

function isDoneBy({ seq, body }: LogRecord, user: string): boolean {
  // Most records are not even looked into.
  if (!body.includes(JSON.stringify(user))) return false;
  const stored = parseStoredRecord(seq, body);
  return stored.type === "action" && stored.origin?.principal === user;
}

async function tellSpend(log: EventLog, user: string, tell: (line: object) => void): Promise<void> {
  const channels = new Channels({ log, logger: silentLogger });
  for (const uri of await log.channels(fleetSpendUri(""))) {
    const day = parseFleetSpendUri(uri);
    if (day === undefined || !(await channels.load(uri))) continue;
    for (const row of channels.state("fleetSpend", uri)?.rows ?? []) if (row.user === user) tell({ spend: row, day });
  }
  channels.dispose();
}

/** Deletes everything that the host has of one person. The host must not run: what it has in memory would stay. */
export async function deleteUserCommand(options: CliOptions, nowMs: number, print: Print): Promise<number> {
  const { data: dataDir, token, config } = options;
  if (token.user === undefined) throw new AppError("request.invalid", "Say whose data with --user NAME.");
  const { allowLocal } = readConfig(config).config.repositories;
  assertLogThere(dataDir);
  const log = SqliteLog.open({ directory: dataDir, clock: systemClock, logger: silentLogger });
  try {
    const { sessions, channels, tokens } = await deleteUser({ log, dataDir, user: token.user, allowLocal, nowMs });
    print(`${sessions} sessions (${channels} channels) and ${tokens} tokens of ${token.user} are deleted.`);
    print("Backups, and what the host's log of lines names, are not: remove those, too.");
  } finally {
    await log.close();
  }
  return 0;
}
