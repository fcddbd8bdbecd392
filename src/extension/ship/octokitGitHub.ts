import * as z from "zod/mini";
import type { GitHubApi } from "./gitHubApi.ts";
import {
  type CreatePullRequest,
  type ExtraChoices,
  type GitHubIssue,
  type GitHubPort,
  MERGE_METHODS,
  type PullRequest,
  type PullRequestExtras,
  type RepositoryFacts,
} from "./gitHubPort.ts";
import type { GitHubRepository } from "./gitHubServers.ts";
import { PullAnswer, toPullRequest } from "./pullAnswers.ts";

const RepositoryAnswer = z.looseObject({
  default_branch: z.string(),
  archived: z.optional(z.boolean()),
  permissions: z.optional(z.looseObject({ push: z.boolean() })),
  parent: z.nullish(
    z.looseObject({ owner: z.looseObject({ login: z.string() }), name: z.string(), default_branch: z.string() }),
  ),
  allow_squash_merge: z.optional(z.boolean()),
  allow_merge_commit: z.optional(z.boolean()),
  allow_rebase_merge: z.optional(z.boolean()),
});

const IssueAnswer = z.looseObject({
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body: z.nullish(z.string()),
});

const TreeEntry = z.looseObject({ path: z.string(), type: z.string(), sha: z.string() });
const TreeAnswer = z.looseObject({ tree: z.array(TreeEntry) });
const BlobAnswer = z.looseObject({ encoding: z.string(), content: z.string() });

const templateName = /^pull_request_template(?:\.(?:md|txt))?$/i;
const maxTemplateChars = 20_000;

/** GitHub through Octokit, as far as making a pull request goes. */
export class OctokitGitHub implements GitHubPort {
  readonly #api: GitHubApi;

  constructor(api: GitHubApi) {
    this.#api = api;
  }

  async getRepository(repository: GitHubRepository): Promise<RepositoryFacts> {
    const answer = await this.#api.ask(repository, RepositoryAnswer, (address, { rest }) => rest.repos.get(address));
    const { parent } = answer;
    const allowed = {
      squash: answer.allow_squash_merge,
      merge: answer.allow_merge_commit,
      rebase: answer.allow_rebase_merge,
    };
    return {
      defaultBranch: answer.default_branch,
      isArchived: answer.archived ?? false,
      canPush: answer.permissions?.push,
      parent: parent
        ? { owner: parent.owner.login, repo: parent.name, defaultBranch: parent.default_branch }
        : undefined,
      // Only who may push is told which are allowed.
      mergeMethods: MERGE_METHODS.filter((method) => allowed[method] ?? true),
    };
  }

