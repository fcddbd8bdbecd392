import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { GitHubApi } from "../../src/extension/ship/gitHubApi.ts";
import type { GitHubRepository } from "../../src/extension/ship/gitHubServers.ts";
import { OctokitGitHub } from "../../src/extension/ship/octokitGitHub.ts";
import { OctokitPullRequests } from "../../src/extension/ship/octokitPullRequests.ts";
import { OctokitStandings } from "../../src/extension/ship/octokitStandings.ts";
import type { PullRequest } from "../../src/extension/ship/gitHubPort.ts";
import { FakeClock } from "../support/fakeClock.ts";
import { rateLimitAnswer } from "../support/gitHub/answers.ts";
import { type GitHubServer, startGitHub } from "../support/gitHub/gitHubServer.ts";
import type { GitHubRepository as Served, GitHubUser, Pull } from "../support/gitHub/gitHubState.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";

/** A pull request from its draft to its merge, on GitHub's contract: both directions are held against what GitHub publishes. */
const token = "life-token";
const branch = "agent/life-12345678";

let root: string;
let gitHub: GitHubServer;
let working: TestRepository;
let served: Served;
let octo: GitHubUser;
let reviewer: GitHubUser;
let api: GitHubApi;
let repository: GitHubRepository;
let pull: PullRequest;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "muster-life-"));
  gitHub = await startGitHub(root, { checksAnswers: true });
  octo = gitHub.addUser("octo", token);
  reviewer = gitHub.addUser("reviewer", "reviewer-token");
  gitHub.addUser("forker", "fork-token");
  working = await makeRepository("broken");
  await working.write(".github/PULL_REQUEST_TEMPLATE.md", "## Summary\n");
  await working.commit("A template");
  served = await gitHub.addRepository({
    owner: "octo",
    name: "library",
    from: working,
    writers: ["reviewer", "forker"],
  });
  served.labels = ["bug", "feature"];
  served.milestones = ["1.0"];
  await pushChange(served, branch, "change.txt", "one");
  repository = {
    server: { host: gitHub.host, apiUrl: gitHub.apiUrl, authProvider: "test" },
    owner: "octo",
    repo: "library",
  };
  api = await connect(token);
  pull = await new OctokitGitHub(api).createPullRequest(repository, {
    title: "Life",
    body: "",
    baseBranch: "main",
    headBranch: branch,
    isDraft: true,
  });
});

afterEach(() => {
  expect(gitHub.violations).toEqual([]);
});

afterAll(async () => {
  await gitHub.close();
  await working.dispose();
  await rm(root, { recursive: true, force: true });
});

function connect(userToken: string): Promise<GitHubApi> {
  return GitHubApi.connect({
    server: { host: gitHub.host, apiUrl: gitHub.apiUrl, authProvider: "test" },
    token: userToken,
    clock: new FakeClock(),
    logger: silentLogger,
    userAgent: "muster/test",
    // A schema of GitHub's takes a moment the first time.
    timeoutMs: 30_000,
    retryUnitMs: 1,
    isPaced: false,
  });
}

async function pushChange(to: Served, name: string, file: string, text: string, from = "main"): Promise<string> {
  await working.git("switch", "--quiet", "--force-create", name, from);
  await working.write(file, text);
  const sha = await working.commit(`Change ${file}`);
  await working.git("push", "--quiet", to.git.directory, `${name}:refs/heads/${name}`);
  return sha;
}

function hosted(): Pull {
  const found = served.pulls.get(pull.number);
  if (found === undefined) throw new Error("There is no pull request");
  return found;
}

/** Statuses of the calls that `work` makes. */
async function statusesOf(work: () => Promise<unknown>): Promise<readonly number[]> {
  const before = gitHub.calls.length;
  await work();
  return gitHub.calls.slice(before).map(({ status }) => status);
}

