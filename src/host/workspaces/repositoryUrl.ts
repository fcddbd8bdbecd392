import { realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../base/appError.ts";

/** A repository's address after all checks. `url` never holds a credential. */
export interface Remote {
  readonly kind: "https" | "http" | "ssh" | "file";
  /** What git is given. */
  readonly url: string;
  /** Scheme, host and port of an http(s) remote: the key of a credential. */
  readonly origin?: string;
  /** For sentences: without the scheme's noise, never with a credential. */
  readonly display: string;
}

const hostPattern = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const pathPattern = /^[A-Za-z0-9._~%+@,:=/-]+$/;
const maxLength = 1000;

/**
 * Accepts https, http to this machine, ssh (also `user@host:path`), and local paths inside `allowLocal`. Everything that
 * could mean something else to git (options, `ext::`, embedded credentials, control characters) is refused.
 * @param allowLocal absolute directories whose repositories may be named by path
 * Throws `repository.invalid`.
 */
export function parseRepository(text: string, allowLocal: readonly string[]): Remote {
  return parse(text, (file) => local(file, allowLocal));
}

/**
 * The address of a workspace that there is already. Nothing is asked of a local one: it may be gone, or not be allowed any
 * more, and the workspace can be worked with all the same. Whoever goes to the repository is told by `RemoteAccess`.
 */
export function recordedRepository(text: string): Remote {
  return parse(text, (file) => {
    const url = realPath(file) ?? path.resolve(file);
    return { kind: "file", url, display: url };
  });
}

function parse(text: string, localOf: (file: string) => Remote): Remote {
  if (text === "") throw invalid("No repository is named. Give its https, ssh or file address.");
  if (text.length > maxLength) throw invalid("The repository address is too long.");
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
  if (/[\u0000-\u0020\u007f-\u00a0\u2000-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/.test(text) || text.includes("\\")) {
    throw invalid("The repository address holds spaces, control characters or backslashes. Type it again.");
  }
  if (text.startsWith("-")) throw invalid('A repository address can\'t begin with "-".');
  if (path.isAbsolute(text)) return localOf(text);
  if (/^[A-Za-z0-9+.-]*::/.test(text))
    throw invalid('Addresses with a transport helper ("::") are not accepted. Use https or ssh.');
  const scp = /^(?:([A-Za-z0-9._-]+)@)?([^:/@[\]]+):(?!\/\/)(.+)$/.exec(text);
  if (scp) return ssh(scp[1], scp[2] ?? "", undefined, scp[3] ?? "", text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url)
    throw invalid(`"${text.slice(0, 100)}" is no repository address. Use https, ssh or a path that this host allows.`);
  switch (url.protocol) {
    case "https:":
    case "http:":
      return web(url);
    case "ssh:":
      if (url.password !== "") throw invalid(credentialAdvice);
      return ssh(url.username || undefined, url.hostname, url.port || undefined, url.pathname.slice(1), text);
    case "file:":
      if (url.host !== "") throw invalid("A file address names no server. Use file:///path.");
      return localOf(fileURLToPath(url));
    default:
      throw invalid(`Repositories can't be fetched by "${url.protocol}". Use https or ssh.`);
  }
}

const credentialAdvice =
  "The repository address holds a user name or password. Leave it out: the host asks for a sign-in when the server wants one.";

function web(url: URL): Remote {
  if (url.username !== "" || url.password !== "") throw invalid(credentialAdvice);
  if (url.search !== "" || url.hash !== "") throw invalid('A repository address has no "?" or "#" part.');
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw invalid(`http is only accepted for this machine. Use https://${url.host}${url.pathname}.`);
  }
  if (!url.hostname.startsWith("[") && !hostPattern.test(url.hostname))
    throw invalid("The server's name is not valid.");
  if (url.pathname === "/" || !pathPattern.test(url.pathname)) throw invalid("The address names no repository.");
  const kind = url.protocol === "https:" ? "https" : "http";
  return { kind, url: `${url.origin}${url.pathname}`, origin: url.origin, display: `${url.host}${url.pathname}` };
}

function ssh(user: string | undefined, host: string, port: string | undefined, rawPath: string, text: string): Remote {
  if (user?.startsWith("-") || !hostPattern.test(host)) throw invalid("The server's name is not valid.");
  if (rawPath === "" || rawPath.startsWith("-") || !pathPattern.test(rawPath)) {
    throw invalid(`"${text.slice(0, 100)}" is no repository address.`);
  }
  const scheme = text.startsWith("ssh://");
  const authority = `${user === undefined ? "" : `${user}@`}${host}${port === undefined ? "" : `:${port}`}`;
  return {
    kind: "ssh",
    // `host:path` is relative to the login directory, `ssh://host/path` is not: the form stays as it was written.
    url: scheme ? `ssh://${authority}/${rawPath}` : `${authority}:${rawPath}`,
    display: `${host}/${rawPath}`,
  };
}

function local(text: string, allowLocal: readonly string[]): Remote {
  const named = path.resolve(text);
  const real = realPath(named);
  const isIn = (file: string | undefined, root: string | undefined) =>
    file !== undefined && root !== undefined && (file === root || file.startsWith(`${root}${path.sep}`));
  const roots = allowLocal.map((prefix) => path.resolve(prefix));
  // Of other places it is not told what is there.
  if (real === undefined && roots.some((root) => isIn(named, root))) {
    throw invalid(`There is no repository at ${text}. Check the address, or ask whoever looks after the host.`);
  }
  if (real === undefined || !roots.some((root) => isIn(real, realPath(root)))) {
    throw invalid(
      `The repository ${text} can't be used: this host serves local repositories only from the directories in its setting "repositories.allowLocal".`,
    );
  }
  return { kind: "file", url: real, display: real };
}

function realPath(text: string): string | undefined {
  try {
    return realpathSync(text);
  } catch {
    return undefined;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function invalid(sentence: string): AppError {
  return new AppError("repository.invalid", sentence);
}
