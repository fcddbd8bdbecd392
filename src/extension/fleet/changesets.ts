import type { ChangesetEntry } from "../../protocol/sessionState.ts";
import { branchChangesetUri } from "../../protocol/uris.ts";

/** The changeset that stands for an agent's work, and what its host calls it. */
export interface SessionChangeset {
  readonly uri: string;
  /** `undefined` where the host names none: it has only the one. */
  readonly label: string | undefined;
  /** What is compared, such as `agents/fix → main`. */
  readonly description: string | undefined;
}

/** The widest view of the work comes first: what the branch holds, then what the session did, then what is not committed. */
const preferred = ["branch", "session", "uncommitted"];

/**
 * Chooses from what the session offers. Kinds that need an argument (a turn, two turns to compare) stand for no whole.
 * `undefined` where the host has none that does.
 */
export function chooseChangeset(
  session: string,
  offered: readonly ChangesetEntry[] | undefined,
  hasFleet: boolean,
): SessionChangeset | undefined {
  const whole = offered?.filter(({ uriTemplate }) => !uriTemplate.includes("{")) ?? [];
  for (const kind of preferred) {
    const entry = whole.find(({ changeKind }) => changeKind === kind);
    if (entry !== undefined) return toChangeset(entry, hasFleet);
  }
  // A host of ours keeps the branch's changeset from the first moment, whatever the session tells so far.
  if (hasFleet) return { uri: branchChangesetUri(session), label: undefined, description: undefined };
  return whole[0] && toChangeset(whole[0], hasFleet);
}

/** On hosts of ours there is one changeset of the whole: its name would say nothing. */
function toChangeset({ uriTemplate, label, description }: ChangesetEntry, hasFleet: boolean): SessionChangeset {
  return hasFleet
    ? { uri: uriTemplate, label: undefined, description: undefined }
    : { uri: uriTemplate, label, description };
}
