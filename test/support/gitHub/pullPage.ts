import type { GitHubRepository, GitHubState, Pull } from "./gitHubState.ts";

export interface PullPage {
  readonly repository: GitHubRepository;
  readonly pull: Pull;
}

/** The pull request that `/OWNER/NAME/pull/NUMBER` shows. */
export function findPullPage(state: GitHubState, pathname: string): PullPage | undefined {
  const [, owner = "", name = "", number = ""] = /^\/([\w.-]+)\/([\w.-]+)\/pull\/(\d+)$/.exec(pathname) ?? [];
  const repository = state.repository(owner, name);
  const pull = repository?.pulls.get(Number(number));
  return repository === undefined || pull === undefined ? undefined : { repository, pull };
}

/** A plain page, so that "open the pull request" leads somewhere in a demonstration. */
export function renderPullPage({ repository, pull }: PullPage): string {
  const kind = pull.draft ? "Draft pull request" : "Pull request";
  const title = escapeHtml(`${pull.title} #${pull.number}`);
  const branches = escapeHtml(`${repository.owner}/${repository.name}: ${pull.head} into ${pull.base}`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<style>body { font: 16px/1.5 system-ui; max-width: 50rem; margin: 3rem auto; padding: 0 1rem } pre { white-space: pre-wrap }</style>
<h1>${title}</h1>
<p>${kind} (${pull.state}) by ${escapeHtml(pull.user.login)}, ${branches}</p>
<pre>${escapeHtml(pull.body ?? "")}</pre>
<p><small>This page is served by Muster's GitHub test server.</small></p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
