import { AppError } from "../../base/appError.ts";
import type { ChannelKind } from "../../protocol/actions.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { ChannelStates } from "../../protocol/reduce.ts";
import { parseFleetSessionUri } from "../../protocol/uris.ts";
import { sessionIdIn } from "../access/sight.ts";
import { foldRecord, fromSnapshot } from "../channels/channelFold.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { EventLog } from "../log/log.ts";

export interface OwnedSession {
  readonly id: string;
  readonly owner: string;
  /** Absent for a draft. */
  readonly repository?: string;
}

/** Every session of which the log has a record, the deleted ones included, and what belongs to it. */
export class LogOwners {
  readonly sessions: readonly OwnedSession[];
  readonly #channels: ReadonlyMap<string, OwnedSession>;

  private constructor(sessions: readonly OwnedSession[], channels: ReadonlyMap<string, OwnedSession>) {
    this.sessions = sessions;
    this.#channels = channels;
  }

  static async read(log: EventLog): Promise<LogOwners> {
    const uris = await log.channels();
    const sessions = new Map<string, OwnedSession>();
    for (const uri of uris) {
      const id = parseFleetSessionUri(uri);
      const state = id === undefined ? undefined : await earliest(log, uri, "fleetSession");
      if (id !== undefined && state) {
        sessions.set(id, { id, owner: state.owner ?? OWNER, repository: state.repository });
      }
    }
    // Drafts have no fleet channel.
    for (const uri of uris) {
      const id = sessionIdIn(uri);
      const state = id === undefined || sessions.has(id) ? undefined : await earliest(log, uri, "session");
      if (id !== undefined && state) sessions.set(id, { id, owner: fleetMeta("session", state)?.owner ?? OWNER });
    }
    const channels = new Map<string, OwnedSession>();
    for (const uri of uris) {
      const named = sessions.get(sessionIdIn(uri) ?? "");
      const session = named ?? sessions.get((await sessionOfTerminal(log, uri)) ?? "");
      if (session) channels.set(uri, session);
    }
    return new LogOwners(Array.from(sessions.values()), channels);
  }

  /** Undefined for the channels of the whole host. */
  of(channel: string): string | undefined {
    return this.#channels.get(channel)?.owner;
  }

  channelsOf(user: string): readonly string[] {
    return Array.from(this.#channels).flatMap(([uri, { owner }]) => (owner === user ? [uri] : []));
  }
}

/** VS Code gives terminals addresses of its own. */
async function sessionOfTerminal(log: EventLog, uri: string): Promise<string | undefined> {
  const claim = (await earliest(log, uri, "terminal"))?.claim;
  return claim?.kind === "session" ? sessionIdIn(claim.session) : undefined;
}

/** The earliest state that the log has of a channel; undefined for one of another kind, and for what cannot be read. */
async function earliest<K extends ChannelKind>(
  log: EventLog,
  channel: string,
  kind: K,
): Promise<ChannelStates[K] | undefined> {
  try {
    const snapshot = await log.loadSnapshot(channel);
    let found = snapshot && fromSnapshot(snapshot.state);
    if (!found)
      for await (const record of log.read({ after: 0, channel, limit: 1 })) found = foldRecord(undefined, record);
    return found?.kind === kind ? (found.state as ChannelStates[K]) : undefined;
  } catch (error) {
    if (AppError.is(error, "internal")) return undefined;
    throw error;
  }
}
