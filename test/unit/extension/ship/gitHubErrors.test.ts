import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { GitHubApi } from "../../../../src/extension/ship/gitHubApi.ts";
import { GitHubConnections } from "../../../../src/extension/ship/gitHubConnections.ts";
import { toAppError } from "../../../../src/extension/ship/gitHubErrors.ts";
import { defaultGitHubServer, parsePullRequestPage } from "../../../../src/extension/ship/gitHubServers.ts";
import { logTailFetch } from "../../../../src/extension/ship/logTailFetch.ts";
import { PRESENTATIONS } from "../../../../src/extension/platform/presentError.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

const repository = { server: defaultGitHubServer, owner: "o", repo: "r" };
const rest = (status: number, data: unknown = {}, headers: object = {}) =>
  Object.assign(new Error("x"), { status, response: { data, headers } });
const graphQl = (type: string, message = "m") =>
  Object.assign(new Error("x"), { name: "GraphqlResponseError", headers: {}, errors: [{ type, message }] });

describe("every failure of GitHub", () => {
  it.each([
    ["a refused token", rest(401), "github.noSession", "Sign in again"],
    [
      "single sign-on",
      rest(403, {}, { "x-github-sso": "required; url=https://github.com/x" }),
      "github.noSession",
      "single sign-on",
    ],
    ["no right", rest(403), "github.refused", "Ask its owner"],
    ["nothing there", rest(404), "github.refused", "cannot see it"],
    [
      "the hour's limit",
      rest(403, {}, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "3600" }),
      "github.rateLimited",
      "Try again in 60 minutes",
    ],
    ["a burst", rest(429, {}, { "retry-after": "30" }), "github.rateLimited", "30 seconds"],
    ["a broken server", rest(502), "github.unreachable", "did not answer"],
    ["no answer", Object.assign(new Error("x"), { status: 500 }), "github.unreachable", "Check the connection"],
    [
      "a wrong field",
      rest(422, { message: "Validation Failed", errors: [{ field: "base", code: "invalid" }] }),
      "github.refused",
      "base: invalid",
    ],
    ["a twin", rest(422, { errors: [{ message: "A pull request already exists for o:b." }] }), "conflict", "exists"],
    [
      "nothing to merge",
      rest(422, { errors: [{ message: "No commits between main and agent/x" }] }),
      "branch.empty",
      "Let the agent commit",
    ],
    ["a form without reasons", rest(422), "github.refused", "refused it. Correct"],
    ["an archived repository", rest(410), "github.refused", "410"],
    ["GraphQL without right", graphQl("FORBIDDEN"), "github.refused", "Ask its owner"],
    ["GraphQL of nothing", graphQl("NOT_FOUND"), "github.refused", "cannot see it"],
    ["GraphQL over the limit", graphQl("RATE_LIMITED"), "github.rateLimited", "Try again"],
    ["GraphQL that refuses", graphQl("UNPROCESSABLE", "Thread is locked"), "github.refused", "Thread is locked"],
    ["GraphQL of a strange type", graphQl("constructor", "odd"), "github.refused", "odd"],
  ] as const)("is a sentence with a button: %s", (_name, error, code, part) => {
    const failure = toAppError(error, repository, 0);
    expect(failure).toMatchObject({ code, message: expect.stringContaining(part) });
    expect(failure.message).toMatch(/^[A-Z0-9a-z].*\.$/);
    expect(PRESENTATIONS[failure.code].actions.length).toBeGreaterThan(0);
  });
});

