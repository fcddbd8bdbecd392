import type { ChangesetState } from "../../protocol/changeset.ts";
import type { ChatState, ResponsePart } from "../../protocol/chatState.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { t } from "../kit/l10n.ts";

export type StatusKind = "loading" | "queued" | "starting" | "working" | "needsYou" | "failed" | "review" | "idle";

export interface PanelStatus {
  readonly kind: StatusKind;
  /** A word or two for the pill. */
  readonly label: string;
  /** What goes on, if anything does. */
  readonly detail: string | undefined;
}

export interface PanelStates {
  readonly session: SessionState | undefined;
  readonly chat: ChatState | undefined;
  readonly changeset: ChangesetState | undefined;
  readonly fleet: FleetSessionState | undefined;
}

/** What the agent does, for the header. What we can see of it (the connection) is another fact and not in here. */
export function toPanelStatus({ session, chat, changeset, fleet }: PanelStates): PanelStatus {
  if (session === undefined || chat === undefined) return { kind: "loading", label: t("Loading"), detail: undefined };
  const detail = session.activity ?? chat.activity;
  const last = chat.turns.at(-1);
  if (session.lifecycle === "failed") {
    return { kind: "failed", label: t("Could not start"), detail: session.creationError?.message };
  }
  const isPaused = fleet?.spend?.paused !== undefined;
  const need = chat.activeTurn?.responseParts
    .map((part) => needOf(part, isPaused))
    .find((label) => label !== undefined);
  if (need !== undefined) return { kind: "needsYou", label: need, detail };
  if (fleet?.phase === "queued") return { kind: "queued", label: t("Queued"), detail: detail ?? fleet.stage };
  // A host may call a session "creating" until its first message: nothing starts before somebody asks.
  const isAwaited = chat.activeTurn !== undefined || fleet !== undefined;
  if (fleet?.phase === "provisioning" || (session.lifecycle === "creating" && isAwaited)) {
    return { kind: "starting", label: t("Starting"), detail: fleet?.stage ?? detail };
  }
  if (chat.activeTurn !== undefined) return { kind: "working", label: t("Working"), detail };
  if (last?.state === "error") return { kind: "failed", label: t("Failed"), detail: undefined };
  if ((changeset?.files.length ?? 0) > 0) return { kind: "review", label: t("Ready for review"), detail: undefined };
  return { kind: "idle", label: last === undefined ? t("Waiting for a prompt") : t("Done"), detail: undefined };
}

/** @param isPaused the host holds the agent to its budget, and asks in its place */
function needOf(part: ResponsePart, isPaused: boolean): string | undefined {
  if (part.kind === "inputRequest") {
    if (part.response !== undefined) return undefined;
    return isPaused ? t("Reached its budget") : t("Asks you a question");
  }
  if (part.kind !== "toolCall") return undefined;
  switch (part.toolCall.status) {
    case "pending-confirmation":
    case "pending-result-confirmation":
      return t("Needs your approval");
    case "auth-required":
      return t("Needs you to sign in");
    default:
      return undefined;
  }
}

/** Lines over all files of the changeset. */
export function changeTotals(changeset: ChangesetState | undefined): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const { edit } of changeset?.files ?? []) {
    added += edit.diff?.added ?? 0;
    removed += edit.diff?.removed ?? 0;
  }
  return { added, removed };
}
