import * as z from "zod/mini";
import { type Answer, createdAnswer, errorAnswer, invalidPull, NOT_FOUND, okAnswer } from "./answers.ts";
import type { RepositoryCall, RepositoryHandler } from "./call.ts";
import { canWrite, type Pull } from "./gitHubState.ts";
import { mergeability, mergePull } from "./merging.ts";
import { paginate } from "./paginate.ts";

// The bodies have been checked against GitHub's description; these say only which parts the handlers use.
const CreateBody = z.looseObject({
  title: z.optional(z.string()),
  head: z.string(),
  base: z.string(),
  body: z.optional(z.nullable(z.string())),
  draft: z.optional(z.boolean()),
});
const UpdateBody = z.looseObject({
  title: z.optional(z.string()),
  body: z.optional(z.nullable(z.string())),
  state: z.optional(z.enum(["open", "closed"])),
  base: z.optional(z.string()),
});
const ReviewBody = z.looseObject({ body: z.optional(z.string()), event: z.optional(z.string()) });
const ReviewersBody = z.looseObject({ reviewers: z.optional(z.array(z.string())) });
const LabelsBody = z.union([
  z.array(z.string()),
  z.looseObject({ labels: z.array(z.union([z.string(), z.looseObject({ name: z.string() })])) }),
]);
const IssueBody = z.looseObject({
  labels: z.optional(z.array(z.string())),
  assignees: z.optional(z.array(z.string())),
  milestone: z.nullish(z.number()),
});
const CommentBody = z.looseObject({ body: z.string() });

const REVIEW_STATES = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" } as const;

async function createPull(call: RepositoryCall): Promise<Answer> {
  const { repository, user } = call;
  const body = CreateBody.parse(call.body);
  const [branch = "", owner = repository.owner] = body.head.split(":").toReversed();
  const isOwn = owner.toLowerCase() === repository.owner.toLowerCase();
  const fork = isOwn
    ? undefined
    : call.state.repositories.find((one) => one.owner === owner && one.parent === repository);
  if (!isOwn && fork === undefined) return invalidPull({ field: "head", code: "invalid" });
  const headSha = await (fork === undefined
    ? repository.git.branch(branch)
    : repository.git.takeOver(fork.git, branch));
  if (headSha === undefined) return invalidPull({ field: "head", code: "invalid" });
  const baseSha = await repository.git.branch(body.base);
  if (baseSha === undefined) return invalidPull({ field: "base", code: "invalid" });
  if (body.title === undefined || body.title.trim() === "")
    return invalidPull({ field: "title", code: "missing_field" });
  const isSame = (pull: Pull) =>
    pull.state === "open" && pull.head === branch && pull.fork === fork && pull.base === body.base;
  if ([...repository.pulls.values()].some(isSame)) {
    const message = `A pull request already exists for ${owner}:${branch}.`;
    return invalidPull({ code: "custom", message });
  }
  if ((await repository.git.commitsBetween(baseSha, headSha)).length === 0) {
    return invalidPull({ code: "custom", message: `No commits between ${body.base} and ${branch}` });
  }
  const at = new Date(call.now).toISOString();
  const pull: Pull = {
    number: Math.max(0, ...repository.pulls.keys(), ...repository.issues.keys()) + 1,
    user,
    head: branch,
    ...(fork && { fork }),
    headSha,
    base: body.base,
    title: body.title,
    body: body.body ?? null,
    state: "open",
    draft: body.draft ?? false,
    merged: false,
    createdAt: at,
    updatedAt: at,
    labels: [],
    assignees: [],
    milestone: null,
    requestedReviewers: [],
    reviews: [],
    comments: [],
    threads: [],
  };
  repository.pulls.set(pull.number, pull);
  return createdAnswer(await detailed(call, pull));
}

