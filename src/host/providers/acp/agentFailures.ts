import { AppError } from "../../../base/appError.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import { isAuthRequired, ProtocolViolation, requestErrorText } from "./acpPeer.ts";

/** The sentences for everything that an agent's program does wrong; whoever resumes its session reads them. */

/** How it ended, in the words of the process itself. */
export function crashError(
  displayName: string,
  process: { readonly lastWords: string },
  exit: { exitCode: number | null; signal: string | null; startError?: string; verdict?: string },
  cause?: unknown,
  garbage?: string,
): AppError {
  const how = exit.startError ?? (exit.signal === null ? `exit code ${exit.exitCode}` : `signal ${exit.signal}`);
  const said = process.lastWords || garbage;
  const words = said ? ` Its last words: ${said}` : "";
  const verdict = exit.verdict === undefined ? "" : ` ${exit.verdict}`;
  return new AppError("agent.crashed", `${displayName} ended unexpectedly (${how}).${verdict}${words}`, {
    cause,
    details: { ...exit },
  });
}

/** It answered a request with an error, or with nonsense. `during` says of what: "reported an error". */
export function answerError(displayName: string, during: string, error: unknown, secrets: readonly string[]): AppError {
  const reason = cleanText(requestErrorText(error), secrets);
  if (error instanceof ProtocolViolation) {
    const sentence = `${displayName} does not keep to the agent protocol: ${reason}. Its files are kept; resume to try again, or install another version of it.`;
    return new AppError("agent.failed", sentence, { cause: error });
  }
  if (isAuthRequired(error)) {
    const sentence = `${displayName} wants a sign-in or an API key: ${reason}. Set it in the agent's "env" in the host's configuration.`;
    return new AppError("agent.failed", sentence, { cause: error });
  }
  return new AppError("agent.failed", `${displayName} ${during}: ${reason}`, { cause: error });
}

export function garbageError(displayName: string, excerpt: string): AppError {
  const sentence = `${displayName} keeps writing text that is no agent protocol where only the protocol belongs, last: "${excerpt}". It was stopped; its files are kept. Check that its "command" in the host's configuration starts it as an ACP agent.`;
  return new AppError("agent.failed", sentence);
}

export function oversizeError(displayName: string, limitBytes: number): AppError {
  const sentence = `${displayName} sent a message of more than ${Math.round(limitBytes / 1024 / 1024)} MiB and was stopped. Its files are kept; resume to let it go on.`;
  return new AppError("agent.failed", sentence);
}

export function floodError(displayName: string): AppError {
  const sentence = `${displayName} wrote more in one turn than this host takes in, and was stopped. Its files are kept; resume to let it go on.`;
  return new AppError("limit.exceeded", sentence);
}

export function versionError(displayName: string, version: number): AppError {
  const sentence = `${displayName} speaks version ${version} of the agent protocol (ACP); this host speaks version 1. Install a version of it that does.`;
  return new AppError("agent.failed", sentence);
}

export function startTimeout(displayName: string, seconds: number, garbage: string | undefined): AppError {
  const hint =
    garbage === undefined ? "" : ` It wrote text that is no agent protocol: "${garbage}". Is its "command" right?`;
  return new AppError("timeout", `${displayName} did not start within ${seconds} seconds.${hint}`);
}
