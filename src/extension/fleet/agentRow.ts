import * as z from "zod/mini";
import type { Translate } from "../../base/l10n.ts";
import { decode } from "../../protocol/decode.ts";
import { type FleetSummaryMeta, fleetMetaOf } from "../../protocol/fleet.ts";
import type { SessionSummary } from "../../protocol/methods.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";
import { isArchived, isRead } from "../../protocol/status.ts";
import { folderName, folderPath } from "./folders.ts";
import { attentionOf } from "./attention.ts";
import { agentKey, type FleetAgent, type FleetPullRequest, type Freshness } from "./fleetAgent.ts";

/** What one row is made of. */
export interface RowFacts {
  readonly hostId: string;
  readonly summary: SessionSummary;
  readonly freshness: Freshness;
  /** The host has the fleet plane. */
  readonly hasFleet: boolean;
  readonly requests: readonly SessionInputRequest[];
  /** Found by this product; it stands over what the host tells. */
  readonly pullRequest: FleetPullRequest | undefined;
  readonly isPending: boolean;
}

/** VS Code's conventions for `_meta`, as far as a row shows them. Hosts write what they like: a wrong shape is none. */
const GitMeta = z.looseObject({
  branchName: z.optional(z.string()),
  baseBranchName: z.optional(z.string()),
  githubOwner: z.optional(z.string()),
  githubRepo: z.optional(z.string()),
});
const GitHubMeta = z.looseObject({
  owner: z.optional(z.string()),
  repo: z.optional(z.string()),
  pullRequestUrls: z.optional(z.array(z.string())),
  pullRequestState: z.optional(z.enum(["open", "closed", "merged"])),
});

/** VS Code's own: an agent made the session. */
const CreatedBy = z.looseObject({ session: z.string() });

export function toFleetAgent(facts: RowFacts, t: Translate): FleetAgent {
  const { hostId, summary, freshness, requests, isPending } = facts;
  const fleet = fleetMetaOf(summary);
  const git = read(GitMeta, summary._meta?.["git"]);
  const gitHub = read(GitHubMeta, summary._meta?.["github"]);
  const pullRequest = facts.pullRequest ?? pullRequestOf(gitHub);
  const { attention, need } = attentionOf({ summary, requests, pullRequest, isPending });
  return {
    key: agentKey(hostId, summary.resource),
    hostId,
    session: summary.resource,
    summary,
    title: summary.title.trim() || t("Untitled agent"),
    attention,
    need,
    requests,
    freshness,
    isPending,
    isArchived: isArchived(summary.status),
    isRead: isRead(summary.status),
    provider: summary.provider,
    place: repoOf(fleet?.repository, git, gitHub) ?? summary.project?.displayName ?? folderNameOf(summary),
    repository: fleet?.repository,
    folder: fleet === undefined ? folderOf(summary) : undefined,
    canShip: facts.hasFleet,
    branch: fleet?.branch ?? git?.branchName,
    baseBranch: git?.baseBranchName,
    head: fleet?.head,
    changes: changesOf(summary),
    phase: fleet?.phase,
    queuePosition: fleet?.queue,
    isolation: fleet?.isolation === "(unknown)" ? undefined : fleet?.isolation,
    spend: fleet?.costUsd,
    budgetShare: fleet?.budgetShare,
    conflicts: fleet?.conflicts,
    openComments: fleet?.openComments,
    group: fleet?.group,
    parent: parentOf(facts, fleet),
    activity: summary.activity,
    createdAt: toMs(summary.createdAt),
    modifiedAt: toMs(summary.modifiedAt),
    pullRequest,
  };
}

function parentOf({ hostId, summary }: RowFacts, fleet: FleetSummaryMeta | undefined): string | undefined {
  const session = read(CreatedBy, summary._meta?.["agentHost/createdBySession"])?.session ?? fleet?.forkedFrom;
  return session === undefined || session === summary.resource ? undefined : agentKey(hostId, session);
}

function read<T>(schema: z.core.$ZodType<T>, value: unknown): T | undefined {
  if (value === undefined) return undefined;
  const decoded = decode(schema, value);
  return decoded.ok ? decoded.value : undefined;
}

/** The folder that the agent works in, as a path on its host. */
function folderOf({ workingDirectories }: SessionSummary): string | undefined {
  const [first] = workingDirectories ?? [];
  return first === undefined ? undefined : folderPath(first);
}

function folderNameOf({ workingDirectories }: SessionSummary): string {
  const [first] = workingDirectories ?? [];
  return first === undefined ? "" : folderName(first);
}

function changesOf({ changes }: SessionSummary): FleetAgent["changes"] {
  if (!changes) return undefined;
  return { additions: changes.additions ?? 0, deletions: changes.deletions ?? 0, files: changes.files ?? 0 };
}

function toMs(timestamp: string): number {
  const ms = Date.parse(timestamp);
  return Number.isNaN(ms) ? 0 : ms;
}

function repoOf(
  repository: string | undefined,
  git: z.infer<typeof GitMeta> | undefined,
  gitHub: z.infer<typeof GitHubMeta> | undefined,
): string | undefined {
  if (repository !== undefined) return repositoryName(repository);
  if (gitHub?.owner && gitHub.repo) return `${gitHub.owner}/${gitHub.repo}`;
  return git?.githubOwner && git.githubRepo ? `${git.githubOwner}/${git.githubRepo}` : undefined;
}

/** `owner/name` of a URL or an scp-like address, the last part of a path. */
export function repositoryName(repository: string): string {
  const bare = repository.replace(/(?<![/\\])[/\\]+$/, "").replace(/\.git$/, "");
  const remote = /^(?!file:)[a-z][a-z0-9+.-]*:\/\/[^/]+\/(.+)$/i.exec(bare) ?? /^[^/\\@]+@[^/\\:]+:(.+)$/.exec(bare);
  const parts = (remote?.[1] ?? bare).split(/[/\\]/).filter((part) => part !== "");
  return parts.slice(remote ? -2 : -1).join("/");
}

function pullRequestOf(gitHub: z.infer<typeof GitHubMeta> | undefined): FleetPullRequest | undefined {
  const url = gitHub?.pullRequestUrls?.at(-1);
  const number = /^https?:\/\/[^/]+\/[^/]+\/[^/]+\/pull\/(\d{1,9})$/.exec(url ?? "")?.[1];
  if (url === undefined || number === undefined) return undefined;
  return { url, number: Number(number), state: gitHub?.pullRequestState ?? "open" };
}