async function listPulls(call: RepositoryCall): Promise<Answer> {
  const { repository, query } = call;
  const state = query.get("state") ?? "open";
  const head = query.get("head");
  const base = query.get("base");
  const isWanted = (pull: Pull) =>
    (state === "all" || pull.state === state) &&
    (head === null || `${(pull.fork ?? repository).owner}:${pull.head}`.toLowerCase() === head.toLowerCase()) &&
    (base === null || pull.base === base);
  const found = [...repository.pulls.values()].filter(isWanted);
  if ((query.get("direction") ?? "desc") === "desc") found.reverse();
  return okAnswer(await Promise.all(paginate(found, query).map((pull) => short(call, pull))));
}

async function updatePull(call: RepositoryCall, pull: Pull): Promise<Answer> {
  if (!canWrite(call.repository, call.user) && pull.user !== call.user) return NOT_FOUND;
  const body = UpdateBody.parse(call.body ?? {});
  if (body.base !== undefined && (await call.repository.git.branch(body.base)) === undefined) {
    return invalidPull({ field: "base", code: "invalid" });
  }
  pull.title = body.title ?? pull.title;
  if (body.body !== undefined) pull.body = body.body;
  pull.state = body.state ?? pull.state;
  pull.base = body.base ?? pull.base;
  pull.updatedAt = new Date(call.now).toISOString();
  return okAnswer(await detailed(call, pull));
}

async function createReview(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const body = ReviewBody.parse(call.body ?? {});
  const event = z.safeParse(z.enum(["APPROVE", "REQUEST_CHANGES", "COMMENT"]), body.event);
  if (event.success && event.data === "APPROVE" && pull.user === call.user) {
    return errorAnswer(422, "Unprocessable Entity", ["Can not approve your own pull request"]);
  }
  const review = {
    id: call.state.nextId(),
    user: call.user,
    state: event.success ? REVIEW_STATES[event.data] : ("PENDING" as const),
    body: body.body ?? "",
    commitId: pull.headSha,
    submittedAt: new Date(call.now).toISOString(),
  };
  pull.reviews.push(review);
  pull.updatedAt = new Date(Math.max(call.now, Date.parse(pull.updatedAt) + 1000)).toISOString();
  return okAnswer(call.resources.review(call.repository, pull, review));
}

async function requestReviewers(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const { reviewers = [] } = ReviewersBody.parse(call.body ?? {});
  const unknown = reviewers.filter((login) => call.state.user(login) === undefined);
  if (unknown.length > 0) {
    return errorAnswer(
      422,
      "Reviews may only be requested from collaborators. One or more of the users is not a collaborator.",
    );
  }
  for (const login of reviewers) if (!pull.requestedReviewers.includes(login)) pull.requestedReviewers.push(login);
  return createdAnswer(await short(call, pull));
}

/** A pull request is an issue too. */
async function updateIssue(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const body = IssueBody.parse(call.body ?? {});
  if (!canWrite(call.repository, call.user)) return errorAnswer(403, "Must have admin rights to Repository.");
  if (body.milestone != null && call.repository.milestones[body.milestone - 1] === undefined) {
    return errorAnswer(422, "Validation Failed", [{ resource: "Issue", field: "milestone", code: "invalid" }]);
  }
  pull.labels = body.labels ?? pull.labels;
  pull.assignees = body.assignees ?? pull.assignees;
  pull.milestone = body.milestone === undefined ? pull.milestone : body.milestone;
  pull.updatedAt = new Date(call.now).toISOString();
  const { number, title, user, createdAt } = pull;
  return okAnswer(call.resources.issue(call.repository, { number, title, body: pull.body ?? "", user, createdAt }));
}

async function addLabels(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const body = LabelsBody.parse(call.body ?? []);
  const names = (Array.isArray(body) ? body : body.labels).map((label) =>
    typeof label === "string" ? label : label.name,
  );
  for (const name of names) if (!pull.labels.includes(name)) pull.labels.push(name);
  return okAnswer(pull.labels.map((name, index) => call.resources.label(call.repository, name, index)));
}

