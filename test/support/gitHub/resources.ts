import type { ChangedFileInfo, CommitInfo } from "./bareRepository.ts";
import type {
  CheckRun,
  CommitStatus,
  GitHubRepository,
  GitHubUser,
  Issue,
  IssueComment,
  Pull,
  Review,
} from "./gitHubState.ts";

type Json = Record<string, unknown>;

/** Writes state as GitHub's JSON. `webUrl` is the site, `apiUrl` the API below it. */
export class Resources {
  readonly #webUrl: string;
  readonly #apiUrl: string;

  constructor(webUrl: string, apiUrl: string) {
    this.#webUrl = webUrl;
    this.#apiUrl = apiUrl;
  }

  user({ id, login }: GitHubUser): Json {
    return {
      login,
      id,
      node_id: nodeId("U", id),
      avatar_url: `${this.#webUrl}/avatars/${id}`,
      url: `${this.#apiUrl}/users/${login}`,
      html_url: `${this.#webUrl}/${login}`,
      type: "User",
      site_admin: false,
    };
  }

  repository(
    repository: GitHubRepository,
    owner: GitHubUser,
    permissions: { push: boolean },
    withParent = false,
  ): Json {
    const { id, name, isPrivate, defaultBranch } = repository;
    const fullName = `${repository.owner}/${name}`;
    return {
      id,
      node_id: nodeId("R", id),
      name,
      full_name: fullName,
      private: isPrivate,
      owner: this.user(owner),
      html_url: `${this.#webUrl}/${fullName}`,
      description: null,
      fork: repository.parent !== undefined,
      ...(withParent &&
        repository.parent && {
          parent: this.repository(repository.parent, { ...owner, login: repository.parent.owner }, permissions, false),
        }),
      url: this.#repositoryUrl(repository),
      clone_url: `${this.#webUrl}/${fullName}.git`,
      default_branch: defaultBranch,
      visibility: isPrivate ? "private" : "public",
      archived: false,
      permissions: { admin: permissions.push, push: permissions.push, pull: true },
      allow_squash_merge: repository.mergeMethods.includes("squash"),
      allow_merge_commit: repository.mergeMethods.includes("merge"),
      allow_rebase_merge: repository.mergeMethods.includes("rebase"),
    };
  }

  branch(repository: GitHubRepository, name: string, sha: string): Json {
    return { name, commit: { sha, url: `${this.#repositoryUrl(repository)}/commits/${sha}` }, protected: false };
  }

  ref(repository: GitHubRepository, name: string, sha: string): Json {
    const url = this.#repositoryUrl(repository);
    return {
      ref: `refs/heads/${name}`,
      node_id: nodeId("REF", 0),
      url: `${url}/git/refs/heads/${name}`,
      object: { sha, type: "commit", url: `${url}/git/commits/${sha}` },
    };
  }

  commit(repository: GitHubRepository, commit: CommitInfo): Json {
    const url = this.#repositoryUrl(repository);
    const { sha, tree, parents, author, message } = commit;
    return {
      sha,
      node_id: nodeId("C", 0),
      url: `${url}/commits/${sha}`,
      html_url: `${this.#webUrl}/${repository.owner}/${repository.name}/commit/${sha}`,
      commit: {
        author,
        committer: author,
        message,
        tree: { sha: tree, url: `${url}/git/trees/${tree}` },
        comment_count: 0,
      },
      author: null,
      committer: null,
      parents: parents.map((parent) => ({ sha: parent, url: `${url}/commits/${parent}` })),
    };
  }

  file(repository: GitHubRepository, sha: string, file: ChangedFileInfo): Json {
    return {
      sha,
      ...file,
      changes: file.additions + file.deletions,
      contents_url: `${this.#repositoryUrl(repository)}/contents/${file.filename}?ref=${sha}`,
    };
  }

  /** The short form that lists have; `details` adds what only a single pull request has. */
  pull(repository: GitHubRepository, owner: GitHubUser, pull: Pull, baseSha: string, details?: Json): Json {
    const url = `${this.#repositoryUrl(repository)}/pulls/${pull.number}`;
    const issueUrl = `${this.#repositoryUrl(repository)}/issues/${pull.number}`;
    const side = (of: GitHubRepository, ref: string, sha: string) => {
      const user = { ...owner, login: of.owner };
      const repo = this.repository(of, user, { push: true });
      return { label: `${of.owner}:${ref}`, ref, sha, user: this.user(user), repo };
    };
    return {
      url,
      id: repository.id * 1_000 + pull.number,
      node_id: pullNodeId(repository, pull),
      html_url: this.pullPage(repository, pull.number),
      issue_url: issueUrl,
      commits_url: `${url}/commits`,
      comments_url: `${issueUrl}/comments`,
      number: pull.number,
      state: pull.state,
      locked: false,
      title: pull.title,
      user: this.user(pull.user),
      body: pull.body,
      labels: pull.labels.map((name, index) => this.label(repository, name, index)),
      milestone: pull.milestone === null ? null : this.milestone(repository, pull.milestone),
      created_at: pull.createdAt,
      updated_at: pull.updatedAt,
      closed_at: pull.state === "closed" ? pull.updatedAt : null,
      merged_at: pull.merged ? pull.updatedAt : null,
      merge_commit_sha: null,
      assignee: null,
      assignees: pull.assignees.map((login) => ({ login, type: "User" })),
      requested_reviewers: pull.requestedReviewers.map((login) => ({ login, type: "User" })),
      requested_teams: [],
      head: side(pull.fork ?? repository, pull.head, pull.headSha),
      base: side(repository, pull.base, baseSha),
      author_association: "OWNER",
      auto_merge: null,
      draft: pull.draft,
      ...details,
    };
  }

