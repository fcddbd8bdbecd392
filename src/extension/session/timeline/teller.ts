import type { Translate } from "../../../base/l10n.ts";
import { toLine } from "../../../base/visibleText.ts";
import type { FleetSessionState } from "../../../protocol/fleet.ts";
import { findAct, type FleetAct } from "../../../protocol/fleetActs.ts";

/** Who did something, as people call them, and when; without a name where nobody knows it. */
interface Who {
  readonly name: string | undefined;
  readonly isYou: boolean;
  readonly atMs: number | undefined;
}

/** What the entries of a timeline are told with. */
export interface Teller {
  readonly t: Translate;
  /** Who did this to that thing of the session. @see FleetAct */
  readonly who: (act: FleetAct["act"], on: string, turnId?: string) => Who;
  readonly nameOf: (by: string) => string;
}

/** @param user whose connection this is, as its host calls them */
export function tellerOf(fleet: FleetSessionState | undefined, user: string | undefined, t: Translate): Teller {
  const nameOf = (by: string) => (by === user ? t("you") : toLine(by, 60));
  return {
    t,
    nameOf,
    who: (act, on, turnId) => {
      const found = fleet && findAct(fleet, { act, on, ...(turnId !== undefined && { turnId }) });
      if (found === undefined) return { name: undefined, isYou: false, atMs: undefined };
      return { name: nameOf(found.by), isYou: found.by === user, atMs: timeOf(found.at) };
    },
  };
}

/** ms since the epoch. */
export function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
