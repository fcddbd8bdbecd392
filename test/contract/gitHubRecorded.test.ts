import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as z from "zod/mini";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { GitHubApi } from "../../src/extension/ship/gitHubApi.ts";
import { defaultGitHubServer } from "../../src/extension/ship/gitHubServers.ts";
import { OctokitGitHub } from "../../src/extension/ship/octokitGitHub.ts";
import { OctokitPullRequests } from "../../src/extension/ship/octokitPullRequests.ts";
import { OctokitStandings } from "../../src/extension/ship/octokitStandings.ts";
import { FakeClock } from "../support/fakeClock.ts";

/**
 * Evidence that does not come from us: replies of api.github.com as `@octokit/fixtures` recorded them, and for what it has
 * no recording of, the examples that GitHub publishes with its description (`@octokit/openapi`).
 */
const Recorded = z.array(
  z.looseObject({
    method: z.string(),
    path: z.string(),
    status: z.number(),
    response: z.unknown(),
    headers: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
);
interface Reply {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const { resolve } = createRequire(import.meta.url);
const readJson = (file: string): unknown => JSON.parse(readFileSync(resolve(file), "utf8"));

/** By method and path; the encodings of the recording are gone with it. */
function recorded(scenario: string): Readonly<Record<string, Reply>> {
  const file = `@octokit/fixtures/scenarios/api.github.com/${scenario}/normalized-fixture.json`;
  const exchanges = Recorded.parse(readJson(file)).map(({ method, path, status, response, headers }) => {
    const kept = Object.entries(headers).filter(([name]) => !/^(?:content-(?:length|encoding)|connection)$/.test(name));
    const reply: Reply = { status, body: response, headers: Object.fromEntries(kept.map(([k, v]) => [k, String(v)])) };
    return [`${method.toUpperCase()} ${path}`, reply] as const;
  });
  return Object.fromEntries(exchanges);
}

const Description = z.looseObject({
  components: z.looseObject({ examples: z.record(z.string(), z.looseObject({ value: z.unknown() })) }),
});
const published = Description.parse(readJson("@octokit/openapi/generated/api.github.com.json")).components.examples;

function example(name: string): Reply {
  const found = published[name];
  if (found === undefined) throw new Error(`GitHub publishes no example ${name}`);
  return { body: found.value };
}

/** A GitHub that has these answers and no others. Paths are compared without their query, if the reply has none. */
async function replay(replies: Readonly<Record<string, Reply>>, name: string) {
  const [owner = "", repo = ""] = name.split("/");
  const unanswered: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const asked = `${init?.method ?? "GET"} ${pathname}`;
    const reply = replies[asked + search] ?? replies[asked];
    if (reply === undefined) unanswered.push(asked);
    const { status = 200, body, headers } = reply ?? { status: 404, body: { message: "Not Found" } };
    const type = { "content-type": "application/json; charset=utf-8" };
    return new Response(JSON.stringify(body), { status, headers: { ...type, ...headers } });
  };
  const options = { server: defaultGitHubServer, token: "t", userAgent: "muster/test", fetch, isPaced: false };
  const api = await GitHubApi.connect({ ...options, clock: new FakeClock(), logger: silentLogger, retryUnitMs: 1 });
  return { api, repository: { server: defaultGitHubServer, owner, repo }, unanswered };
}

describe("what GitHub was recorded to say", () => {
  it("is understood of a repository, and says what is left of the hour's requests", async () => {
    const { api, repository } = await replay(recorded("get-repository"), "octokit-fixture-org/hello-world");
    expect(await new OctokitGitHub(api).getRepository(repository)).toMatchObject({
      defaultBranch: "master",
      isArchived: false,
      parent: undefined,
    });
    expect(api.quota).toMatchObject({ limit: 5000 });
  });

  it("is followed to where a renamed repository is, but not with a write", async () => {
    const name = "octokit-fixture-org/rename-repository";
    const { api, repository } = await replay(recorded("rename-repository"), name);
    const before = recorded("rename-repository");
    const replies = { ...before, [`PATCH /repos/${name}/pulls/1`]: before[`PATCH /repos/${name}`] ?? { body: {} } };
    expect(await new OctokitGitHub(api).getRepository(repository)).toMatchObject({ defaultBranch: "main" });
    const other = await replay(replies, name);
    await expect(new OctokitGitHub(other.api).setBody(repository, 1, "x")).rejects.toMatchObject({
      code: "github.refused",
      message: expect.stringContaining("another name"),
    });
  });

  it("is understood of commit statuses", async () => {
    const sha = "0".repeat(39).concat("1");
    const name = "octokit-fixture-org/create-status";
    const checkRuns = {
      [`GET /repos/${name}/commits/${sha}/check-runs`]: { body: { total_count: 0, check_runs: [] } },
    };
    const { api, repository } = await replay({ ...recorded("create-status"), ...checkRuns }, name);
    const checks = await new OctokitStandings(api).readChecks(repository, sha);
    expect(checks).toMatchObject([
      { name: "example/1", state: "failed", isJob: false, summary: "create-status failure test" },
      { name: "example/2", state: "passed", url: "https://example.com" },
    ]);
  });

  it("is understood of labels", async () => {
    const name = "octokit-fixture-org/labels";
    const base = `GET /repos/${name}`;
    const rest = {
      [`${base}/assignees`]: example("simple-user-items"),
      [`${base}/milestones`]: example("milestone-items"),
    };
    const { api, repository } = await replay({ ...recorded("labels"), ...rest }, name);
    const choices = await new OctokitGitHub(api).getExtraChoices(repository);
    expect(choices.labels).toContain("bug");
    expect(choices.people).toEqual(["octocat"]);
    expect(choices.milestones).toEqual([{ number: 1, title: "v1.0" }]);
  });

  it("is a sentence that names the field when it refuses", async () => {
    const name = "octokit-fixture-org/errors";
    const [refusal] = Object.values(recorded("errors"));
    const { api, repository } = await replay({ [`PATCH /repos/${name}/issues/1`]: refusal ?? { body: {} } }, name);
    const extras = { labels: ["foo"], assignees: [], reviewers: [], milestone: undefined };
    await expect(new OctokitGitHub(api).addExtras(repository, 1, extras)).rejects.toMatchObject({
      code: "github.refused",
      message: expect.stringContaining("color: invalid"),
    });
  });

  it("is a sentence when it says that there is nothing", async () => {
    const name = "octokit-fixture-org/branch-protection";
    const { api, repository } = await replay(recorded("branch-protection"), name);
    await expect(new OctokitGitHub(api).getPullRequest(repository, 1)).rejects.toMatchObject({
      code: "github.refused",
      details: { status: 404 },
    });
  });
});

describe("what GitHub publishes as examples", () => {
  const name = "octocat/Hello-World";
  const pull = `/repos/${name}/pulls/1347`;
  const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
  const replies = {
    [`GET ${pull}`]: example("pull-request"),
    [`GET ${pull}/reviews`]: example("pull-request-review-items"),
    [`GET ${pull}/files`]: example("diff-entry-items"),
    [`GET /repos/${name}/pulls`]: example("pull-request-simple-items"),
    [`GET /repos/${name}/commits/${sha}/check-runs`]: example("check-run-paginated"),
    [`GET /repos/${name}/commits/${sha}/status`]: example("combined-commit-status"),
  };

  it("is understood of a pull request with its reviews, checks and statuses", async () => {
    const { api, repository, unanswered } = await replay(replies, name);
    const standings = new OctokitStandings(api);
    const expected = {
      pull: { number: 1347, state: "open", headBranch: "new-topic", baseBranch: "master", headCommit: sha },
      review: "approved",
      merge: "ready",
      checks: [{ name: "mighty_readme", state: "passed" }, { name: "continuous-integration/jenkins" }, {}],
    };
    expect(await standings.read(repository, 1347)).toMatchObject(expected);
    expect(await standings.readAll(repository, [1347], new Set(["new-topic"]))).toMatchObject([expected]);
    expect(await new OctokitGitHub(api).findPullRequest(repository, "new-topic")).toMatchObject({ number: 1347 });
    expect(unanswered).toEqual([]);
  });

  it("is understood of a merge, of annotations and of jobs", async () => {
    const jobs = `/repos/${name}/actions/jobs/4`;
    const { api, repository } = await replay(
      {
        ...replies,
        [`PUT ${pull}/merge`]: example("pull-request-merge-result-response-if-merge-was-successful"),
        [`GET /repos/${name}/commits/master/check-runs`]: example("check-run-paginated"),
        [`GET /repos/${name}/commits/master/status`]: example("combined-commit-status"),
        [`GET /repos/${name}/check-runs/4/annotations`]: example("check-annotation-items"),
        [`GET ${jobs}`]: example("job"),
        [`POST /repos/${name}/actions/runs/29679449/rerun-failed-jobs`]: { status: 201, body: {} },
      },
      name,
    );
    const port = new OctokitPullRequests(api, repository);
    const standing = await port.read(1347);
    const failed = standing.checks.slice(0, 1).map((check) => ({ ...check, state: "failed" as const, isJob: true }));
    // Its log is no example, and what GitHub annotates here is a warning.
    expect(await port.readFailedChecks({ ...standing, checks: failed }, false)).toMatchObject([
      { complaints: [], log: "" },
    ]);
    await port.rerun(failed);
    await port.merge(standing.pull, "merge");
  });
});
