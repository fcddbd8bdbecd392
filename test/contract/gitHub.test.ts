import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import type { GitHubRepository, GitHubServer as ServerSetting } from "../../src/extension/ship/gitHubServers.ts";
import { resolveGitHubRepository, safePageUrl } from "../../src/extension/ship/gitHubServers.ts";
import { GitHubApi, type GitHubApiOptions } from "../../src/extension/ship/gitHubApi.ts";
import { OctokitGitHub } from "../../src/extension/ship/octokitGitHub.ts";
import { FakeClock } from "../support/fakeClock.ts";
import { errorAnswer, rateLimitAnswer, secondaryLimitAnswer } from "../support/gitHub/answers.ts";
import { type GitHubServer, startGitHub } from "../support/gitHub/gitHubServer.ts";
import type { GitHubRepository as ServedRepository } from "../support/gitHub/gitHubState.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";

const token = "contract-token";
const branch = "agent/fix-the-parser-12345678";

let root: string;
let gitHub: GitHubServer;
let working: TestRepository;
let served: ServedRepository;
let repository: GitHubRepository;
const clock = new FakeClock();

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "muster-github-"));
  gitHub = await startGitHub(root);
  gitHub.addUser("octo", token);
  gitHub.addUser("guest", "guest-token");
  working = await makeRepository("broken");
  served = await gitHub.addRepository({ owner: "octo", name: "library", from: working, isPrivate: true });
  repository = located(gitHub.cloneUrl("octo", "library"));
  for (const name of [branch, "agent/other-1"]) {
    await working.git("switch", "--quiet", "--create", name, "main");
    await working.write("change.txt", name);
    await working.commit("A change");
    await working.git("push", "--quiet", served.git.directory, name);
  }
});

afterEach(() => {
  expect(gitHub.violations).toEqual([]);
});

afterAll(async () => {
  await gitHub.close();
  await working.dispose();
  await rm(root, { recursive: true, force: true });
});

function setting(): ServerSetting {
  return { host: gitHub.host, apiUrl: gitHub.apiUrl, authProvider: "test" };
}

function located(cloneUrl: string): GitHubRepository {
  const resolved = resolveGitHubRepository(cloneUrl, [setting()]);
  if (!resolved.ok) throw new Error(`${cloneUrl} is no repository of the server`);
  return resolved.value;
}

async function connect(overrides: Partial<GitHubApiOptions> = {}) {
  const api = await GitHubApi.connect({
    server: setting(),
    token,
    clock,
    logger: silentLogger,
    userAgent: "muster/test",
    timeoutMs: 30_000,
    retryUnitMs: 1,
    isPaced: false,
    ...overrides,
  });
  return new OctokitGitHub(api);
}

const request = { title: "Fix", body: "A body with ä.", baseBranch: "main", headBranch: branch, isDraft: true };

