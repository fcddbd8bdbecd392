import { toLine } from "../../../base/visibleText.ts";
import type { FleetSessionState } from "../../../protocol/fleet.ts";
import { BASE_CHECKPOINT, type FleetCheckpoint } from "../../../protocol/fleetCheckpoints.ts";
import type { TimelineEntry } from "../../../protocol/panel.ts";
import { type Teller, timeOf } from "./teller.ts";

const plain = {
  atMs: undefined,
  detail: undefined,
  tone: "plain",
  turnId: undefined,
  checkpoint: undefined,
} as const;

/** Where the agent began, by whom it was launched. */
export function beginning(fleet: FleetSessionState, { t, nameOf }: Teller): TimelineEntry {
  const { forkedFrom, createdAt, baseCommit, owner } = fleet;
  const launched = owner === undefined ? t("Launched") : t("Launched by {0}", nameOf(owner));
  return {
    ...plain,
    id: "begin",
    kind: forkedFrom ? "fork" : "note",
    atMs: timeOf(createdAt),
    title: forkedFrom ? t("Began as a copy of another agent, at checkpoint {0}", forkedFrom.checkpoint) : launched,
    detail: forkedFrom && launched,
    checkpoint: baseCommit === undefined ? undefined : "0",
  };
}

/** What the host did with the agent's files, branch, connections and budget. */
export function ofFleet(fleet: FleetSessionState, tell: Teller): readonly TimelineEntry[] {
  const { checkpoints, pushed, egress, spend, queue } = fleet;
  return [
    ...checkpoints.map((checkpoint) => ofCheckpoint(checkpoint, tell)),
    ...(pushed ? [ofPush(pushed, tell)] : []),
    ...(egress?.refused ?? []).map((refused) => ofRefused(refused, tell)),
    ...(egress?.decided ?? []).map((decided) => ofDecided(decided, tell)),
    ...(spend?.paused ? [ofPause(spend.paused, tell)] : []),
    ...(queue ? [ofQueue(queue, tell)] : []),
  ];
}

function ofCheckpoint(checkpoint: FleetCheckpoint, tell: Teller): TimelineEntry {
  const { id } = checkpoint;
  const { t } = tell;
  const why = byWhom(whyOf(checkpoint, tell), checkpoint, tell);
  return {
    ...plain,
    id: `checkpoint ${id}`,
    kind: "checkpoint",
    atMs: timeOf(checkpoint.createdAt),
    title: why === undefined ? t("Checkpoint {0}", id) : t("Checkpoint {0}, {1}", id, why),
    detail: changesOf(checkpoint, tell),
    turnId: checkpoint.turnId === "" ? undefined : checkpoint.turnId,
    checkpoint: id,
  };
}

function changesOf({ files, additions, deletions }: FleetCheckpoint, { t }: Teller): string {
  if (files === 0) return t("No file differs from the base branch");
  const lines = `+${additions} −${deletions}`;
  return files === 1 ? t("1 file changed, {0}", lines) : t("{0} files changed, {1}", files.toLocaleString("en"), lines);
}

/** Where somebody had it recorded. */
function byWhom(why: string | undefined, { id }: FleetCheckpoint, { t, who }: Teller): string | undefined {
  const { name } = who("recorded", id);
  return why === undefined || name === undefined ? why : t("{0} by {1}", why, name);
}

function whyOf({ kind, restoredFrom }: FleetCheckpoint, { t }: Teller): string | undefined {
  switch (kind) {
    case "asked":
      return t("asked for");
    case "safety":
      return t("before the files were replaced");
    case "restored":
      return restoredFrom === undefined || restoredFrom === BASE_CHECKPOINT
        ? t("files put back to the beginning")
        : t("files put back to checkpoint {0}", restoredFrom);
    case "updated":
      return t("base branch merged in");
    case "applied":
      return t("a person's changes applied");
    case "fork":
      return t("of the copy");
    case "combined":
      return t("of parts of other agents");
    default:
      return undefined;
  }
}

function ofPush(pushed: NonNullable<FleetSessionState["pushed"]>, { t, who }: Teller): TimelineEntry {
  const { name } = who("pushed", pushed.commit);
  const branch = toLine(pushed.branch, 120);
  return {
    ...plain,
    id: `push ${pushed.commit}`,
    kind: "push",
    atMs: timeOf(pushed.at),
    title: name === undefined ? t("Pushed {0}", branch) : t("{0} pushed by {1}", branch, name),
    detail: t("commit {0}", pushed.commit.slice(0, 7)),
    tone: "good",
  };
}

type Egress = NonNullable<FleetSessionState["egress"]>;

function ofRefused({ server, at, count }: Egress["refused"][number], { t }: Teller): TimelineEntry {
  return {
    ...plain,
    id: `refused ${server}`,
    kind: "egress",
    atMs: timeOf(at),
    title: t("Not let through to {0}", toLine(server, 120)),
    detail: count > 1 ? t("{0} times", count.toLocaleString("en")) : undefined,
    tone: "bad",
  };
}

function ofDecided({ server, at, decision }: Egress["decided"][number], { t, who }: Teller): TimelineEntry {
  const shown = toLine(server, 120);
  const isNever = decision === "never";
  const { name } = who("decided", server);
  const lasting = decision === "session" ? t("for this agent") : t("for this {0}", toLine(decision, 40));
  const details = [isNever ? undefined : lasting, name === undefined ? undefined : t("by {0}", name)];
  return {
    ...plain,
    id: `decided ${server}`,
    kind: "egress",
    atMs: timeOf(at),
    title: isNever ? t("Never let through to {0}", shown) : t("Let through to {0}", shown),
    detail: details.filter((detail) => detail !== undefined).join(", ") || undefined,
    tone: isNever ? "bad" : "good",
  };
}

function ofPause(paused: NonNullable<NonNullable<FleetSessionState["spend"]>["paused"]>, { t }: Teller): TimelineEntry {
  return {
    ...plain,
    id: "paused",
    kind: "budget",
    atMs: timeOf(paused.at),
    title: t("Paused: the budget of the {0} is used", paused.scope),
    tone: "waiting",
    turnId: paused.turnId,
  };
}

function ofQueue(
  { position, isAtLeast, reason }: NonNullable<FleetSessionState["queue"]>,
  { t }: Teller,
): TimelineEntry {
  return {
    ...plain,
    id: "queue",
    kind: "queue",
    title: isAtLeast
      ? t("Waits in the queue, at least number {0}", position)
      : t("Waits in the queue, number {0}", position),
    detail: reason === undefined ? undefined : toLine(reason, 200),
    tone: "waiting",
  };
}
