import type { IncomingHttpHeaders } from "node:http";

/** REST API versions that GitHub serves. */
const API_VERSIONS = new Set(["2022-11-28", "2026-03-10"]);

/** What is wrong with a request's headers by GitHub's rules; a missing `Authorization` is a 401, not a violation. */
export function checkHeaders(headers: IncomingHttpHeaders, hasBody: boolean): string[] {
  const problems: string[] = [];
  if (headers["user-agent"] === undefined) problems.push("User-Agent is missing");
  const version = headers["x-github-api-version"];
  if (version !== undefined && !API_VERSIONS.has(String(version))) {
    problems.push(`X-GitHub-Api-Version ${String(version)} does not exist`);
  }
  const accept = headers.accept ?? "*/*";
  if (!/application\/(?:json|vnd\.github(?:\.[\w.-]+)?\+json)|\*\/\*/.test(accept)) {
    problems.push(`Accept "${accept}" is no media type of GitHub's`);
  }
  const { authorization } = headers;
  if (authorization !== undefined && !/^(?:Bearer|token)\s+\S+$/i.test(authorization)) {
    problems.push("Authorization is neither a bearer token nor a token");
  }
  if (hasBody && !/^application\/json\b/.test(headers["content-type"] ?? "")) problems.push("Content-Type is not JSON");
  return problems;
}
