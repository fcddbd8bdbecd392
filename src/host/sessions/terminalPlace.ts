import path from "node:path";
import { AppError } from "../../base/appError.ts";
import type { ParamsOf } from "../../protocol/methods.ts";
import { fileUri, parseFileUri } from "../../protocol/uris.ts";
import { pathOfFileUri } from "../terminals/startDirectory.ts";

export interface TerminalSession {
  readonly id: string;
  readonly session: string;
  /** As its client named them: the repository, of which the session has a workspace of its own. */
  readonly workingDirectories: readonly string[];
}

export interface TerminalTarget {
  readonly session: string;
  /** Of the workspace: see `startDirectory`. */
  readonly cwd: string | undefined;
}

/**
 * The session that a new terminal belongs to: the one that its claim names, or for a claim of a client the one in whose
 * workspace `cwd` lies, or else the first of those that work on the repository that it names. Throws `request.invalid`.
 */
export function terminalTarget(
  { claim, cwd }: ParamsOf<"createTerminal">,
  sessions: readonly TerminalSession[],
): TerminalTarget {
  if (claim.kind === "session") {
    const claimed = sessions.find(({ session }) => session === claim.session);
    const inRepository = claimed && cwd !== undefined ? placeInRepository(cwd, claimed) : undefined;
    return inRepository ?? { session: claim.session, cwd };
  }
  if (cwd !== undefined) {
    const ids = new Set([parseFileUri(cwd)?.sessionId, ...(pathOfFileUri(cwd)?.split(path.sep) ?? [])]);
    const inWorkspace = sessions.find(({ id }) => ids.has(id));
    if (inWorkspace) return { session: inWorkspace.session, cwd };
    for (const session of sessions) {
      const inRepository = placeInRepository(cwd, session);
      if (inRepository) return inRepository;
    }
  }
  throw new AppError("request.invalid", "Terminals of this host open in an agent's workspace. Say which agent's.");
}

/** The directory of the workspace that stands for this one of the repository. */
function placeInRepository(
  cwd: string,
  { id, session, workingDirectories }: TerminalSession,
): TerminalTarget | undefined {
  for (const folder of workingDirectories) {
    const base = folder.endsWith("/") ? folder : `${folder}/`;
    if (!`${cwd}/`.startsWith(base)) continue;
    const rest = cwd.slice(base.length).replace(/\/$/, "");
    return { session, cwd: rest === "" ? undefined : `${fileUri(id, "")}${rest}` };
  }
  return undefined;
}
