import * as vscode from "vscode";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { BulkAction } from "./bulkActions.ts";

type ActionId = "stop" | "retry" | "archive" | "restore" | "delete" | "markRead" | "markUnread";

const isRunning = ({ attention }: FleetAgent) =>
  attention === "working" || attention === "queued" || attention === "needsYou";

type ActingFleet = Pick<Fleet, "stop" | "retry" | "archive" | "remove" | "markRead">;

/** Everything that may be done with many agents at once. */
export function agentActions(fleet: ActingFleet): Record<ActionId, BulkAction> {
  const isLive = ({ freshness }: FleetAgent) => freshness.live;
  return {
    stop: {
      verb: vscode.l10n.t("Stop"),
      question: (whom) => vscode.l10n.t("Stop {0}?", whom),
      going: (whom) => vscode.l10n.t("Stopping {0}", whom),
      partly: (done, all) => vscode.l10n.t("{0} of {1} agents were stopped", done, all),
      detail: () => vscode.l10n.t("Their work so far is kept; a message makes them go on."),
      fits: (agent) => isLive(agent) && isRunning(agent),
      act: (key) => fleet.stop(key),
      asks: "forMany",
      done: (whom) => vscode.l10n.t("Stopped {0}. The work so far is kept.", whom),
    },
    retry: {
      verb: vscode.l10n.t("Resume"),
      question: (whom) => vscode.l10n.t("Resume {0}?", whom),
      going: (whom) => vscode.l10n.t("Resuming {0}", whom),
      partly: (done, all) => vscode.l10n.t("{0} of {1} agents were resumed", done, all),
      detail: () => vscode.l10n.t("Each takes up the turn that failed, and what it spends counts."),
      fits: (agent) => isLive(agent) && agent.attention === "failed",
      act: (key) => fleet.retry(key),
      asks: "forMany",
    },
    archive: {
      verb: vscode.l10n.t("Archive"),
      question: (whom) => vscode.l10n.t("Archive {0}?", whom),
      going: (whom) => vscode.l10n.t("Archiving {0}", whom),
      partly: (done, all) => vscode.l10n.t("{0} of {1} agents were archived", done, all),
      detail: () => vscode.l10n.t("They leave the list; everything of them is kept and can be restored."),
      fits: (agent) => isLive(agent) && !agent.isArchived,
      act: (key) => fleet.archive(key),
      asks: "forMany",
      done: (whom) => vscode.l10n.t("Archived {0}.", whom),
      undo: (key) => fleet.archive(key, false),
    },
    restore: {
      verb: vscode.l10n.t("Restore"),
      question: (whom) => vscode.l10n.t("Restore {0}?", whom),
      going: (whom) => vscode.l10n.t("Restoring {0}", whom),
      partly: (done, all) => vscode.l10n.t("{0} of {1} agents were restored", done, all),
      detail: () => vscode.l10n.t("They are listed with the others again."),
      fits: (agent) => isLive(agent) && agent.isArchived,
      act: (key) => fleet.archive(key, false),
      asks: "forMany",
    },
    delete: {
      verb: vscode.l10n.t("Delete"),
      question: (whom) => vscode.l10n.t("Delete {0}?", whom),
      going: (whom) => vscode.l10n.t("Deleting {0}", whom),
      partly: (done, all) => vscode.l10n.t("{0} of {1} agents were deleted", done, all),
      detail: whatIsLost,
      fits: isLive,
      act: (key) => fleet.remove(key),
      asks: "always",
    },
    markRead: {
      verb: vscode.l10n.t("Mark as Read"),
      question: (whom) => vscode.l10n.t("Mark {0} as read?", whom),
      going: (whom) => vscode.l10n.t("Marking {0} as read", whom),
      partly: (done, all) => vscode.l10n.t("{0} of {1} agents were marked as read", done, all),
      detail: () => "",
      fits: (agent) => isLive(agent) && !agent.isRead,
      act: (key) => fleet.markRead(key),
      asks: "never",
    },
    markUnread: {
      verb: vscode.l10n.t("Mark as Unread"),
      question: (whom) => vscode.l10n.t("Mark {0} as unread?", whom),
      going: (whom) => vscode.l10n.t("Marking {0} as unread", whom),
      partly: (done, all) => vscode.l10n.t("{0} of {1} agents were marked as unread", done, all),
      detail: () => "",
      fits: (agent) => isLive(agent) && agent.isRead,
      act: (key) => fleet.markRead(key, false),
      asks: "never",
    },
  };
}

/** A host without the fleet plane keeps no copy of the work: a folder that it made for the agent goes, whatever is in it. */
function whatIsLost(agents: readonly FleetAgent[]): string {
  const isKept = agents.every(({ canShip }) => canShip);
  return isKept
    ? vscode.l10n.t(
        "The conversation and the workspace on the host are deleted; branches that were pushed stay. This cannot be undone.",
      )
    : vscode.l10n.t(
        "The conversation is deleted, and so is a worktree that the host made, with everything in it that is not committed. This cannot be undone.",
      );
}
