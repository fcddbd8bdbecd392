import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rateLimitAnswer, secondaryLimitAnswer } from "../support/gitHub/answers.ts";
import { type GitHubServer, startGitHub } from "../support/gitHub/gitHubServer.ts";
import type { GitHubRepository } from "../support/gitHub/gitHubState.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import { runGit, type TestRepository } from "../support/repositories/testRepository.ts";

const OWNER = { owner: "octo", repo: "arithmetic" };
const TOKEN = "token-of-octo";

let root: string;
let gitHub: GitHubServer;
let repository: TestRepository;
let hosted: GitHubRepository;
let octokit: Octokit;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "muster-github-"));
  gitHub = await startGitHub(root);
  gitHub.addUser("octo", TOKEN);
  gitHub.addUser("reader", "token-of-reader");
  repository = await makeRepository("broken");
  hosted = await gitHub.addRepository({ owner: "octo", name: "arithmetic", from: repository });
  octokit = connect(TOKEN);
});

afterEach(async () => {
  await gitHub.close();
  await repository.dispose();
  await rm(root, { recursive: true, force: true });
});

function connect(token: string): Octokit {
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return new Octokit({ auth: token, baseUrl: gitHub.apiUrl, log: silent });
}

/** Commits a change on a branch and pushes it over HTTP as a holder of the token. */
async function pushBranch(branch: string, token = TOKEN): Promise<string> {
  await repository.git("checkout", "--quiet", "-B", branch);
  await repository.write("NOTES.md", `notes of ${branch}\n`);
  const commit = await repository.commit("Add notes");
  await repository.git("push", "--quiet", urlWith(token), `HEAD:refs/heads/${branch}`);
  return commit;
}

/** @param token "" for none */
function urlWith(token: string): string {
  const url = gitHub.cloneUrl("octo", "arithmetic");
  return token === "" ? url : url.replace("http://", `http://x-access-token:${token}@`);
}

describe("pull requests", () => {
  const draft = { ...OWNER, title: "Notes", body: "Some notes.", head: "agent/notes", base: "main", draft: true };

  test("a draft is created from a pushed branch, found by its head and updated", async () => {
    const commit = await pushBranch("agent/notes");
    const { data: created } = await octokit.rest.pulls.create(draft);
    expect(created).toMatchObject({ number: 1, draft: true, state: "open", commits: 1, changed_files: 1 });
    expect(created.head).toMatchObject({ sha: commit, label: "octo:agent/notes" });
    const { data: found } = await octokit.rest.pulls.list({ ...OWNER, head: "octo:agent/notes", state: "open" });
    expect(found.map(({ number }) => number)).toEqual([1]);
    await octokit.rest.pulls.update({ ...OWNER, pull_number: 1, body: "More." });
    expect((await octokit.rest.pulls.get({ ...OWNER, pull_number: 1 })).data.body).toBe("More.");
    expect(gitHub.violations).toEqual([]);
  });

  test("a second one from the same branch is refused in GitHub's words", async () => {
    await pushBranch("agent/notes");
    await octokit.rest.pulls.create(draft);
    await expect(octokit.rest.pulls.create(draft)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("A pull request already exists for octo:agent/notes."),
    });
    expect(gitHub.violations).toEqual([]);
  });

  test("a branch without commits of its own is refused in GitHub's words", async () => {
    await repository.git("push", "--quiet", urlWith(TOKEN), "main:refs/heads/agent/notes");
    await expect(octokit.rest.pulls.create(draft)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("No commits between main and agent/notes"),
    });
  });

  test("a branch that was never pushed is an invalid head", async () => {
    await expect(octokit.rest.pulls.create(draft)).rejects.toMatchObject({
      status: 422,
      response: { data: { errors: [{ resource: "PullRequest", field: "head", code: "invalid" }] } },
    });
  });

  test("it takes reviews, reviewers, labels, comments and check runs", async () => {
    const headSha = await pushBranch("agent/notes");
    await octokit.rest.pulls.create(draft);
    const reader = connect("token-of-reader");
    await octokit.rest.pulls.requestReviewers({ ...OWNER, pull_number: 1, reviewers: ["reader"] });
    await reader.rest.pulls.createReview({ ...OWNER, pull_number: 1, event: "APPROVE", body: "Good." });
    await octokit.rest.issues.addLabels({ ...OWNER, issue_number: 1, labels: ["agent"] });
    await octokit.rest.issues.createComment({ ...OWNER, issue_number: 1, body: "Thanks." });
    gitHub.addCheckRun(hosted, { name: "test", headSha, status: "completed", conclusion: "success" });
    const { data: pull } = await octokit.rest.pulls.get({ ...OWNER, pull_number: 1 });
    expect(pull.labels.map(({ name }) => name)).toEqual(["agent"]);
    expect(pull.comments).toBe(1);
    const { data: reviews } = await octokit.rest.pulls.listReviews({ ...OWNER, pull_number: 1 });
    expect(reviews.map(({ state }) => state)).toEqual(["APPROVED"]);
    const { data: checks } = await octokit.rest.checks.listForRef({ ...OWNER, ref: "agent/notes" });
    expect(checks.check_runs.map(({ conclusion }) => conclusion)).toEqual(["success"]);
    expect(gitHub.violations).toEqual([]);
  });

  test("each has a page to look at", async () => {
    await pushBranch("agent/notes");
    const { data } = await octokit.rest.pulls.create({ ...draft, title: "<b>Notes</b>" });
    const page = await (await fetch(data.html_url)).text();
    expect(page).toContain("&lt;b>Notes&lt;/b> #1");
  });
});

