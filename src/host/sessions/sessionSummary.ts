import type { ChangesetState } from "../../protocol/changeset.ts";
import { type FleetNeed, type FleetSessionState, META_NS } from "../../protocol/fleet.ts";
import { conflictCount, type FleetConflictsState } from "../../protocol/fleetConflicts.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { SessionSummary } from "../../protocol/methods.ts";
import { compact } from "../../protocol/schema.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { isFailed, isInProgress, STATUS, withActivity } from "../../protocol/status.ts";
import { aggregateStatus, latestModifiedAt } from "../../protocol/summary.ts";
import type { AnnotationCounts } from "./sessionAnnotations.ts";
import { repositoryUri } from "./repositoryFolders.ts";
import { ownerAndRepo, repositoryName } from "./wording.ts";

export interface SummarySources {
  readonly session: SessionState;
  readonly fleet: FleetSessionState;
  readonly changes: ChangesetState | undefined;
  /** The forecast of its repository. */
  readonly conflicts?: FleetConflictsState | undefined;
  readonly annotations?: AnnotationCounts | undefined;
}

/** The row of a session in the list, from its channels and nothing else. */
export function summaryOf({ session, fleet, changes, conflicts, annotations }: SummarySources): SessionSummary {
  const status = statusOf(session, fleet);
  const totals = changes && totalChanges(changes);
  const needs = needOf(session, fleet, status, totals?.files ?? 0);
  return compact({
    resource: fleet.session,
    provider: fleet.provider,
    title: session.title,
    status,
    activity: session.activity ?? activityOfChats(session),
    project: projectOf(fleet.repository),
    workingDirectories: session.workingDirectories,
    annotations: annotations?.info,
    createdAt: fleet.createdAt,
    modifiedAt: latestModifiedAt(session.chats, fleet.createdAt),
    changes: totals && totals.files > 0 ? totals : undefined,
    _meta: {
      ...sourceControlMeta(fleet),
      [META_NS]: compact({
        phase: fleet.phase,
        repository: fleet.repository,
        branch: fleet.branch,
        head: fleet.head,
        queue: fleet.queue?.position,
        priority: fleet.priority,
        needs,
        isolation: fleet.isolation,
        costUsd: fleet.usage.costUsd,
        budgetShare: budgetShare(fleet),
        isPaused: fleet.spend?.paused ? true : undefined,
        group: fleet.group,
        forkedFrom: fleet.forkedFrom?.session,
        openComments: annotations?.open || undefined,
        conflicts: (conflicts && conflictCount(conflicts, fleet.session)) || undefined,
      }),
    },
  });
}

/** Of the budget that will be used up first, as far as the session knows of any. */
function budgetShare({ usage, spend }: FleetSessionState): number | undefined {
  const { costUsd = 0 } = usage;
  const own = spend?.budgetUsd;
  const shares = (spend?.budgets ?? []).map(({ scope, spentUsd, limitUsd }) =>
    scope === "session" ? costUsd / (own ?? limitUsd) : spentUsd / limitUsd,
  );
  if (own !== undefined) shares.push(costUsd / own);
  return shares.length === 0 ? undefined : Math.round(Math.max(...shares) * 100) / 100;
}

/** The repository as the project that a session belongs to. */
export function projectOf(repository: string): { uri: string; displayName: string } {
  return { uri: repositoryUri(repository), displayName: repositoryName(repository) };
}

function statusOf(session: SessionState, fleet: FleetSessionState): number {
  const status = aggregateStatus(session.status, session.chats, session.defaultChat);
  return fleet.phase === "failed" && !isInProgress(status) ? withActivity(status, STATUS.error) : status;
}

/** What a working chat says that it does. */
function activityOfChats({ chats }: SessionState): string | undefined {
  return chats.find((chat) => isInProgress(chat.status) && chat.activity)?.activity;
}

/** VS Code's own keys, so that its views know the branch and the repository. */
export function sourceControlMeta(fleet: FleetSessionState): Record<string, unknown> {
  const remote = ownerAndRepo(fleet.repository);
  const isGitHub = remote?.host === "github.com";
  const git = compact({
    branchName: fleet.branch,
    baseBranchName: fleet.baseBranch,
    upstreamBranchName: fleet.pushed && `origin/${fleet.pushed.branch}`,
    hasGitHubRemote: isGitHub,
    githubOwner: isGitHub ? remote.owner : undefined,
    githubRepo: isGitHub ? remote.repo : undefined,
  });
  if (!remote) return { git };
  return { git, github: { owner: remote.owner, repo: remote.repo, pullRequestUrls: [] } };
}

function totalChanges(changes: ChangesetState): { files: number; additions: number; deletions: number } {
  const cut = fleetMeta("changeset", changes);
  if (cut) return { files: cut.files, additions: cut.additions, deletions: cut.deletions };
  let additions = 0;
  let deletions = 0;
  for (const { edit } of changes.files) {
    additions += edit.diff?.added ?? 0;
    deletions += edit.diff?.removed ?? 0;
  }
  return { files: changes.files.length, additions, deletions };
}

/** Why a person is needed; the most urgent reason only. Work that was pushed is no longer up for review. */
function needOf(session: SessionState, fleet: FleetSessionState, status: number, files: number): FleetNeed | undefined {
  const requests = session.inputNeeded ?? [];
  if (requests.some((request) => request.kind === "toolConfirmation")) return "approval";
  if (requests.some((request) => request.kind === "chatInput")) return "question";
  if (fleet.phase === "failed" || isFailed(status)) return "failure";
  if (fleet.phase !== "ready" || fleet.head === undefined || files === 0) return undefined;
  const reviewed = fleet.checkpoints.find(({ commit }) => commit === fleet.head) ?? fleet.checkpoints.at(-1);
  const isShipped = fleet.pushed !== undefined && fleet.pushed.at >= (reviewed?.createdAt ?? "");
  return isShipped ? undefined : "review";
}
