import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { silentLogger } from "../../base/logger.ts";
import type { ChannelKind } from "../../protocol/actions.ts";
import { reduceFleetConflicts } from "../../protocol/fleetConflicts.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { ChannelStates } from "../../protocol/reduce.ts";
import { fleetConflictsUri, fleetRepositoryUri, fleetSpendUri, repositoryKey, ROOT_URI } from "../../protocol/uris.ts";
import { AUDIT_CHANNEL, auditBody } from "../access/auditRecord.ts";
import { sessionIdIn } from "../access/sight.ts";
import { readTokens, removeToken, tokenDirectory } from "../access/tokenFile.ts";
import { Channels } from "../channels/channels.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { EventLog } from "../log/log.ts";
import { mirrorPath } from "../workspaces/mirrors.ts";
import { checkSessionId } from "../workspaces/refs.ts";
import { removeTree } from "../workspaces/removeTree.ts";
import { parseRepository } from "../workspaces/repositoryUrl.ts";
import { LogOwners } from "./logOwners.ts";

export interface DeleteUserOptions {
  /** Open for writing: no host runs. */
  readonly log: EventLog;
  readonly dataDir: string;
  readonly user: string;
  /** Directories with local repositories, as configured. */
  readonly allowLocal: readonly string[];
  readonly nowMs: number;
}

export interface DeletedUser {
  readonly sessions: number;
  readonly channels: number;
  readonly tokens: number;
}

interface Leaving {
  readonly user: string;
  /** Ids of the user's sessions. */
  readonly sessions: ReadonlySet<string>;
  /** Keys of the repositories that nobody else has a session of. */
  readonly repositories: ReadonlySet<string>;
}

/** What the addresses of channels begin with that are about the sessions of many. */
const sharedPrefixes = [ROOT_URI, fleetSpendUri(""), fleetConflictsUri(""), fleetRepositoryUri("")];

/**
 * Removes a person's tokens, the files and the records of all their sessions, and their name from what sessions share,
 * down to the bytes on the disk. What it cost stays in the sums of days and repositories; who did what stays in the audit
 * record, which has no content, for as long as it is kept. Running it again finishes what a failure left.
 * Throws `notFound` when there is nothing of this user.
 */
export async function deleteUser(options: DeleteUserOptions): Promise<DeletedUser> {
  const { log, dataDir, user, nowMs } = options;
  const owners = await LogOwners.read(log);
  const own = owners.sessions.filter(({ owner }) => owner === user);
  const tokens = readTokens(tokenDirectory(dataDir)).filter((token) => token.user === user);
  if (own.length === 0 && tokens.length === 0) {
    throw new AppError("notFound", `The host has no session and no token of a user "${user}".`);
  }
  for (const { id } of tokens) removeToken(tokenDirectory(dataDir), id);
  for (const { id } of own) await removeTree(path.join(dataDir, "sessions", checkSessionId(id)));
  const others = new Set(owners.sessions.flatMap(({ owner, repository }) => (owner === user ? [] : keyOf(repository))));
  const gone = own.flatMap(({ repository = "" }) => (others.has(repositoryKey(repository)) ? [] : repository));
  for (const repository of new Set(gone)) await removeMirror(options, repository);
  const leaving = { user, sessions: new Set(own.map(({ id }) => id)), repositories: new Set(gone.map(repositoryKey)) };
  await cleanShared(log, leaving);
  const channels = owners.channelsOf(user);
  for (const channel of channels) log.forget(channel);
  log.append(AUDIT_CHANNEL, auditBody({ at: nowMs, user: OWNER, what: `delete --user ${user}` }));
  await log.scrub();
  return { sessions: own.length, channels: channels.length, tokens: tokens.length };
}

/** A copy of a repository is fetched anew when somebody needs it. */
async function removeMirror({ dataDir, allowLocal }: DeleteUserOptions, repository: string): Promise<void> {
  try {
    await removeTree(mirrorPath(path.join(dataDir, "mirrors"), parseRepository(repository, allowLocal)));
  } catch (error) {
    // No address that this host would ever have copied.
    if (!AppError.is(error, "repository.invalid")) throw error;
  }
}

/** In the place of the history of a channel that many share, its state without this user. */
async function cleanShared(log: EventLog, leaving: Leaving): Promise<void> {
  const channels = new Channels({ log, logger: silentLogger });
  const shared = await Promise.all(sharedPrefixes.map((prefix) => log.channels(prefix)));
  for (const uri of shared.flat()) {
    if (!(await channels.load(uri))) continue;
    const kind = channels.kindOf(uri);
    const state = kind && clean(channels, kind, uri, leaving);
    if (state === undefined) {
      log.forget(uri);
      continue;
    }
    const seq = log.lastSeq;
    log.saveSnapshot(uri, { seq, state: JSON.stringify({ kind, state }) });
    log.prune(uri, seq);
  }
  channels.dispose();
}

/** Undefined when nothing is left of it. */
function clean(
  channels: Channels,
  kind: ChannelKind,
  uri: string,
  { user, sessions, repositories }: Leaving,
): ChannelStates[ChannelKind] | undefined {
  const isOwn = (session: string) => sessions.has(sessionIdIn(session) ?? "");
  const root = channels.state("root", uri);
  if (root?.terminals) {
    const terminals = root.terminals.filter((info) => !isOwn(fleetMeta("terminal", info)?.session ?? ""));
    return { ...root, terminals };
  }
  const spend = channels.state("fleetSpend", uri);
  if (spend) {
    const raised = spend.raised.filter(({ scope, key }) => scope !== "user" || key !== user);
    const rows = spend.rows.map((row) => {
      if (row.user !== user) return row;
      const isGone = repositories.has(repositoryKey(row.repository));
      return { ...row, user: "", session: "", ...(isGone && { repository: "" }) };
    });
    return { ...spend, raised, rows };
  }
  const conflicts = channels.state("fleetConflicts", uri);
  if (conflicts) {
    if (repositories.has(conflicts.repository)) return undefined;
    const removed = conflicts.branches.map(({ session }) => session).filter(isOwn);
    const mergeOrder = conflicts.mergeOrder.filter((session) => !isOwn(session));
    const change = { branches: [], removed, pairs: [], mergeOrder, at: conflicts.at };
    // What a train has done is over; whose it was is not to be known any more.
    const { train: _train, ...others } = conflicts;
    return reduceFleetConflicts(others, { type: "x-fleet/conflictsChanged", ...change });
  }
  const decided = channels.state("fleetRepository", uri);
  if (decided) {
    if (repositories.has(decided.repository)) return undefined;
    return { ...decided, servers: decided.servers.map((each) => (each.by === user ? { ...each, by: "" } : each)) };
  }
  return channels.state(kind, uri);
}

function keyOf(repository: string | undefined): string[] {
  return repository === undefined ? [] : [repositoryKey(repository)];
}
