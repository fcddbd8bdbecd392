import { AppError } from "../../base/appError.ts";
import { branchChangesetUri, chatUri, fleetSessionUri, parseSessionUri } from "../../protocol/uris.ts";

/** The channels of one session. `id` is safe as a directory name. */
export interface SessionRefs {
  readonly id: string;
  readonly session: string;
  readonly chat: string;
  readonly fleet: string;
  readonly branchChanges: string;
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9-]{7,63}$/;

/**
 * From a session URI as a client mints it: `ahp-session:/<id>`, or VS Code's `<provider>:/<id>`.
 * Throws `request.invalid` for any other.
 */
export function refsOf(session: string): SessionRefs {
  const id = parseSessionUri(session) ?? /^[a-z0-9][a-z0-9._+-]*:\/([^/]+)$/.exec(session)?.[1];
  if (id === undefined || !idPattern.test(id)) {
    throw new AppError(
      "request.invalid",
      "A session's address is ahp-session:/ and an id of 8 to 64 letters, digits and hyphens.",
    );
  }
  return {
    id,
    session,
    chat: chatUri(session),
    fleet: fleetSessionUri(id),
    branchChanges: branchChangesetUri(session),
  };
}
