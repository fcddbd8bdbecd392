import { spawn } from "node:child_process";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";

/** What the Git server needs to know of one who asks: `undefined` for a token that nobody has. */
export interface GitAccess {
  readonly login: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

export interface GitHttpOptions {
  /** Holds `OWNER/NAME.git` bare repositories. */
  readonly root: string;
  /** Whose token this is and what it may do with the repository. `token` is `undefined` for an anonymous request. */
  access(owner: string, name: string, token: string | undefined): GitAccess | undefined;
}

/** `owner`, `name` and the rest of a path that git asks for; `undefined` for any other path. */
export function parseGitPath(pathname: string): { owner: string; name: string; rest: string } | undefined {
  const match =
    /^\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack|HEAD|objects\/.+)$/.exec(
      pathname,
    );
  const [, owner, name, rest] = match ?? [];
  return owner === undefined || name === undefined || rest === undefined ? undefined : { owner, name, rest };
}

/**
 * Answers git's smart HTTP with the real `git http-backend`. Credentials are HTTP Basic with a token as the password and
 * `x-access-token` (or the token's owner) as the user, as on GitHub: 401 without a good token where one is needed, 403
 * for a push without the right to write.
 */
export async function handleGit(
  options: GitHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const target = parseGitPath(url.pathname);
  if (target === undefined) return refuse(response, 404, "Not Found");
  const isPush = target.rest === "git-receive-pack" || url.searchParams.get("service") === "git-receive-pack";
  const credentials = basicCredentials(request.headers.authorization);
  const access = options.access(target.owner, target.name, credentials?.token);
  const isOwnName = credentials?.user === "x-access-token" || credentials?.user === access?.login;
  if (credentials !== undefined && (access === undefined || !isOwnName)) return challenge(response);
  if (access?.canRead !== true || (isPush && credentials === undefined)) return challenge(response);
  if (isPush && !access.canWrite) {
    return refuse(response, 403, `Permission to ${target.owner}/${target.name}.git denied to ${access.login}.`);
  }
  await runBackend(options.root, target, url, access.login, request, response);
}

/** Makes the repository refuse every push with this message, or accept them again without one. */
export async function refusePushes(bareDirectory: string, message: string | undefined): Promise<void> {
  const hook = path.join(bareDirectory, "hooks", "pre-receive");
  if (message === undefined) return rm(hook, { force: true });
  await mkdir(path.dirname(hook), { recursive: true });
  await writeFile(hook, `#!/bin/sh\ncat >&2 <<'MESSAGE'\n${message}\nMESSAGE\nexit 1\n`);
  await chmod(hook, 0o755);
}

function basicCredentials(header: string | undefined): { user: string; token: string } | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [user = "", ...rest] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  return { user, token: rest.join(":") };
}

function challenge(response: ServerResponse): void {
  response.writeHead(401, { "www-authenticate": 'Basic realm="GitHub"', "content-type": "text/plain" });
  response.end("Invalid username or token. Password authentication is not supported for Git operations.\n");
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(`${text}\n`);
}

async function runBackend(
  root: string,
  target: { owner: string; name: string; rest: string },
  url: URL,
  login: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const header = (name: string) => String(request.headers[name] ?? "");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROJECT_ROOT: root,
      PATH_INFO: `/${target.owner}/${target.name}.git/${target.rest}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      CONTENT_LENGTH: header("content-length"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      GIT_PROTOCOL: header("git-protocol"),
      REMOTE_USER: login,
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  // A client that goes away, or a backend that has read enough, is no failure of the server.
  child.stdin.on("error", () => {});
  response.once("close", () => child.kill());
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  await forwardCgi(child.stdout, response);
  await ended;
}

/** Turns CGI output (header lines, an empty line, the body) into an HTTP response, streaming the body. */
async function forwardCgi(output: AsyncIterable<Buffer>, response: ServerResponse): Promise<void> {
  let head = Buffer.alloc(0);
  let isInBody = false;
  for await (const chunk of output) {
    if (isInBody) {
      response.write(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) continue;
    isInBody = true;
    let status = 200;
    for (const line of head.subarray(0, end).toString("latin1").split("\r\n")) {
      const [name = "", ...value] = line.split(": ");
      if (name.toLowerCase() === "status") status = Number.parseInt(value.join(": "), 10);
      else response.setHeader(name, value.join(": "));
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
  }
  if (!isInBody) response.writeHead(500);
  response.end();
}