describe("connections to GitHub", () => {
  async function world() {
    let token: string | undefined = "one";
    const asked: (string | undefined)[] = [];
    const made: string[] = [];
    const connections = new GitHubConnections({
      signIn: {
        token: async (_server, refused) => {
          asked.push(refused);
          if (token === refused) token = "two";
          return token ?? "";
        },
        silentToken: async () => token,
      },
      connect: (server, secret, onRefused) => {
        made.push(secret);
        const fetch = async () => new Response("{}", { status: 401, headers: { "content-type": "application/json" } });
        const ports = { clock: new FakeClock(), logger: silentLogger, userAgent: "t", isPaced: false, fetch };
        return GitHubApi.connect({ server, token: secret, onRefused, ...ports });
      },
    });
    return { connections, asked, made, signOut: () => (token = undefined) };
  }

  it("are one for each token, and another after the first was refused", async () => {
    const { connections, asked, made } = await world();
    const api = await connections.open(defaultGitHubServer);
    expect(await connections.openSilently(defaultGitHubServer)).toBe(api);
    await expect(
      api.ask(repository, z.unknown(), (address, { rest }) => rest.repos.get(address)),
    ).rejects.toMatchObject({
      code: "github.noSession",
    });
    expect(await connections.openSilently(defaultGitHubServer)).toBeUndefined();
    expect(await connections.open(defaultGitHubServer)).not.toBe(api);
    expect(asked).toEqual([undefined, "one"]);
    expect(made).toEqual(["one", "two"]);
  });

  it("reach nothing but the server that the settings name, GraphQL too", async () => {
    const urls: string[] = [];
    const answer = { headers: { "content-type": "application/json" } };
    const api = await GitHubApi.connect({
      server: { host: "git.example.com", apiUrl: "https://git.example.com/api/v3/", authProvider: "github-enterprise" },
      token: "secret",
      clock: new FakeClock(),
      logger: silentLogger,
      userAgent: "t",
      isPaced: false,
      fetch: async (url) => {
        urls.push(url instanceof Request ? url.url : String(url));
        return new Response('{"data":{}}', answer);
      },
    });
    await api.ask(repository, z.unknown(), (address, { rest }) => rest.repos.get(address));
    await api.askGraphQl(repository, z.unknown(), "query { viewer { login } }", {});
    expect(urls).toEqual(["https://git.example.com/api/v3/repos/o/r", "https://git.example.com/api/graphql"]);
  });

  it("are none where nobody is signed in", async () => {
    const { connections, signOut } = await world();
    signOut();
    expect(await connections.openSilently(defaultGitHubServer)).toBeUndefined();
  });
});

describe("the end of a log", () => {
  const log = `${"line\n".repeat(1_000)}the end`;
  const tail = (location: string, answer: () => Response) => {
    const heard: [string, boolean][] = [];
    const fetch = logTailFetch({
      fetch: async (input, init) => {
        heard.push([
          input instanceof Request ? input.url : input.toString(),
          new Headers(init?.headers).has("authorization"),
        ]);
        return heard.length === 1 ? new Response(null, { status: 302, headers: { location } }) : answer();
      },
      timeoutMs: 1_000,
      tailBytes: 100,
    });
    const asked = fetch("https://api.github.com/logs", { headers: { authorization: "token secret" } });
    return { asked, heard };
  };

  it("is read from where GitHub keeps it, without the token, and begins with a whole line", async () => {
    const { asked, heard } = tail("https://storage.example/1?sig=x", () => new Response(log));
    const text = await (await asked).text();
    expect(text).toMatch(/^line\n[\s\S]*the end$/);
    expect(text.length).toBeLessThanOrEqual(100);
    expect(heard).toEqual([
      ["https://api.github.com/logs", true],
      ["https://storage.example/1?sig=x", false],
    ]);
  });

  it("is not read from an address that is not safe", async () => {
    for (const location of ["http://storage.example/1", "file:///etc/passwd"]) {
      const { asked, heard } = tail(location, () => new Response(log));
      await expect(asked).rejects.toMatchObject({ code: "github.refused" });
      expect(heard).toHaveLength(1);
    }
  });

  it("is whatever the storage says when it has it no more", async () => {
    const { asked } = tail("https://storage.example/1", () => new Response("gone", { status: 410 }));
    expect((await asked).status).toBe(410);
  });
});

describe("the page of a pull request", () => {
  it.each([
    ["https://github.com/o/r/pull/7", 7],
    ["https://github.com/o/r/pull/7/files", undefined],
    ["https://github.com.evil.example/o/r/pull/7", undefined],
    ["https://github.com@evil.example/o/r/pull/7", undefined],
    ["https://github.com/../r/pull/7", undefined],
    ["javascript:alert(1)//pull/7", undefined],
  ])("is one only on a server of the settings: %s", (link, number) => {
    expect(parsePullRequestPage(link, [defaultGitHubServer])?.number).toBe(number);
  });
});