describe("the contract", () => {
  test("branches with slashes are found, by encoded and by plain names", async () => {
    await pushBranch("agent/notes");
    expect((await octokit.rest.repos.getBranch({ ...OWNER, branch: "agent/notes" })).data.name).toBe("agent/notes");
    expect((await octokit.rest.git.getRef({ ...OWNER, ref: "heads/agent/notes" })).data.ref).toBe(
      "refs/heads/agent/notes",
    );
    const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...OWNER, basehead: "main...agent/notes" });
    expect(data).toMatchObject({ status: "ahead", ahead_by: 1 });
    expect(gitHub.violations).toEqual([]);
  });

  test.each([
    ["a missing property", { title: "t", base: "main" }, "head"],
    ["a wrong type", { title: "t", head: "a", base: "main", draft: "yes" }, "draft"],
    ["an unknown property", { title: "t", head: "a", base: "main", reviewers: ["x"] }, "reviewers"],
  ])("a body with %s is a violation", async (_, body, problem) => {
    const request = octokit.request("POST /repos/octo/arithmetic/pulls", body);
    await expect(request).rejects.toMatchObject({ status: 422 });
    expect(gitHub.violations.flatMap(({ problems }) => problems).join()).toContain(problem);
  });

  test("an unknown path, an unknown query and a wrong version of the API are violations", async () => {
    await expect(octokit.request("GET /repos/octo/arithmetic/pullz")).rejects.toMatchObject({ status: 404 });
    await expect(octokit.request("GET /repos/octo/arithmetic/pulls?color=red")).rejects.toMatchObject({ status: 422 });
    const headers = { "x-github-api-version": "1999-01-01" };
    await expect(octokit.request("GET /user", { headers })).rejects.toMatchObject({ status: 400 });
    expect(gitHub.violations).toHaveLength(3);
  });

  test("a bad token is 401, a foreign private repository is 404", async () => {
    await expect(connect("wrong").rest.users.getAuthenticated()).rejects.toMatchObject({ status: 401 });
    const other = await makeRepository("package");
    await gitHub.addRepository({ owner: "octo", name: "secret", from: other, isPrivate: true });
    await other.dispose();
    const secret = { owner: "octo", repo: "secret" };
    await expect(connect("token-of-reader").rest.repos.get(secret)).rejects.toMatchObject({ status: 404 });
    expect((await octokit.rest.repos.get(secret)).data.private).toBe(true);
    expect(gitHub.violations).toEqual([]);
  });

  test("an injected failure is answered once", async () => {
    gitHub.failNext({ operationId: "users/get-authenticated", answer: rateLimitAnswer("octo", 2_000_000_000) });
    await expect(octokit.rest.users.getAuthenticated()).rejects.toMatchObject({
      status: 403,
      response: { headers: { "x-ratelimit-remaining": "0" } },
    });
    expect((await octokit.rest.users.getAuthenticated()).data.login).toBe("octo");
  });

  test("a burst of writes is told when to come back", async () => {
    gitHub.failNext({ answer: secondaryLimitAnswer(7) });
    const headers = { "retry-after": "7" };
    await expect(octokit.rest.repos.get(OWNER)).rejects.toMatchObject({ status: 403, response: { headers } });
  });
});

describe("git over HTTP", () => {
  test("a public repository is cloned without a token", async () => {
    await runGit(root, ["clone", "--quiet", gitHub.cloneUrl("octo", "arithmetic"), "clone"]);
    expect(await runGit(path.join(root, "clone"), ["rev-parse", "HEAD"])).toBe(await repository.head());
  });

  test("a private repository is cloned only with a token of one who may read it", async () => {
    await gitHub.addRepository({ owner: "octo", name: "secret", from: await makeRepositoryLike(), isPrivate: true });
    const url = gitHub.cloneUrl("octo", "secret");
    await expect(runGit(root, ["clone", "--quiet", url, "a"])).rejects.toThrow("could not read Username");
    const foreign = url.replace("http://", "http://x-access-token:token-of-reader@");
    await expect(runGit(root, ["clone", "--quiet", foreign, "b"])).rejects.toThrow("Authentication failed");
    await runGit(root, ["clone", "--quiet", url.replace("http://", `http://x-access-token:${TOKEN}@`), "c"]);
  });

  test("a push needs a token with the right to write", async () => {
    await expect(pushBranch("agent/a", "")).rejects.toThrow("could not read Username");
    await expect(pushBranch("agent/b", "wrong")).rejects.toThrow("Authentication failed");
    await expect(pushBranch("agent/c", "token-of-reader")).rejects.toThrow("403");
    const commit = await pushBranch("agent/d");
    expect(await hosted.git.branch("agent/d")).toBe(commit);
    expect(await hosted.git.branches()).toHaveLength(2);
  });

  test("pushes are refused with the server's message until they are allowed again", async () => {
    await gitHub.refusePushes(hosted, "This branch is frozen.");
    await expect(pushBranch("agent/a")).rejects.toThrow("This branch is frozen.");
    await gitHub.refusePushes(hosted, undefined);
    await pushBranch("agent/a");
  });

  async function makeRepositoryLike(): Promise<TestRepository> {
    return makeRepository("package", path.join(root, "work"));
  }
});
