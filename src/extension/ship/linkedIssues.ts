import { type GitHubRepository, webOrigin } from "./gitHubServers.ts";

/** An issue as a text may refer to it: `#12`, `owner/name#12` or its page. Never closed by that alone. */
export interface IssueReference {
  /** As a text in the pull request's repository names it: short where it is an issue of its own. */
  readonly label: string;
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

const maxReferences = 20;
const pattern =
  /(?<![\w/])(?:(https?:\/\/[^\s/]{1,100})\/)?(?:(?<![.-])([A-Za-z0-9_][A-Za-z0-9._-]{0,99})\/([A-Za-z0-9_][A-Za-z0-9._-]{0,99}))?(?:#|\/issues\/)(\d{1,9})\b/g;

/** What a text refers to, each once, in its order. @param repository whose issues `#12` means */
export function issueReferences(text: string, repository: GitHubRepository): readonly IssueReference[] {
  const found = new Map<string, IssueReference>();
  for (const [whole, origin, owner = repository.owner, repo = repository.repo, digits] of text.matchAll(pattern)) {
    const isPage = whole.includes("/issues/");
    // A page is one of that server's; without an origin it is a path and no reference.
    if (isPage ? origin !== webOrigin(repository.server) : origin !== undefined) continue;
    const number = Number(digits);
    const isOwn =
      owner.toLowerCase() === repository.owner.toLowerCase() && repo.toLowerCase() === repository.repo.toLowerCase();
    const label = isOwn ? `#${number}` : `${owner}/${repo}#${number}`;
    if (number > 0 && !found.has(label.toLowerCase())) found.set(label.toLowerCase(), { label, owner, repo, number });
    if (found.size === maxReferences) break;
  }
  return Array.from(found.values());
}

/** The lines by which GitHub closes these when the pull request is merged. */
export function closingLines(labels: readonly string[]): string {
  return labels.map((label) => `Closes ${label}`).join("\n");
}