describe("the life of a pull request", () => {
  it("begins as a draft without checks", async () => {
    expect(await new OctokitStandings(api).read(repository, pull.number)).toMatchObject({
      pull: { number: pull.number, state: "draft" },
      checks: [],
      review: "none",
      merge: "blocked",
      isBranchDeleted: false,
    });
  });

  it("is made ready, which only GraphQL can", async () => {
    const port = new OctokitPullRequests(api, repository);
    await port.markReady(pull);
    expect(hosted().draft).toBe(false);
    expect(await port.read(pull.number)).toMatchObject({ pull: { state: "open" }, merge: "ready" });
  });

  it("costs nothing while nothing changes: every answer is a 304", async () => {
    const standings = new OctokitStandings(api);
    const read = () => standings.readAll(repository, [pull.number], new Set());
    await read();
    expect(new Set(await statusesOf(read))).toEqual(new Set([304]));
    expect(await read()).toMatchObject([{ merge: "ready" }]);
    // The list, the checks and the statuses: what tells of a change.
    expect(await statusesOf(read)).toHaveLength(3);
  });

  it("tells of red checks of both kinds, and of green ones again", async () => {
    const standings = new OctokitStandings(api);
    const read = async () => (await standings.readAll(repository, [pull.number], new Set()))[0];
    await read();
    const run = gitHub.addCheckRun(served, {
      name: "test",
      headSha: hosted().headSha,
      status: "completed",
      conclusion: "failure",
      log: "2026-01-01T00:00:00.0000000Z step one\n2026-01-01T00:00:01.0000000Z ##[error]1 test failed\n",
      workflowRun: 77,
      title: "1 failed",
      annotations: [{ path: "change.txt", line: 3, message: "expected 1" }],
    });
    served.statuses.push({ sha: hosted().headSha, context: "ci/old", state: "error", description: "broke" });
    expect(await read()).toMatchObject({
      checks: [
        { name: "test", state: "failed", isJob: true, runId: run.id, summary: "1 failed" },
        { name: "ci/old", state: "failed", isJob: false, summary: "broke" },
      ],
    });
    served.statuses.length = 0;
    expect(await read()).toMatchObject({ checks: [{ name: "test", state: "failed" }] });
  });

  it("reads what failed without giving the token to the server that keeps the logs", async () => {
    const port = new OctokitPullRequests(api, repository);
    const [failed] = await port.readFailedChecks(await port.read(pull.number), false);
    expect(failed).toMatchObject({
      blame: "own",
      log: "step one\n1 test failed",
      complaints: [{ path: "change.txt", line: 3, message: "expected 1" }],
    });
    expect(gitHub.storage.calls).toEqual([{ path: expect.stringMatching(/^\/logs\/\d+$/), authorization: undefined }]);
  });

  it("says that it is not the branch's fault when the base branch is red too", async () => {
    const base = await served.git.branch("main");
    const run = { name: "test", headSha: base ?? "", status: "completed", conclusion: "failure" } as const;
    gitHub.addCheckRun(served, run);
    const port = new OctokitPullRequests(api, repository);
    expect(await port.readFailedChecks(await port.read(pull.number), false)).toMatchObject([{ blame: "base" }]);
    served.checkRuns.pop();
    // The same commit was green once.
    served.checkRuns.unshift({ ...run, id: 1, headSha: hosted().headSha, conclusion: "success" });
    expect(await port.readFailedChecks(await port.read(pull.number), false)).toMatchObject([{ blame: "flaky" }]);
    served.checkRuns.shift();
  });

  it("runs failed jobs again", async () => {
    const port = new OctokitPullRequests(api, repository);
    const { checks } = await port.read(pull.number);
    await port.rerun(checks);
    expect(await port.read(pull.number)).toMatchObject({ checks: [{ name: "test", state: "pending" }] });
    for (const run of served.checkRuns) Object.assign(run, { status: "completed", conclusion: "success" });
    expect(await port.read(pull.number)).toMatchObject({ checks: [{ state: "passed" }], merge: "ready" });
  });

  it("tells of reviews, and that a later one of the same person counts", async () => {
    const port = new OctokitPullRequests(api, repository);
    const review = {
      id: 1,
      user: reviewer,
      body: "No.",
      commitId: hosted().headSha,
      submittedAt: "2026-01-05T09:00:00Z",
    };
    hosted().reviews.push({ ...review, state: "CHANGES_REQUESTED" });
    expect(await port.read(pull.number)).toMatchObject({ review: "changesRequested", merge: "blocked" });
    hosted().reviews.push({ ...review, id: 2, state: "COMMENTED" });
    expect(await port.read(pull.number)).toMatchObject({ review: "changesRequested" });
    hosted().reviews.push({ ...review, id: 3, body: "", state: "APPROVED" });
    expect(await port.read(pull.number)).toMatchObject({ review: "approved", merge: "ready" });
  });

  it("reads threads that are not resolved, answers them and resolves them", async () => {
    const comment = { id: 9, user: reviewer, body: "Why?", createdAt: "2026-01-05T09:00:00Z" };
    const thread = {
      id: 5,
      path: "change.txt",
      line: 1,
      diffHunk: "@@ -0,0 +1 @@\n+one",
      isResolved: false,
      isOutdated: false,
    };
    hosted().threads.push(
      { ...thread, comments: [comment] },
      { ...thread, id: 6, isResolved: true, comments: [comment] },
    );
    const port = new OctokitPullRequests(api, repository);
    const { threads, summaries } = await port.readFeedback(pull.number);
    expect(threads).toMatchObject([{ path: "change.txt", line: 1, comments: [{ author: "reviewer", body: "Why?" }] }]);
    expect(summaries.map(({ body }) => body)).toContain("No.");
    const [{ id } = { id: "" }] = threads;
    await port.reply(id, "Because.");
    await port.resolve(id);
    expect(hosted().threads[0]).toMatchObject({ isResolved: true, comments: [{}, { body: "Because.", user: octo }] });
    expect((await port.readFeedback(pull.number)).threads).toEqual([]);
    await expect(port.resolve("PRRT_404")).rejects.toMatchObject({ code: "github.refused" });
    await expect(port.readFeedback(999)).rejects.toMatchObject({ code: "github.refused" });
  });

  it("takes reviewers, labels, assignees and a milestone in two writes, and says which it has to choose from", async () => {
    const gitHubPort = new OctokitGitHub(api);
    expect(await gitHubPort.getExtraChoices(repository)).toEqual({
      people: ["octo", "reviewer", "forker"],
      labels: ["bug", "feature"],
      milestones: [{ number: 1, title: "1.0" }],
    });
    const extras = { reviewers: ["reviewer"], assignees: ["octo"], labels: ["bug"], milestone: 1 };
    expect(await statusesOf(() => gitHubPort.addExtras(repository, pull.number, extras))).toEqual([200, 201]);
    expect(hosted()).toMatchObject({
      labels: ["bug"],
      assignees: ["octo"],
      milestone: 1,
      requestedReviewers: ["reviewer"],
    });
    await expect(
      gitHubPort.addExtras(repository, pull.number, { ...extras, labels: [], milestone: 7 }),
    ).rejects.toMatchObject({ code: "github.refused", message: expect.stringContaining("milestone") });
  });

  it("finds the repository's template wherever it is", async () => {
    expect(await new OctokitGitHub(api).getTemplate(repository, "main")).toBe("## Summary");
  });

  it("finds the pull request that a branch got elsewhere, and none of a fork's branch of that name", async () => {
    await working.git("remote", "remove", "origin");
    const fork = await gitHub.addRepository({ owner: "forker", name: "library", from: working, parent: served });
    await pushChange(fork, "agent/elsewhere-1", "fork.txt", "fork");
    await pushChange(served, "agent/elsewhere-2", "own.txt", "own");
    const forker = new OctokitGitHub(await connect("fork-token"));
    const own = { ...repository, owner: "forker" };
    const { parent } = await forker.getRepository(own);
    expect(parent).toEqual({ owner: "octo", repo: "library", defaultBranch: "main" });
    const request = { title: "T", body: "", baseBranch: "main", isDraft: false };
    const made = await forker.createPullRequest(repository, { ...request, headBranch: "forker:agent/elsewhere-1" });
    expect(await forker.findPullRequest(repository, "forker:agent/elsewhere-1")).toMatchObject({ number: made.number });
    expect(await forker.findPullRequest(repository, "agent/elsewhere-1")).toBeUndefined();
    await new OctokitGitHub(api).createPullRequest(repository, { ...request, headBranch: "agent/elsewhere-2" });
    const branches = new Set(["agent/elsewhere-1", "agent/elsewhere-2"]);
    const found = await new OctokitStandings(api).readAll(repository, [], branches);
    expect(found.map((standing) => standing.pull.headBranch)).toEqual(["agent/elsewhere-2"]);
  });

  it("knows how many requests are left, and says for how long there are none", async () => {
    await new OctokitStandings(api).read(repository, pull.number);
    expect(api.quota).toMatchObject({ limit: 5000, remaining: 4999 });
    gitHub.failNext({ answer: rateLimitAnswer("octo", 1_767_229_200) });
    const late = await connect(token);
    await expect(new OctokitStandings(late).readAll(repository, [pull.number], new Set())).rejects.toMatchObject({
      code: "github.rateLimited",
      details: { retryAfterMs: 3_600_000 },
    });
  });

  it("is merged only as it was seen, by a method that the repository allows", async () => {
    const port = new OctokitPullRequests(api, repository);
    const seen = await port.read(pull.number);
    await pushChange(served, branch, "change.txt", "two", branch);
    await expect(port.merge(seen.pull, "squash")).rejects.toMatchObject({ code: "branch.moved" });
    served.mergeMethods = ["squash"];
    expect(await port.mergeMethods()).toEqual(["squash"]);
    const present = await port.read(pull.number);
    served.requiredApprovals = 2;
    await expect(port.merge(present.pull, "squash")).rejects.toMatchObject({ code: "conflict" });
    served.requiredApprovals = 0;
    await port.merge(present.pull, "squash");
    expect((await served.git.file("main", "change.txt"))?.text).toBe("two");
    expect(await port.read(pull.number)).toMatchObject({ pull: { state: "merged" }, isBranchDeleted: false });
    await served.git.deleteBranch(branch);
    expect(await port.read(pull.number)).toMatchObject({ isBranchDeleted: true });
  });

  it("is closed without being merged", async () => {
    await pushChange(served, "agent/closed-1", "closed.txt", "x");
    const made = await new OctokitGitHub(api).createPullRequest(repository, {
      title: "T",
      body: "",
      baseBranch: "main",
      headBranch: "agent/closed-1",
      isDraft: false,
    });
    const port = new OctokitPullRequests(api, repository);
    await port.close(made.number);
    expect(await port.read(made.number)).toMatchObject({ pull: { state: "closed" } });
  });
});