describe("GitHub through Octokit", () => {
  it("reads a repository, creates a draft, and finds it by its branch", async () => {
    const client = await connect();
    expect(await client.getRepository(repository)).toEqual({
      defaultBranch: "main",
      isArchived: false,
      canPush: true,
      parent: undefined,
      mergeMethods: ["squash", "merge", "rebase"],
    });
    expect(await client.findPullRequest(repository, branch)).toBeUndefined();

    const created = await client.createPullRequest(repository, request);
    expect(created).toMatchObject({ state: "draft", title: "Fix", baseBranch: "main" });
    expect(created.headCommit).toBe(await served.git.branch(branch));
    expect(safePageUrl(setting(), created.url)).toBe(created.url);
    expect(served.pulls.get(created.number)).toMatchObject({ body: "A body with ä.", draft: true, head: branch });

    expect(await client.findPullRequest(repository, branch)).toEqual(created);
    expect(await client.findPullRequest(repository, "agent/none")).toBeUndefined();
    expect(await client.getPullRequest(repository, created.number)).toEqual(created);
  });

  it("reads an issue as it was written, and says when there is none", async () => {
    const { number } = gitHub.addIssue(served, { title: "It crashes", body: "On <!-- every --> start" });
    const port = await connect();
    expect(await port.getIssue(repository, number)).toMatchObject({
      number,
      title: "It crashes",
      body: "On <!-- every --> start",
      url: expect.stringMatching(new RegExp(`/octo/library/issues/${number}$`)),
    });
    await expect(port.getIssue(repository, 999)).rejects.toMatchObject({ code: "github.refused" });
  });

  it("says that there is one already instead of making a second", async () => {
    const client = await connect();
    await expect(client.createPullRequest(repository, request)).rejects.toMatchObject({ code: "conflict" });
    expect(served.pulls.size).toBe(1);
  });

  it("tells merged and closed pull requests apart, and finds closed ones only when asked to", async () => {
    const client = await connect();
    const [pull] = served.pulls.values();
    if (pull === undefined) throw new Error("There is no pull request");
    pull.state = "closed";
    expect(await client.findPullRequest(repository, branch)).toBeUndefined();
    expect(await client.findPullRequest(repository, branch, { includeClosed: true })).toMatchObject({
      state: "closed",
    });
    pull.merged = true;
    expect(await client.getPullRequest(repository, pull.number)).toMatchObject({ state: "merged" });
  });

  it("says that a branch without changes cannot become a pull request", async () => {
    await working.git("push", "--quiet", served.git.directory, "main:refs/heads/agent/empty-1");
    const client = await connect();
    await expect(
      client.createPullRequest(repository, { ...request, headBranch: "agent/empty-1" }),
    ).rejects.toMatchObject({ code: "branch.empty" });
  });

  it("says which field of the form GitHub refused", async () => {
    const client = await connect();
    await expect(
      client.createPullRequest(repository, { ...request, headBranch: "agent/other-1", baseBranch: "no-such-branch" }),
    ).rejects.toMatchObject({ code: "github.refused", message: expect.stringContaining("base") });
  });

  it.each([
    ["a token that is not known", "nonsense", "github.noSession"],
    ["an account that cannot see the repository", "guest-token", "github.refused"],
  ])("has a sentence for %s", async (_name, other, code) => {
    const client = await connect({ token: other });
    await expect(client.findPullRequest(repository, branch)).rejects.toMatchObject({ code });
  });

  it("does not wait for a rate limit that lasts, and says how long it does", async () => {
    // Octokit reads the real time for the wait; the sentence is made from ours.
    const client = await connect({ isPaced: true });
    gitHub.failNext({ answer: rateLimitAnswer("octo", Math.floor(Date.now() / 1000) + 3600) });
    await expect(client.getRepository(repository)).rejects.toMatchObject({ code: "github.rateLimited" });
    gitHub.failNext({ answer: secondaryLimitAnswer(120) });
    await expect(client.getRepository(repository)).rejects.toMatchObject({
      code: "github.rateLimited",
      message: expect.stringContaining("2 minutes"),
      details: { retryAfterMs: 120_000 },
    });
  });

  it("repeats a read that the server failed at, and never a write", async () => {
    const client = await connect();
    const count = () => gitHub.calls.length;
    let before = count();
    gitHub.failNext({ operationId: "repos/get", answer: errorAnswer(502, "Bad Gateway"), times: 2 });
    expect(await client.getRepository(repository)).toMatchObject({ defaultBranch: "main" });
    expect(count() - before).toBe(3);
    before = count();
    gitHub.failNext({ operationId: "pulls/create", answer: errorAnswer(502, "Bad Gateway") });
    await expect(
      client.createPullRequest(repository, { ...request, headBranch: "agent/other-1" }),
    ).rejects.toMatchObject({ code: "github.unreachable" });
    expect(count() - before).toBe(1);
  });
});

