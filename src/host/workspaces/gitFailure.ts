import { stripVTControlCharacters } from "node:util";
import { AppError } from "../../base/appError.ts";
import { redactText } from "../../base/redactText.ts";
import type { Remote } from "./repositoryUrl.ts";

/** What git said, for mapping. `stderr` is raw and may hold anything a server sent. */
export interface GitFailure {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly stdout: string;
  /** Set when we ended it ourselves. */
  readonly ended?: "timeout" | "tooLarge" | "cancelled";
}

/** Thrown by `GitCli`; leaves this folder only as an `AppError`. */
export class GitError extends Error {
  override readonly name = "GitError";
  readonly failure: GitFailure;
  constructor(command: string, failure: GitFailure) {
    super(`git ${command} ended with ${failure.ended ?? failure.exitCode ?? "no exit code"}`);
    this.failure = failure;
  }
}

const maxReason = 400;

/**
 * A server's or git's text, fit to show: no control, bidirectional or invisible characters, no credential, bounded.
 * @param secrets values that must not appear
 */
export function cleanText(text: string, secrets: readonly string[] = []): string {
  // Colours go whole, before their escape character does.
  let clean = stripVTControlCharacters(text);
  for (const secret of secrets) if (secret !== "") clean = clean.replaceAll(secret, "***");
  return redactText(clean.replaceAll(/:\/\/[^/\s@]*@/g, "://"), "***")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim()
    .slice(0, maxReason);
}

/** The lines that say why, the server's own first. */
export function reasonOf(stderr: string, secrets: readonly string[] = []): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const remote = lines.filter((line) => line.startsWith("remote:")).map((line) => line.slice("remote:".length).trim());
  const own = lines.findLast((line) => /^(fatal|error):/.test(line))?.replace(/^(fatal|error): /, "");
  const rejected = lines.find((line) => /\[(remote )?rejected\]/.test(line));
  const wanted = remote.filter((line) => line !== "").slice(-4);
  const parts = wanted.length > 0 ? wanted : [rejected ?? own ?? lines.at(-1) ?? ""];
  return cleanText(parts.join(" "), secrets);
}

/** Does the server want a sign-in (or another one)? */
function wantsCredentials(stderr: string): boolean {
  return /could not read (Username|Password)|Authentication failed for|terminal prompts disabled|HTTP Basic: Access denied|returned error: 401/.test(
    stderr,
  );
}

export interface FailureContext {
  readonly remote: Remote;
  readonly secrets: readonly string[];
  /** Was a token for this remote offered? */
  readonly hadToken: boolean;
}

/** The one place where what git said about a clone or fetch becomes a sentence. */
export function cloneFailure(error: unknown, context: FailureContext): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof GitError)) return AppError.from(error, `Couldn't clone ${context.remote.display}`);
  const { failure } = error;
  const during = `Couldn't clone ${context.remote.display}`;
  if (failure.ended === "cancelled") return new AppError("cancelled", `${during}: it was stopped.`, { cause: error });
  if (failure.ended === "timeout") {
    return cloneError(`${during}: it took longer than this host allows. Try again, or ask for a higher limit.`, error);
  }
  if (failure.ended === "tooLarge") {
    return cloneError(`${during}: the repository is larger than this host allows.`, error);
  }
  if (wantsCredentials(failure.stderr)) return authRequired(context, during, error);
  return cloneError(`${during}: ${cloneAdvice(failure.stderr, context)}`, error);
}

function cloneError(sentence: string, cause: GitError): AppError {
  return new AppError("repository.cloneFailed", sentence, { cause });
}

