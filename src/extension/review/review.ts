import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import { readBranchChanges } from "../fleet/branchChanges.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import { ReviewContent } from "./reviewContent.ts";
import { type BranchChanges, type DiffRow, toFileDiff, toMultiDiff } from "./reviewDiffs.ts";
import { ReviewedCommits, type StatePort } from "./reviewedCommits.ts";
import type { UriParts } from "./reviewUri.ts";
import { RevisionReader } from "./revisionReader.ts";

export interface ReviewPorts {
  readonly hosts: Pick<HostConnectionsView, "client" | "get" | "onDidChange">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly dialogs: Pick<Dialogs, "tell">;
  readonly telemetry: Pick<Telemetry, "send">;
  /** `context.workspaceState` or `globalState`. */
  readonly state: StatePort;
  readonly clock: Clock;
  /** The agent that a command was meant for: its argument, else the active panel's, else the person is asked. */
  readonly resolveAgent: (target: AgentTarget | undefined) => Promise<AgentTarget | undefined>;
  /** The agent's title as the list shows it. */
  readonly titleOf: (target: AgentTarget) => string;
}

/**
 * Reading an agent's changes in the editor's own diff. Offers `muster.agent.review` and the read-only documents, and
 * remembers for each agent which commit was shown.
 */
export class Review implements Disposable {
  readonly #ports: ReviewPorts;
  readonly #owned = new Disposables();
  readonly reviewed: ReviewedCommits;

  constructor(ports: ReviewPorts) {
    this.#ports = ports;
    this.reviewed = new ReviewedCommits(ports.state, ports.clock);
    this.#owned.add(new ReviewContent(new RevisionReader(ports.hosts), ports.hosts));
    this.#owned.add(
      ports.commands.register("muster.agent.review", "review the changes", async (target) => {
        const agent = await ports.resolveAgent(target);
        if (agent !== undefined) await this.openBranch(agent);
      }),
    );
  }

  /** Opens all changes of the agent's branch against its base, and remembers its commit as reviewed. */
  async openBranch(target: AgentTarget): Promise<void> {
    const changes = await this.#read(target);
    const diff = toMultiDiff(target.hostId, changes);
    this.#requireSome(changes, diff.rows.length);
    await openDiff(diff.title, diff.rows);
    // After the diff is open: what failed to open was not shown to anybody. While a turn runs no commit is what is shown.
    const isWhole = diff.unpinned === 0 && !changes.isMoving;
    if (isWhole && changes.head !== undefined) await this.reviewed.remember(target, changes.head);
    this.#ports.telemetry.send("review.opened", { files: diff.rows.length });
    if (diff.unpinned > 0) {
      await this.#ports.dialogs.tell(`${diff.unpinned} files can't be shown: the host doesn't offer their content.`);
    }
  }

  /** Opens what one turn changed. Does not count as a review of the branch. */
  async openTurn(target: AgentTarget, turnId: string): Promise<void> {
    const changes = await this.#read(target, turnId);
    const diff = toMultiDiff(target.hostId, changes);
    this.#requireSome(changes, diff.rows.length);
    await openDiff(toLine(`${changes.title} (one turn)`, 100), diff.rows);
  }

  /** Opens one file of the branch against its base. Does not count as a review of the branch. */
  async openFileDiff(target: AgentTarget, path: string): Promise<void> {
    const changes = await this.#read(target);
    const file = changes.files.find((candidate) => candidate.path === path);
    const diff = file === undefined ? undefined : toFileDiff(target.hostId, changes, file);
    if (diff === undefined) {
      throw new AppError(
        "notFound",
        `${toLine(path)} is not among the agent's changes any more. Review the changes again.`,
      );
    }
    await vscode.commands.executeCommand("vscode.diff", toUri(diff.left), toUri(diff.right), diff.title);
  }

  async #read(target: AgentTarget, turnId?: string): Promise<BranchChanges> {
    const client = this.#ports.hosts.client(target.hostId);
    const { session, files } = await readBranchChanges(client, target.session, { clock: this.#ports.clock, turnId });
    const isMoving = session.phase === "working" || session.phase === "provisioning";
    return { title: this.#ports.titleOf(target), baseCommit: session.baseCommit, head: session.head, isMoving, files };
  }

  #requireSome(changes: BranchChanges, rows: number): void {
    if (changes.files.length === 0) {
      throw new AppError("branch.empty", "The agent has changed no files yet. Review again when it has.");
    }
    if (rows === 0) {
      throw new AppError(
        "notFound",
        "The host doesn't offer the content of these files. Open the agent to see its changes.",
      );
    }
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

async function openDiff(title: string, rows: readonly DiffRow[]): Promise<void> {
  const sides = rows.map((row) => [toUri(row.label), optionalUri(row.left), optionalUri(row.right)]);
  await vscode.commands.executeCommand("vscode.changes", title, sides);
}

function toUri(parts: UriParts): vscode.Uri {
  return vscode.Uri.from(parts);
}

function optionalUri(parts: UriParts | undefined): vscode.Uri | undefined {
  return parts === undefined ? undefined : toUri(parts);
}
