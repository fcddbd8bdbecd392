import { describe, expect, it } from "vitest";
import {
  apiBase,
  defaultGitHubServer,
  type GitHubServer,
  resolveGitHubRepository,
  safePageUrl,
  webOrigin,
} from "../../../../src/extension/ship/gitHubServers.ts";

const enterprise: GitHubServer = {
  host: "git.example.com",
  apiUrl: "https://git.example.com/api/v3/",
  authProvider: "github-enterprise",
};
const local: GitHubServer = { host: "127.0.0.1:4100", apiUrl: "http://127.0.0.1:4100/api/v3", authProvider: "test" };
const servers = [defaultGitHubServer, enterprise, local];

describe("the GitHub repository of a clone URL", () => {
  it.each([
    ["https://github.com/o/r", "github.com", "o/r"],
    ["https://github.com/o/r.git", "github.com", "o/r"],
    ["https://GitHub.com/o/r.js.git/", "github.com", "o/r.js"],
    ["git@github.com:o/r.git", "github.com", "o/r"],
    ["ssh://git@github.com:22/o/r.git", "github.com", "o/r"],
    ["https://git.example.com/o/r", "git.example.com", "o/r"],
    ["http://127.0.0.1:4100/o/r.git", "127.0.0.1:4100", "o/r"],
  ])("is found for %s", (url, host, name) => {
    const resolved = resolveGitHubRepository(url, servers);
    expect(resolved.ok && [resolved.value.server.host, `${resolved.value.owner}/${resolved.value.repo}`]).toEqual([
      host,
      name,
    ]);
  });

  it.each([
    "https://github.com.evil.example/o/r",
    "https://evil.example/github.com/o/r",
    "https://github.com@evil.example/o/r",
    "https://github.com:8443/o/r",
    "http://127.0.0.1:4101/o/r",
    "https://github.com/o",
    "https://github.com/o/r/tree/main",
    "https://github.com/../r",
    "https://github.com/o/-r",
    "git@github.com:/o/r",
    "file:///srv/github.com/o/r",
    "/srv/o/r",
    "C:\\o\\r",
    "",
  ])("is none for %j", (url) => {
    expect(resolveGitHubRepository(url, servers).ok).toBe(false);
  });
});

describe("addresses of a server", () => {
  it("are https, but for one that is on this machine and speaks plain http", () => {
    expect(servers.map(webOrigin)).toEqual(["https://github.com", "https://git.example.com", "http://127.0.0.1:4100"]);
    expect(apiBase(enterprise)).toBe("https://git.example.com/api/v3");
    expect(apiBase({ ...enterprise, apiUrl: "http://git.example.com/api" })).toBeUndefined();
    expect(apiBase({ ...enterprise, apiUrl: "https://me:secret@git.example.com" })).toBeUndefined();
    expect(apiBase({ ...enterprise, apiUrl: "nonsense" })).toBeUndefined();
  });

  it.each([
    [defaultGitHubServer, "https://github.com/o/r/pull/1", true],
    [local, "http://127.0.0.1:4100/o/r/pull/1", true],
    [defaultGitHubServer, "http://github.com/o/r/pull/1", false],
    [defaultGitHubServer, "https://github.com.evil.example/", false],
    [defaultGitHubServer, "https://github.com@evil.example/", false],
    [defaultGitHubServer, "https://me@github.com/", false],
    [defaultGitHubServer, "https:\\\\github.com\\o", false],
    [defaultGitHubServer, "https://github.com/\no", false],
    [defaultGitHubServer, "javascript:alert(1)", false],
    [defaultGitHubServer, "vscode://github.com/x", false],
    [local, "http://127.0.0.1:4101/", false],
  ])("open %o only for a page of its own: %j is %s", (server, link, isSafe) => {
    expect(safePageUrl(server, link) !== undefined).toBe(isSafe);
  });
});
