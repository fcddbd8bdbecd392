import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { Disposables } from "../../base/disposables.ts";
import type { ChannelHandle, Client } from "../../client/client.ts";
import type { ChangesetState } from "../../protocol/changeset.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { branchChangesetUri, fleetSessionUri, parseSessionUri, turnChangesetUri } from "../../protocol/uris.ts";
import { type ChangedFile, changedFilesOf } from "./changedFiles.ts";
import { chooseChangeset } from "./changesets.ts";

/** The part of a client that reads channels. */
export type ChannelReader = Pick<Client, "subscribe" | "hostInfo">;

interface FilesRead {
  readonly files: readonly ChangedFile[];
  /** The channel that told them. */
  readonly changeset: string;
  /** How many files there are, where that is more than the host lists. */
  readonly filesInAll: number | undefined;
}

/** What an agent's branch (or one turn of it) holds, and what the host says of the session. */
export interface BranchRead extends FilesRead {
  /** Read before `files`: its `head` is never newer than what `files` shows. */
  readonly session: FleetSessionState;
}

/** What an agent changed. */
export interface ChangesRead extends FilesRead {
  /** Facts of the fleet plane, where the host has one; read before `files`. */
  readonly fleet: FleetSessionState | undefined;
  /** What the host calls these changes, where it offers several kinds. */
  readonly label: string | undefined;
  /** The host keeps which of the files were viewed. */
  readonly keepsViewed: boolean;
}

export interface ReadOptions {
  readonly clock: Clock;
  /** Only this turn's changes. */
  readonly turnId?: string | undefined;
  /** Only what this changeset channel of the session holds. */
  readonly changeset?: string | undefined;
}

const timeoutMs = 30_000;

/** Reads an agent's changes once the host has computed them. Rejects with `notFound`, `timeout`, `host.disconnected`, or whatever the host answers. */
export async function readChanges(client: ChannelReader, session: string, options: ReadOptions): Promise<ChangesRead> {
  if (client.hostInfo?.fleet !== undefined && parseSessionUri(session) !== undefined) {
    const { session: fleet, ...read } = await readBranchChanges(client, session, options);
    return { fleet, label: undefined, keepsViewed: true, ...read };
  }
  const held = new Disposables();
  try {
    const handle = held.add(client.subscribe("session", session));
    const state = await within(handle.ready, options.clock, held);
    const { uri, label } = chosen(session, state, options.turnId);
    const changeset = held.add(client.subscribe("changeset", uri));
    const settled = await within(whenSettled(changeset, held), options.clock, held);
    const keepsViewed = state.changesets?.find(({ uriTemplate }) => uriTemplate === uri)?.capabilities?.review;
    return {
      fleet: undefined,
      label,
      keepsViewed: keepsViewed !== undefined,
      ...filesRead(uri, settled, state.workingDirectories),
    };
  } finally {
    held.dispose();
  }
}

function chosen(
  session: string,
  { changesets }: SessionState,
  turnId: string | undefined,
): { uri: string; label: string | undefined } {
  if (turnId !== undefined) {
    const entry = changesets?.find(({ changeKind }) => changeKind === "turn");
    if (entry === undefined) throw new AppError("notFound", "The host doesn't tell what one turn changed.");
    return { uri: entry.uriTemplate.replace("{turnId}", encodeURIComponent(turnId)), label: entry.label };
  }
  const whole = chooseChangeset(session, changesets, false);
  if (whole !== undefined) return whole;
  throw new AppError("branch.empty", "The host tells no changes of this agent yet. Review again when it has worked.");
}

/**
 * Reads the branch of an agent on a host with the fleet plane. Rejects with `notFound` for a session that the host does
 * not keep in git.
 */
export async function readBranchChanges(
  client: ChannelReader,
  sessionUri: string,
  options: ReadOptions,
): Promise<BranchRead> {
  const sessionId = parseSessionUri(sessionUri);
  if (sessionId === undefined) {
    throw new AppError(
      "notFound",
      "This host doesn't keep its agents' work in git. Open the agent to see its changes.",
    );
  }
  const held = new Disposables();
  try {
    const session = held.add(client.subscribe("fleetSession", fleetSessionUri(sessionId)));
    // One after the other: a head that is read first cannot claim more than the files that come after it show.
    const before = await within(session.ready, options.clock, held);
    const { turnId } = options;
    const whole = turnId === undefined ? branchChangesetUri(sessionUri) : turnChangesetUri(sessionUri, turnId);
    const uri = options.changeset ?? whole;
    const changeset = held.add(client.subscribe("changeset", uri));
    const settled = await within(whenSettled(changeset, held), options.clock, held);
    return { session: before, ...filesRead(uri, settled) };
  } finally {
    held.dispose();
  }
}

function filesRead(changeset: string, state: ChangesetState, directories?: readonly string[]): FilesRead {
  return { files: changedFilesOf(state, directories), changeset, filesInAll: fleetMeta("changeset", state)?.files };
}

async function whenSettled(changeset: ChannelHandle<ChangesetState>, held: Disposables): Promise<ChangesetState> {
  await changeset.ready;
  return new Promise((resolve, reject) => {
    const look = () => {
      const { state, error } = changeset;
      if (error !== undefined && changeset.status === "failed") reject(error);
      else if (state?.status === "ready") resolve(state);
      else if (state?.status === "error") {
        const reason = state.error?.message;
        reject(
          reason === undefined
            ? new AppError("request.rejected", "The host couldn't compute the changes and did not say why. Try again.")
            : new AppError("request.rejected", "The host couldn't compute the changes: {0}. Try again.", {
                values: [reason],
              }),
        );
      }
    };
    held.add(changeset.onDidChange(look));
    look();
  });
}

async function within<T>(work: Promise<T>, clock: Clock, held: Disposables): Promise<T> {
  const limit = new Promise<never>((_resolve, reject) => {
    const late = () => reject(new AppError("timeout", "The host took too long to compute the changes. Try again."));
    held.add(clock.setTimeout(late, timeoutMs));
  });
  return Promise.race([work, limit]);
}