  pullPage(repository: GitHubRepository, number: number): string {
    return `${this.#webUrl}/${repository.owner}/${repository.name}/pull/${number}`;
  }

  label(repository: GitHubRepository, name: string, index: number): Json {
    const url = `${this.#repositoryUrl(repository)}/labels/${encodeURIComponent(name)}`;
    return {
      id: repository.id * 100 + index,
      node_id: nodeId("LA", index),
      url,
      name,
      color: "ededed",
      default: false,
      description: "",
    };
  }

  milestone(repository: GitHubRepository, number: number): Json {
    const url = `${this.#repositoryUrl(repository)}/milestones/${number}`;
    const creator = { id: repository.id, login: repository.owner, token: "", scopes: [] };
    return {
      id: repository.id * 10 + number,
      number,
      url,
      title: repository.milestones[number - 1],
      state: "open",
      creator: this.user(creator),
    };
  }

  status(repository: GitHubRepository, status: CommitStatus): Json {
    const { context, description, sha, state } = status;
    return { context, description, state, url: `${this.#repositoryUrl(repository)}/statuses/${sha}`, target_url: null };
  }

  review(repository: GitHubRepository, pull: Pull, review: Review): Json {
    return {
      id: review.id,
      node_id: nodeId("PRR", review.id),
      user: this.user(review.user),
      body: review.body,
      state: review.state,
      html_url: `${this.pullPage(repository, pull.number)}#pullrequestreview-${review.id}`,
      pull_request_url: `${this.#repositoryUrl(repository)}/pulls/${pull.number}`,
      submitted_at: review.submittedAt,
      commit_id: review.commitId,
      author_association: "COLLABORATOR",
    };
  }

  issue(repository: GitHubRepository, { number, title, body, user, createdAt }: Issue): Json {
    const url = `${this.#repositoryUrl(repository)}/issues/${number}`;
    const id = repository.id * 1_000 + number;
    return {
      id,
      node_id: nodeId("I", id),
      url,
      repository_url: this.#repositoryUrl(repository),
      labels_url: `${url}/labels{/name}`,
      comments_url: `${url}/comments`,
      events_url: `${url}/events`,
      html_url: `${this.#webUrl}/${repository.owner}/${repository.name}/issues/${number}`,
      number,
      state: "open",
      title,
      body,
      user: this.user(user),
      labels: [],
      assignee: null,
      assignees: [],
      milestone: null,
      locked: false,
      comments: 0,
      closed_at: null,
      created_at: createdAt,
      updated_at: createdAt,
      author_association: "OWNER",
    };
  }

  checkRun(repository: GitHubRepository, run: CheckRun): Json {
    return {
      id: run.id,
      node_id: nodeId("CR", run.id),
      name: run.name,
      head_sha: run.headSha,
      status: run.status,
      conclusion: run.conclusion,
      url: `${this.#repositoryUrl(repository)}/check-runs/${run.id}`,
      html_url: `${this.#webUrl}/${repository.owner}/${repository.name}/runs/${run.id}`,
      details_url: null,
      external_id: "",
      output: {
        title: run.title ?? null,
        summary: null,
        text: null,
        annotations_count: run.annotations?.length ?? 0,
        annotations_url: `${this.#repositoryUrl(repository)}/check-runs/${run.id}/annotations`,
      },
      started_at: null,
      completed_at: null,
      check_suite: null,
      app: run.log === undefined ? null : { slug: "github-actions", name: "GitHub Actions" },
      pull_requests: [],
    };
  }

  comment(repository: GitHubRepository, pull: Pull, comment: IssueComment): Json {
    return {
      id: comment.id,
      node_id: nodeId("IC", comment.id),
      url: `${this.#repositoryUrl(repository)}/issues/comments/${comment.id}`,
      html_url: `${this.pullPage(repository, pull.number)}#issuecomment-${comment.id}`,
      issue_url: `${this.#repositoryUrl(repository)}/issues/${pull.number}`,
      user: this.user(comment.user),
      body: comment.body,
      created_at: comment.createdAt,
      updated_at: comment.createdAt,
      author_association: "OWNER",
    };
  }

  #repositoryUrl(repository: GitHubRepository): string {
    return `${this.#apiUrl}/repos/${repository.owner}/${repository.name}`;
  }
}

/** What GraphQL calls a pull request. */
export function pullNodeId(repository: Pick<GitHubRepository, "id">, pull: Pick<Pull, "number">): string {
  return nodeId("PR", repository.id * 1_000 + pull.number);
}

function nodeId(kind: string, id: number): string {
  return Buffer.from(`${kind}_${id}`).toString("base64url");
}
