import { type Answer, NOT_FOUND, okAnswer } from "./answers.ts";
import { CHECK_HANDLERS } from "./checkHandlers.ts";
import type { Handler, RepositoryCall, RepositoryHandler } from "./call.ts";
import { canRead, canWrite } from "./gitHubState.ts";
import { paginate } from "./paginate.ts";
import { PULL_HANDLERS } from "./pullHandlers.ts";

const REPOSITORY_HANDLERS: Readonly<Record<string, RepositoryHandler>> = {
  ...PULL_HANDLERS,
  ...CHECK_HANDLERS,
  "repos/get": async ({ resources, repository, owner, user }) =>
    okAnswer(resources.repository(repository, owner, { push: canWrite(repository, user) }, true)),
  "repos/list-branches": async ({ repository, resources, query }) => {
    const branches = paginate(await repository.git.branches(), query);
    return okAnswer(branches.map(({ name, sha }) => resources.branch(repository, name, sha)));
  },
  "repos/get-branch": async ({ repository, resources, params }) => {
    const name = params["branch"] ?? "";
    const sha = await repository.git.branch(name);
    return sha === undefined ? NOT_FOUND : okAnswer(resources.branch(repository, name, sha));
  },
  "git/get-ref": async ({ repository, resources, params }) => {
    const name = (params["ref"] ?? "").replace(/^heads\//, "");
    const sha = (params["ref"] ?? "").startsWith("heads/") ? await repository.git.branch(name) : undefined;
    return sha === undefined ? NOT_FOUND : okAnswer(resources.ref(repository, name, sha));
  },
  "git/list-matching-refs": async ({ repository, resources, params }) => {
    const prefix = (params["ref"] ?? "").replace(/^heads\//, "");
    const branches = (await repository.git.branches()).filter(({ name }) => name.startsWith(prefix));
    return okAnswer(branches.map(({ name, sha }) => resources.ref(repository, name, sha)));
  },
  "repos/get-commit": async ({ repository, resources, params }) => {
    const sha = await repository.git.resolve(params["ref"] ?? "");
    return sha === undefined ? NOT_FOUND : okAnswer(resources.commit(repository, await repository.git.commit(sha)));
  },
  "repos/compare-commits-with-basehead": compare,
  "repos/compare-commits": compare,
  "repos/get-content": async ({ repository, params, query }) => {
    const path = params["path"] ?? "";
    const file = await repository.git.file(query.get("ref") ?? repository.defaultBranch, path);
    if (file === undefined) return NOT_FOUND;
    const content = Buffer.from(file.text).toString("base64");
    const name = path.split("/").at(-1);
    return okAnswer({ type: "file", encoding: "base64", size: file.text.length, name, path, content, sha: file.sha });
  },
  "git/get-tree": async ({ repository, params }) => {
    const tree = await repository.git.tree(params["tree_sha"] ?? "");
    return tree === undefined ? NOT_FOUND : okAnswer({ ...tree, truncated: false });
  },
  "git/get-blob": async ({ repository, params }) => {
    const sha = params["file_sha"] ?? "";
    const text = await repository.git.blob(sha);
    if (text === undefined) return NOT_FOUND;
    const content = Buffer.from(text).toString("base64");
    return okAnswer({ sha, content, encoding: "base64", size: text.length });
  },
  "issues/get": async ({ repository, resources, params }) => {
    const issue = repository.issues.get(Number(params["issue_number"]));
    return issue === undefined ? NOT_FOUND : okAnswer(resources.issue(repository, issue));
  },
  "issues/list-assignees": async ({ repository, resources, state, query }) => {
    const people = state.users.filter((user) => canWrite(repository, user));
    return okAnswer(paginate(people, query).map((user) => resources.user(user)));
  },
  "issues/list-labels-for-repo": async ({ repository, resources, query }) =>
    okAnswer(paginate(repository.labels, query).map((name, index) => resources.label(repository, name, index))),
  "issues/list-milestones": async ({ repository, resources, query }) =>
    okAnswer(paginate(repository.milestones, query).map((_, index) => resources.milestone(repository, index + 1))),
};

async function compare({ repository, resources, params }: RepositoryCall): Promise<Answer> {
  const [from = "", to = ""] = params["basehead"]?.split("...") ?? [params["base"], params["head"]];
  const base = await repository.git.resolve(from);
  const head = await repository.git.resolve(to);
  if (base === undefined || head === undefined) return NOT_FOUND;
  const ahead = await repository.git.commitsBetween(base, head);
  const behind = await repository.git.commitsBetween(head, base);
  const files = await repository.git.filesBetween(base, head);
  const status =
    ahead.length > 0 && behind.length > 0
      ? "diverged"
      : ahead.length > 0
        ? "ahead"
        : behind.length > 0
          ? "behind"
          : "identical";
  return okAnswer({
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    base_commit: resources.commit(repository, await repository.git.commit(base)),
    merge_base_commit: resources.commit(
      repository,
      await repository.git.commit((await repository.git.mergeBase(base, head)) ?? base),
    ),
    commits: ahead.map((commit) => resources.commit(repository, commit)),
    files: files.map((file) => resources.file(repository, head, file)),
  });
}

/** Every operation that this GitHub answers, by the id that GitHub's description gives it. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  "users/get-authenticated": async ({ resources, user }) => okAnswer(resources.user(user)),
  "rate-limit/get": async () => {
    const core = { limit: 5_000, remaining: 4_999, reset: 0, used: 1 };
    return okAnswer({ resources: { core, search: core }, rate: core });
  },
  ...Object.fromEntries(
    Object.entries(REPOSITORY_HANDLERS).map(([id, handler]): [string, Handler] => [id, withRepository(handler)]),
  ),
};

function withRepository(handler: RepositoryHandler): Handler {
  return async (call) => {
    const repository = call.state.repository(call.params["owner"] ?? "", call.params["repo"] ?? "");
    const owner = repository === undefined ? undefined : call.state.user(repository.owner);
    if (repository === undefined || owner === undefined || !canRead(repository, call.user)) return NOT_FOUND;
    return handler({ ...call, repository, owner });
  };
}