  async findPullRequest(
    repository: GitHubRepository,
    headBranch: string,
    options: { readonly includeClosed?: boolean } = {},
  ): Promise<PullRequest | undefined> {
    const answer = await this.#api.ask(repository, z.array(PullAnswer), (address, { rest }) =>
      rest.pulls.list({
        ...address,
        head: headBranch.includes(":") ? headBranch : `${address.owner}:${headBranch}`,
        state: options.includeClosed === true ? "all" : "open",
        sort: "created",
        direction: "desc",
        per_page: 10,
      }),
    );
    const found = answer.find((pull) => pull.state === "open") ?? answer[0];
    return found === undefined ? undefined : toPullRequest(found);
  }

  async getPullRequest(repository: GitHubRepository, number: number): Promise<PullRequest> {
    const answer = await this.#api.ask(repository, PullAnswer, (address, { rest }) =>
      rest.pulls.get({ ...address, pull_number: number }),
    );
    return toPullRequest(answer);
  }

  async getIssue(repository: GitHubRepository, number: number): Promise<GitHubIssue> {
    const answer = await this.#api.ask(repository, IssueAnswer, (address, { rest }) =>
      rest.issues.get({ ...address, issue_number: number }),
    );
    return { number: answer.number, title: answer.title, body: answer.body ?? "", url: answer.html_url };
  }

  async getTemplate(repository: GitHubRepository, branch: string): Promise<string | undefined> {
    const root = await this.#tree(repository, branch);
    const folder = (name: string) => root.find((entry) => entry.type === "tree" && entry.path === name);
    // In the order in which GitHub looks.
    for (const place of [folder(".github"), undefined, folder("docs")]) {
      const entries = place === undefined ? root : await this.#tree(repository, place.sha);
      const file = entries.find(({ type, path }) => type === "blob" && templateName.test(path));
      if (file !== undefined) return this.#text(repository, file.sha);
    }
    return undefined;
  }

  async getExtraChoices(repository: GitHubRepository): Promise<ExtraChoices> {
    const [people, labels, milestones] = await Promise.all([
      this.#api.ask(repository, z.array(z.looseObject({ login: z.string() })), (address, { rest }) =>
        rest.issues.listAssignees({ ...address, per_page: 100 }),
      ),
      this.#api.ask(repository, z.array(z.looseObject({ name: z.string() })), (address, { rest }) =>
        rest.issues.listLabelsForRepo({ ...address, per_page: 100 }),
      ),
      this.#api.ask(
        repository,
        z.array(z.looseObject({ number: z.number(), title: z.string() })),
        (address, { rest }) => rest.issues.listMilestones({ ...address, state: "open", per_page: 100 }),
      ),
    ]);
    return {
      people: people.map(({ login }) => login),
      labels: labels.map(({ name }) => name),
      milestones: milestones.map(({ number, title }) => ({ number, title })),
    };
  }

  async createPullRequest(repository: GitHubRepository, request: CreatePullRequest): Promise<PullRequest> {
    const answer = await this.#api.ask(repository, PullAnswer, (address, { rest }) =>
      rest.pulls.create({
        ...address,
        title: request.title,
        body: request.body,
        head: request.headBranch,
        base: request.baseBranch,
        draft: request.isDraft,
        // A repeated write could double what it made; the caller looks for it first.
        request: { retries: 0 },
      }),
    );
    return toPullRequest(answer);
  }

  async setBody(repository: GitHubRepository, number: number, body: string): Promise<void> {
    await this.#api.ask(repository, z.unknown(), (address, { rest }) =>
      rest.pulls.update({ ...address, pull_number: number, body }),
    );
  }

  async addExtras(repository: GitHubRepository, number: number, extras: PullRequestExtras): Promise<void> {
    const { assignees, labels, milestone, reviewers } = extras;
    if (assignees.length + labels.length > 0 || milestone !== undefined) {
      // A pull request is an issue: one write sets all that issues have.
      await this.#api.ask(repository, z.unknown(), (address, { rest }) =>
        rest.issues.update({
          ...address,
          issue_number: number,
          ...(assignees.length > 0 && { assignees: Array.from(assignees) }),
          ...(labels.length > 0 && { labels: Array.from(labels) }),
          ...(milestone !== undefined && { milestone }),
        }),
      );
    }
    if (reviewers.length === 0) return;
    await this.#api.ask(repository, z.unknown(), (address, { rest }) =>
      rest.pulls.requestReviewers({ ...address, pull_number: number, reviewers: Array.from(reviewers) }),
    );
  }

  async #tree(repository: GitHubRepository, tree_sha: string): Promise<readonly z.infer<typeof TreeEntry>[]> {
    const { tree } = await this.#api.ask(repository, TreeAnswer, (address, { rest }) =>
      rest.git.getTree({ ...address, tree_sha }),
    );
    return tree;
  }

  async #text(repository: GitHubRepository, file_sha: string): Promise<string | undefined> {
    const { content, encoding } = await this.#api.ask(repository, BlobAnswer, (address, { rest }) =>
      rest.git.getBlob({ ...address, file_sha }),
    );
    if (encoding !== "base64") return undefined;
    return Buffer.from(content, "base64").toString("utf8").slice(0, maxTemplateChars);
  }
}
