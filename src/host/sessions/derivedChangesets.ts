import { AppError } from "../../base/appError.ts";
import { compareChangesetUri, parseChangesetUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import type { ResultOf } from "../../protocol/methods.ts";
import { totalsOf } from "../workspaces/changes.ts";
import type { ChangedFile, Workspace } from "../workspaces/workspace.ts";
import { beforeTurn, commitAfter } from "./checkpointPlaces.ts";
import { changesetOf } from "./changesetFiles.ts";
import type { SessionRefs } from "./sessionRefs.ts";

interface OpenSession {
  readonly refs: SessionRefs;
  workspace(): Promise<Workspace>;
}

/**
 * Changesets between two recorded states, made when somebody asks for them: both states are commits, so what is made once
 * stays true. They are listed nowhere and end with their session.
 */
export class DerivedChangesets {
  readonly #channels: Channels;
  readonly #session: (uri: string) => OpenSession | undefined;

  constructor(channels: Channels, session: (uri: string) => OpenSession | undefined) {
    this.#channels = channels;
    this.#session = session;
  }

  /** Makes the channel of a comparison, or of a turn that changed nothing. False for any other URI. */
  async make(uri: string): Promise<boolean> {
    const wanted = parseChangesetUri(uri);
    const session = wanted && this.#session(wanted.session);
    if (!session || wanted.kind === "branch") return false;
    const workspace = await session.workspace();
    const ends =
      wanted.kind === "compare" ? commitsOf(workspace, wanted.from, wanted.to) : turnOf(workspace, wanted.turnId);
    if (!ends) return false;
    this.#create(uri, session, await workspace.changes(ends.from, ends.to));
    return true;
  }

  /** Throws `notFound` for an id that names no recorded state. */
  async compare(session: OpenSession, from: string, to: string): Promise<ResultOf<"x-fleet/compare">> {
    const workspace = await session.workspace();
    const ends = commitsOf(workspace, from, to);
    if (!ends)
      throw new AppError(
        "notFound",
        "One of the two is no checkpoint and no turn of this agent. It may have been given up for later ones.",
      );
    const changed = await workspace.changes(ends.from, ends.to);
    const changeset = compareChangesetUri(session.refs.session, from, to);
    if (!(await this.#channels.load(changeset))) this.#create(changeset, session, changed);
    return { changeset, ...totalsOf(changed) };
  }

  /** All changesets of a session that ended, those of its turns too. */
  async removeOf(session: string): Promise<void> {
    for (const uri of await this.#channels.known(`${session}/changeset/`)) {
      if (await this.#channels.load(uri)) this.#channels.remove(uri);
    }
  }

  #create(uri: string, { refs }: OpenSession, changed: readonly ChangedFile[]): void {
    if (this.#channels.isLoaded(uri)) return;
    this.#channels.create(uri, "changeset", { status: "ready", ...changesetOf(refs.id, changed) });
  }
}

interface Ends {
  readonly from: string;
  readonly to: string;
}

function commitsOf(workspace: Workspace, from: string, to: string): Ends | undefined {
  const [a, b] = [commitAfter(workspace, from), commitAfter(workspace, to)];
  return a === undefined || b === undefined ? undefined : { from: a, to: b };
}

function turnOf(workspace: Workspace, turnId: string): Ends | undefined {
  const to = commitAfter(workspace, turnId);
  return to === undefined ? undefined : { from: beforeTurn(workspace, turnId), to };
}
