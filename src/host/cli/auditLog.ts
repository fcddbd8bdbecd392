import { sessionIdIn } from "../access/sight.ts";
import { type Act, AUDIT_CHANNEL, parseAct } from "../access/auditRecord.ts";
import { openForReading } from "./inspect.ts";

export interface AuditFilter {
  readonly user: string | undefined;
  /** The address or the id of a session: what concerns any of its channels. */
  readonly session: string | undefined;
  readonly refused: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly sinceMs: number | undefined;
}

/** What people did and were refused, oldest first: a line for a person, or one JSON object each. Never its text. */
export async function auditLog(
  directory: string,
  filter: AuditFilter,
  isJson: boolean,
  print: (line: string) => void,
): Promise<number> {
  const log = openForReading(directory);
  let count = 0;
  try {
    for await (const { seq, body } of log.read({ after: 0, channel: AUDIT_CHANNEL })) {
      const act = parseAct(body);
      if (act === undefined || !fits(act, filter)) continue;
      count += 1;
      print(
        isJson ? JSON.stringify({ seq, time: new Date(act.at).toISOString(), ...act, at: undefined }) : lineOf(act),
      );
    }
    if (count === 0 && !isJson) print("Nothing of this kind is on record.");
  } finally {
    await log.close();
  }
  return 0;
}

function fits(act: Act, { user, session, refused, sinceMs }: AuditFilter): boolean {
  if (user !== undefined && act.user !== user) return false;
  if (refused && act.refused === undefined) return false;
  if (sinceMs !== undefined && act.at < sinceMs) return false;
  if (session === undefined) return true;
  return act.channel !== undefined && sessionIdIn(act.channel) === (sessionIdIn(session) ?? session);
}

/** Quoted, where a client has chosen the text: it shows its control characters instead of using them. */
function lineOf({ at, user, role, clientId, from, what, channel, refused, times }: Act): string {
  const who = user === undefined ? "nobody" : `${user}${role === undefined ? "" : ` (${role})`}`;
  const facts = [
    new Date(at).toISOString(),
    refused === undefined ? "ok     " : "REFUSED",
    who,
    plain(what),
    channel === undefined ? [] : plain(channel),
    times === undefined ? [] : `${times} times more`,
    from === undefined ? [] : `from ${plain(from)}`,
    clientId === undefined ? [] : `client ${plain(clientId)}`,
    refused === undefined ? [] : plain(refused),
  ];
  return facts.flat().join("  ");
}

function plain(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : JSON.stringify(text).replace(/[^\x20-\x7e]/g, "?");
}
