import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { toLine } from "../../base/visibleText.ts";
import { BASE_CHECKPOINT } from "../../protocol/fleetCheckpoints.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import { readChanges } from "../fleet/sessionChanges.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { OpenReview, ReviewScope } from "./openReview.ts";
import { commitName } from "./revisionText.ts";
import { type Snapshots, takeSnapshots } from "./snapshots.ts";

export interface ReadReviewPorts {
  readonly hosts: Pick<HostConnectionsView, "client">;
  readonly clock: Clock;
  readonly snapshots: Snapshots;
  /** The agent's title as the list shows it. */
  readonly titleOf: (target: AgentTarget) => string;
}

/**
 * What the scope holds at this moment.
 * @param isWanted which files are going to be shown: no other live file is read.
 */
export async function readReview(
  { hosts, clock, snapshots, titleOf }: ReadReviewPorts,
  target: AgentTarget,
  scope: ReviewScope,
  isWanted?: (file: ChangedFile) => boolean,
): Promise<OpenReview> {
  const client = hosts.client(target.hostId);
  const changeset = await comparisonOf(client, target, scope);
  const turnId = scope.kind === "turn" ? scope.turnId : undefined;
  const read = await readChanges(client, target.session, { clock, turnId, changeset });
  const { fleet, label, files } = read;
  const atMs = clock.now();
  const ids = await takeSnapshots(client, isWanted ? files.filter(isWanted) : files, snapshots);
  return {
    target,
    scope,
    changeset: read.changeset,
    keepsViewed: read.keepsViewed,
    filesInAll: read.filesInAll,
    changes: {
      title: titleOf(target),
      ...endsOf(fleet, scope),
      isMoving: scope.kind === "branch" && (fleet?.phase === "working" || fleet?.phase === "provisioning"),
      snapshot: fleet === undefined ? { label, atMs, ids } : undefined,
      files,
    },
  };
}

async function comparisonOf(
  client: ReturnType<ReadReviewPorts["hosts"]["client"]>,
  { session }: AgentTarget,
  scope: ReviewScope,
): Promise<string | undefined> {
  if (scope.kind === "branch" || scope.kind === "turn") return undefined;
  const { from, to } = scope;
  return (await client.request("x-fleet/compare", { channel: session, from, to })).changeset;
}

/** The commits on both sides, as far as they are known. */
function endsOf(
  fleet: FleetSessionState | undefined,
  scope: ReviewScope,
): { baseCommit: string | undefined; head: string | undefined } {
  const commitOf = (id: string) =>
    id === BASE_CHECKPOINT ? fleet?.baseCommit : fleet?.checkpoints.find((checkpoint) => checkpoint.id === id)?.commit;
  switch (scope.kind) {
    case "branch":
      return { baseCommit: fleet?.baseCommit, head: fleet?.head };
    case "turn":
      return {
        baseCommit: undefined,
        head: fleet?.checkpoints.findLast(({ turnId }) => turnId === scope.turnId)?.commit,
      };
    case "checkpoints":
    case "sinceReview":
    default:
      return { baseCommit: commitOf(scope.from), head: commitOf(scope.to) };
  }
}

/**
 * From the commit that was reviewed to the latest checkpoint. Throws `branch.empty` when that is the same, `notFound` when
 * the host keeps the commit no more.
 */
export function sinceReview(fleet: FleetSessionState, commit: string): ReviewScope {
  const latest = fleet.checkpoints.at(-1);
  if (latest === undefined || commit === fleet.head) {
    const values = [toLine(commitName(commit))];
    throw new AppError("branch.empty", "Nothing has changed since your last review ({0}).", { values });
  }
  const from = checkpointOf(fleet, commit);
  if (from === undefined) {
    throw new AppError(
      "notFound",
      "The host no longer keeps the commit that you reviewed last. Review the whole branch instead.",
    );
  }
  return { kind: "sinceReview", commit, from, to: latest.id };
}

/** The id of the checkpoint that holds this commit. */
export function checkpointOf({ baseCommit, checkpoints }: FleetSessionState, commit: string): string | undefined {
  return commit === baseCommit ? BASE_CHECKPOINT : checkpoints.find((each) => each.commit === commit)?.id;
}