async function createComment(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const { body } = CommentBody.parse(call.body);
  const createdAt = new Date(call.now).toISOString();
  const comment = { id: call.state.nextId(), user: call.user, body, createdAt };
  pull.comments.push(comment);
  return createdAnswer(call.resources.comment(call.repository, pull, comment));
}

async function listCommits(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const base = (await call.repository.git.branch(pull.base)) ?? pull.base;
  const commits = await call.repository.git.commitsBetween(base, pull.headSha);
  return okAnswer(paginate(commits, call.query).map((commit) => call.resources.commit(call.repository, commit)));
}

async function listFiles(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const base = (await call.repository.git.branch(pull.base)) ?? pull.base;
  const files = await call.repository.git.filesBetween(base, pull.headSha);
  return okAnswer(paginate(files, call.query).map((file) => call.resources.file(call.repository, pull.headSha, file)));
}

async function short(call: RepositoryCall, pull: Pull): Promise<Record<string, unknown>> {
  const { repository, owner, resources } = call;
  const { fork } = pull;
  const headSha = await (fork ? repository.git.takeOver(fork.git, pull.head) : repository.git.branch(pull.head));
  if (headSha !== undefined && headSha !== pull.headSha && pull.state === "open") {
    pull.headSha = headSha;
    pull.updatedAt = new Date(Math.max(call.now, Date.parse(pull.updatedAt) + 1000)).toISOString();
  }
  return resources.pull(repository, owner, pull, (await repository.git.branch(pull.base)) ?? "");
}

async function detailed(call: RepositoryCall, pull: Pull): Promise<Record<string, unknown>> {
  const { git } = call.repository;
  const json = await short(call, pull);
  const base = (await git.branch(pull.base)) ?? pull.base;
  const commits = await git.commitsBetween(base, pull.headSha);
  const files = await git.filesBetween(base, pull.headSha);
  const sum = (key: "additions" | "deletions") => files.reduce((total, file) => total + file[key], 0);
  return {
    ...json,
    merged: pull.merged,
    ...(await mergeability(call.repository, pull)),
    rebaseable: true,
    merged_by: null,
    comments: pull.comments.length,
    review_comments: pull.threads.reduce((count, thread) => count + thread.comments.length, 0),
    maintainer_can_modify: false,
    commits: commits.length,
    additions: sum("additions"),
    deletions: sum("deletions"),
    changed_files: files.length,
  };
}

/** Gives a handler the pull request that the path names; pull requests are issues too. */
function withPull(handler: (call: RepositoryCall, pull: Pull) => Promise<Answer>): RepositoryHandler {
  return async (call) => {
    const number = Number(call.params["pull_number"] ?? call.params["issue_number"]);
    const pull = call.repository.pulls.get(number);
    return pull === undefined ? NOT_FOUND : handler(call, pull);
  };
}

export const PULL_HANDLERS: Readonly<Record<string, RepositoryHandler>> = {
  "pulls/create": createPull,
  "pulls/list": listPulls,
  "pulls/get": withPull(async (call, pull) => okAnswer(await detailed(call, pull))),
  "pulls/update": withPull(updatePull),
  "pulls/merge": withPull(mergePull),
  "issues/update": withPull(updateIssue),
  "pulls/list-commits": withPull(listCommits),
  "pulls/list-files": withPull(listFiles),
  "pulls/list-reviews": withPull(async ({ resources, repository, query }, pull) =>
    okAnswer(paginate(pull.reviews, query).map((review) => resources.review(repository, pull, review))),
  ),
  "pulls/create-review": withPull(createReview),
  "pulls/request-reviewers": withPull(requestReviewers),
  "issues/add-labels": withPull(addLabels),
  "issues/list-labels-on-issue": withPull(async ({ resources, repository }, pull) =>
    okAnswer(pull.labels.map((name, index) => resources.label(repository, name, index))),
  ),
  "issues/create-comment": withPull(createComment),
  "issues/list-comments": withPull(async ({ resources, repository, query }, pull) =>
    okAnswer(paginate(pull.comments, query).map((comment) => resources.comment(repository, pull, comment))),
  ),
};