describe("a server that is not GitHub", () => {
  const servers: Server[] = [];

  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });

  async function hostile(listener: RequestListener): Promise<ServerSetting> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { host: `127.0.0.1:${port}`, apiUrl: `http://127.0.0.1:${port}`, authProvider: "test" };
  }

  async function ask(server: ServerSetting, timeoutMs = 20_000) {
    const client = await connect({ server, timeoutMs });
    return client.getRepository({ ...repository, server });
  }

  it("PR-5: gets no token to another origin by a redirect", async () => {
    const heard: (string | undefined)[] = [];
    const thief = await hostile((incoming, response) => {
      heard.push(incoming.headers.authorization);
      response.end("{}");
    });
    let asked = 0;
    const server = await hostile((_incoming, response) => {
      asked++;
      response.writeHead(302, { location: `${thief.apiUrl}/repos` });
      response.end();
    });
    await expect(ask(server)).rejects.toMatchObject({ code: "github.refused" });
    expect(heard).toEqual([]);
    expect(asked).toBe(1);
  });

  it("PR-5: gets no token to another origin by a redirect of what is written, nor is that written twice", async () => {
    const heard: string[] = [];
    const thief = await hostile((incoming, response) => {
      heard.push(`thief ${incoming.headers.authorization}`);
      response.end("{}");
    });
    const server = await hostile((incoming, response) => {
      heard.push(`${incoming.method}`);
      response.writeHead(307, { location: `${thief.apiUrl}/repos` }).end();
    });
    const client = await connect({ server });
    await expect(client.createPullRequest({ ...repository, server }, request)).rejects.toMatchObject({
      code: "github.refused",
    });
    expect(heard).toEqual(["POST"]);
  });

  it("PR-5: takes no longer for headers that are made to be slow to read", async () => {
    const evil = `${"<".repeat(5_000)}${",".repeat(5_000)}${' ; rel="deprecation"'.repeat(200)}`;
    const server = await hostile((_incoming, response) => {
      response.writeHead(200, { "content-type": "application/json", link: evil, deprecation: "true", sunset: "," });
      response.end(JSON.stringify({ default_branch: "trunk" }));
    });
    const started = performance.now();
    expect(await ask(server)).toMatchObject({ defaultBranch: "trunk" });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it("PR-5: is heard no further than any real answer goes, packed or not", async () => {
    const page = gzipSync(Buffer.alloc(64 << 20, " "));
    let sent = 0;
    const endless = await hostile((_incoming, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 500 << 20 });
      const more = () => {
        while (!response.destroyed && sent < 500 << 20) {
          sent += 1 << 20;
          if (!response.write(Buffer.alloc(1 << 20, " "))) break;
        }
      };
      response.on("drain", more);
      more();
    });
    const packed = await hostile((_incoming, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(page);
    });
    const started = performance.now();
    for (const server of [endless, packed])
      await expect(ask(server)).rejects.toMatchObject({ code: "github.unreachable" });
    expect(sent).toBeLessThan(64 << 20);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("PR-5: is given up on in time when its answer comes byte by byte", async () => {
    const server = await hostile((_incoming, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
    });
    const started = performance.now();
    await expect(ask(server, 300)).rejects.toMatchObject({ code: "github.unreachable" });
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it("may redirect within itself, as GitHub does for a renamed repository", async () => {
    const server = await hostile((incoming, response) => {
      if (incoming.url === "/moved") {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ default_branch: "trunk" }));
      } else {
        response.writeHead(301, { location: "/moved" });
        response.end();
      }
    });
    expect(await ask(server)).toMatchObject({ defaultBranch: "trunk" });
  });

  it("PR-5: cannot lead around in circles", async () => {
    const server = await hostile((_incoming, response) => {
      response.writeHead(302, { location: "/again" });
      response.end();
    });
    await expect(ask(server)).rejects.toMatchObject({ code: "github.refused" });
  });

  it("PR-5: is given up on after one time-out", async () => {
    let asked = 0;
    const server = await hostile(() => void asked++);
    await expect(ask(server, 300)).rejects.toMatchObject({
      code: "github.unreachable",
      message: expect.stringContaining("too long"),
    });
    expect(asked).toBe(1);
  });

  it.each<readonly [string, RequestListener]>([
    [
      "answers with a page",
      (_incoming, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hi</h1>"),
    ],
    [
      "answers with other JSON",
      (_incoming, response) => void response.writeHead(200, { "content-type": "application/json" }).end("[1]"),
    ],
    [
      "answers without end",
      (_incoming, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        const more = () => {
          while (response.write(Buffer.alloc(1 << 20, "x")));
        };
        response.on("drain", more);
        more();
      },
    ],
    ["hangs up", (incoming) => void incoming.socket.destroy()],
  ])("PR-5: is a plain sentence when it %s", async (_name, listener) => {
    const server = await hostile(listener);
    await expect(ask(server)).rejects.toMatchObject({ code: "github.unreachable" });
  });
});
