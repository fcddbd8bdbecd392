import { isDeepStrictEqual } from "node:util";
import type { ActionEnvelope } from "../../src/protocol/actions.ts";
import { type ChannelState, reduce } from "../../src/protocol/reduce.ts";
import { keptAction, parseStoredRecord, type StoredRecord } from "../../src/host/channels/storedRecord.ts";
import type { EventLog, LogRecord } from "../../src/host/log/log.ts";
import type { HeldState } from "../host/wireClient.ts";

/** What one client was told: every envelope as it came, and the states that it folded of them. */
export interface Acknowledged {
  readonly clientId: string;
  readonly envelopes: readonly ActionEnvelope[];
  readonly held: readonly HeldState[];
}

/** The part of a log that an earlier look has seen: no later look may find it otherwise. */
export interface SeenPrefix {
  readonly lastSeq: number;
  readonly hashes: readonly string[];
}

export const nothingSeen: SeenPrefix = { lastSeq: 0, hashes: [] };

interface Entry {
  readonly record: LogRecord;
  readonly stored: StoredRecord;
}

/**
 * Holds a log against what was acknowledged before its host died: all of it is there, under its own number, as it was
 * sent, in one order without gaps; what clients folded is what the log folds to; what an earlier look saw is unchanged.
 */
export async function checkLog(
  log: EventLog,
  acknowledged: readonly Acknowledged[],
  earlier: SeenPrefix,
): Promise<{ readonly problems: readonly string[]; readonly seen: SeenPrefix; readonly entries: readonly Entry[] }> {
  const entries: Entry[] = [];
  const problems: string[] = [];
  for await (const record of log.read({ after: 0 })) {
    if (record.seq !== entries.length + 1)
      problems.push(`record ${record.seq} stands where ${entries.length + 1} belongs`);
    entries.push({ record, stored: parseStoredRecord(record.seq, record.body) });
  }
  const hashes = entries.map((entry) => entry.record.hash);
  const changed = earlier.hashes.findIndex((hash, index) => hashes[index] !== hash);
  if (changed >= 0) problems.push(`record ${changed + 1} is not what it was before`);
  for (const client of acknowledged) {
    problems.push(...checkEnvelopes(client, entries), ...checkStates(client, entries));
  }
  const report = await log.verify();
  if (report.problem !== undefined) problems.push(report.problem);
  return { problems, seen: { lastSeq: entries.length, hashes }, entries };
}

function checkEnvelopes({ clientId, envelopes }: Acknowledged, entries: readonly Entry[]): string[] {
  const problems: string[] = [];
  let before = 0;
  for (const envelope of envelopes) {
    const { serverSeq, channel, action, origin, rejectionReason } = envelope;
    if (serverSeq <= before) problems.push(`${clientId} got ${serverSeq} after ${before}`);
    before = serverSeq;
    const entry = entries[serverSeq - 1];
    if (entry === undefined) problems.push(`${clientId} was told of ${serverSeq} (${action.type}), which is lost`);
    else if (entry.record.channel !== channel || entry.stored.type !== "action")
      problems.push(`${serverSeq} is another record than the one that ${clientId} was told of`);
    else if (
      !isSame(entry.stored.action, keptAction(action)) ||
      entry.stored.refused !== rejectionReason ||
      entry.stored.origin?.clientSeq !== origin?.clientSeq
    )
      problems.push(`${serverSeq} (${action.type}) differs from what ${clientId} was told`);
  }
  return problems;
}

function checkStates({ clientId, held }: Acknowledged, entries: readonly Entry[]): string[] {
  return held.flatMap(({ channel, seq, state }) => {
    if (seq > entries.length) return [`${clientId} holds ${channel} at ${seq}, which is lost`];
    const folded = foldUntil(entries, channel, seq);
    if (isSame(folded, state)) return [];
    return [`${clientId} holds another ${channel} at ${seq}: ${difference(folded, state)}`];
  });
}

/** The state of a channel at a number, from its records alone. */
function foldUntil(entries: readonly Entry[], channel: string, seq: number): ChannelState | undefined {
  let folded: { readonly kind: Parameters<typeof reduce>[0]; readonly state: ChannelState } | undefined;
  for (const { record, stored } of entries) {
    if (record.seq > seq) break;
    if (record.channel !== channel) continue;
    if (stored.type === "created") folded = stored;
    else if (stored.type === "removed") folded = undefined;
    else if (stored.type === "action" && stored.refused === undefined && folded)
      folded = { kind: folded.kind, state: reduce(folded.kind, folded.state, stored.action) };
  }
  return folded?.state;
}

/** The members that differ, for a person who looks for the reason. */
function difference(folded: unknown, held: unknown): string {
  const [left, right] = [folded, held].map((state) => (state ?? {}) as Record<string, unknown>);
  const names = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  const unlike = Array.from(names).filter((name) => !isSame(left?.[name], right?.[name]));
  return JSON.stringify(unlike.map((name) => [name, left?.[name], right?.[name]])).slice(0, 1_000);
}

function isSame(left: unknown, right: unknown): boolean {
  // Over the wire and back: a member that is undefined is a member that is absent.
  return isDeepStrictEqual(asJson(left), asJson(right));
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