function cloneAdvice(stderr: string, { remote, secrets, hadToken }: FailureContext): string {
  const server = /Could not resolve host(?:name)?:? ([^\s:]+)/i.exec(stderr)?.[1];
  if (server !== undefined || /Name or service not known/.test(stderr)) {
    return `the server ${cleanText(server ?? remote.display)} was not found. Check the address.`;
  }
  if (
    /Connection refused|Failed to connect|Connection timed out|Network is unreachable|Connection reset/i.test(stderr)
  ) {
    return "the server can't be reached. Check the address and try again.";
  }
  if (/unable to update url base from redirection|returned error: 30[1278]/i.test(stderr)) {
    return "the server sends this address elsewhere. Use the repository's present address.";
  }
  if (/SSL certificate|certificate verif/i.test(stderr)) return "the server's certificate is not trusted by this host.";
  if (/Permission denied \(|Host key verification failed/.test(stderr)) {
    return "the server did not accept this host's SSH key. Use the https address, or add the host's key on the server.";
  }
  if (/returned error: 403/.test(stderr)) return `the server refused access: ${reasonOf(stderr, secrets)}`;
  if (/detected dubious ownership/.test(stderr)) return "the repository belongs to another user of the host's machine.";
  if (/No space left on device/.test(stderr)) return "the host's disk is full. Remove old agents or free some space.";
  if (/not found|does not exist|does not appear to be a git repository|returned error: 404/i.test(stderr)) {
    return hadToken || remote.kind === "file"
      ? "there is no repository at this address, or you have no access to it. Check the address."
      : "there is no repository at this address, or it is private and needs a sign-in. Check the address.";
  }
  return reasonOf(stderr, secrets) || "git gave no reason. See the host's log.";
}

function authRequired({ remote, hadToken }: FailureContext, during: string, cause: GitError): AppError {
  const sentence = hadToken
    ? `${during}: the server did not accept the sign-in. Sign in with an account that has access.`
    : `${during}: the server wants a sign-in: the repository is private, or there is none at this address. Check the address, or sign in and try again.`;
  const details = { resource: remote.origin ?? remote.display, scopes: ["repo"] };
  return new AppError("auth.required", sentence, { cause, details });
}

/** What git said about a push, as a sentence. */
export function pushFailure(error: unknown, branch: string, context: FailureContext): AppError {
  if (error instanceof AppError) return error;
  const during = `Couldn't push ${branch} to ${context.remote.display}`;
  if (!(error instanceof GitError)) return AppError.from(error, during);
  const { failure } = error;
  if (failure.ended === "cancelled") return new AppError("cancelled", `${during}: it was stopped.`, { cause: error });
  if (failure.ended !== undefined) {
    return new AppError("timeout", `${during}: the server took too long. Try again.`, { cause: error });
  }
  if (wantsCredentials(failure.stderr)) return authRequired(context, during, error);
  // `--porcelain` puts the state of each ref on stdout, the server's words on stderr.
  const text = `${failure.stderr}\n${failure.stdout}`;
  if (/stale info|non-fast-forward|fetch first|reference already exists/.test(text)) {
    const sentence = `${during}: the branch was changed on the server by someone else. Rename it there or start from its present state.`;
    return new AppError("push.refused", sentence, { cause: error, details: { isMoved: true } });
  }
  const refused =
    /\[remote rejected\]|pre-receive hook declined|protected branch|returned error: 403|Permission .{1,200} denied/;
  if (refused.test(text)) {
    const inBrackets = /\[remote rejected\] \(([^)\n]{0,200})\)/.exec(text)?.[1];
    const reason = failure.stderr.includes("remote:") ? reasonOf(failure.stderr, context.secrets) : undefined;
    const sentence = `${during}: the server refused it: ${reason ?? cleanText(inBrackets ?? reasonOf(text), context.secrets)}`;
    return new AppError("push.refused", sentence, { cause: error });
  }
  return new AppError("push.refused", `${during}: ${cloneAdvice(text, context)}`, { cause: error });
}

/** Any other git command that failed inside the host's own directories. */
export function localFailure(error: unknown, during: string): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof GitError)) return AppError.from(error, during);
  if (error.failure.ended === "cancelled")
    return new AppError("cancelled", `${during}: it was stopped.`, { cause: error });
  if (error.failure.ended !== undefined) {
    return new AppError("timeout", `${during}: git took longer than this host allows.`, { cause: error });
  }
  return new AppError("internal", `${during}: ${reasonOf(error.failure.stderr) || error.message}`, { cause: error });
}
