import { err, ok, type Result } from "../../base/result.ts";

/** One GitHub: github.com or an own server. The shape of an entry of the setting `muster.github.servers`. */
export interface GitHubServer {
  /** As repositories' URLs name it, with the port if there is one. */
  readonly host: string;
  readonly apiUrl: string;
  /** Id of the VS Code authentication provider that signs people in. */
  readonly authProvider: string;
}

export const defaultGitHubServer: GitHubServer = {
  host: "github.com",
  apiUrl: "https://api.github.com",
  authProvider: "github",
};

/** The least that may push to a private repository and open a pull request in it. */
export const gitHubScopes: readonly string[] = ["repo"];

export interface GitHubRepository {
  readonly server: GitHubServer;
  readonly owner: string;
  readonly repo: string;
}

/** What GitHub accepts in names of owners and repositories. */
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
const scpPattern = /^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+):(?!\/)(.+)$/;

interface Location {
  readonly host: string;
  readonly path: string;
}

function locate(repository: string): Location | undefined {
  if (URL.canParse(repository) && repository.includes("://")) {
    const url = new URL(repository);
    // The port of an SSH daemon says nothing about the web host, which is what the setting names.
    if (url.protocol === "ssh:") return { host: url.hostname.toLowerCase(), path: url.pathname };
    if (url.protocol === "https:" || url.protocol === "http:") return { host: url.host, path: url.pathname };
    return undefined;
  }
  const scp = scpPattern.exec(repository);
  return scp === null ? undefined : { host: scp[1]?.toLowerCase() ?? "", path: `/${scp[2] ?? ""}` };
}

/**
 * The GitHub repository that a clone URL names (https, http, ssh and `git@host:owner/repo`). Hosts are compared whole:
 * `github.com.example` is not `github.com`.
 */
export function resolveGitHubRepository(
  repository: string,
  servers: readonly GitHubServer[],
): Result<GitHubRepository, "notGitHub"> {
  const location = locate(repository.trim());
  const server = servers.find((candidate) => candidate.host.toLowerCase() === location?.host);
  if (location === undefined || server === undefined) return err("notGitHub");
  const [owner, name, ...rest] = location.path.replace(/^\/|\/$/g, "").split("/");
  const repo = name?.replace(/\.git$/, "");
  if (owner === undefined || repo === undefined || rest.length > 0) return err("notGitHub");
  if (!namePattern.test(owner) || !namePattern.test(repo)) return err("notGitHub");
  return ok({ server, owner, repo });
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** Where a server's pages are. Always https, but for a server on this machine whose API is plain http, too. */
export function webOrigin(server: GitHubServer): string {
  const api = new URL(server.apiUrl);
  const isPlain =
    api.protocol === "http:" && isLoopback(api.hostname) && isLoopback(new URL(`http://${server.host}`).hostname);
  return `${isPlain ? "http" : "https"}://${server.host}`;
}

/** The API's address without a trailing slash; `undefined` if it is no address that a token may be sent to. */
export function apiBase(server: GitHubServer): string | undefined {
  if (!URL.canParse(server.apiUrl)) return undefined;
  const url = new URL(server.apiUrl);
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  if (!isSafe || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return undefined;
  return url.href.replace(/(?<!\/)\/+$/, "");
}

/** A link that may be opened for a pull request: on the server's own pages, without credentials in it. */
export function safePageUrl(server: GitHubServer, link: string): string | undefined {
  if (!URL.canParse(link) || /[\\\p{Cc}\s]/u.test(link)) return undefined;
  const url = new URL(link);
  const isOwn = url.origin === new URL(webOrigin(server)).origin && url.username === "" && url.password === "";
  return isOwn ? url.href : undefined;
}

/** A pull request by its place. */
export interface PullRequestPlace {
  readonly repository: GitHubRepository;
  readonly number: number;
}

/** The pull request whose page this is, on one of the servers. */
export function parsePullRequestPage(link: string, servers: readonly GitHubServer[]): PullRequestPlace | undefined {
  const server = servers.find((candidate) => safePageUrl(candidate, link) !== undefined);
  const [, page, number] = /^(.*)\/pull\/(\d{1,9})$/.exec(link) ?? [];
  if (server === undefined || page === undefined) return undefined;
  const resolved = resolveGitHubRepository(page, servers);
  return resolved.ok ? { repository: resolved.value, number: Number(number) } : undefined;
}

/** What `resolveGitHubRepository` makes the repository of again. */
export function repositoryUrl({ server, owner, repo }: GitHubRepository): string {
  return `${webOrigin(server)}/${owner}/${repo}`;
}
