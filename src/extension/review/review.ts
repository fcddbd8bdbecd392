import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import { readChanges } from "../fleet/sessionChanges.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import { ReviewContent } from "./reviewContent.ts";
import {
  type BranchChanges,
  type DiffRow,
  sidesOf,
  type TakenSnapshot,
  toFileDiff,
  toMultiDiff,
} from "./reviewDiffs.ts";
import { ReviewedCommits, type StatePort } from "./reviewedCommits.ts";
import type { UriParts } from "./reviewUri.ts";
import { RevisionReader } from "./revisionReader.ts";
import { Snapshots, takeSnapshots } from "./snapshots.ts";
import { SnapshotTabs } from "./snapshotTabs.ts";

export interface ReviewPorts {
  readonly hosts: Pick<HostConnectionsView, "client" | "get" | "onDidChange">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly contexts: Pick<Contexts, "set">;
  readonly telemetry: Pick<Telemetry, "send">;
  /** `context.workspaceState` or `globalState`. */
  readonly state: StatePort;
  readonly clock: Clock;
  readonly newId: () => string;
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
  readonly #snapshots: Snapshots;
  readonly #reader: RevisionReader;
  readonly #tabs: SnapshotTabs;
  readonly reviewed: ReviewedCommits;

  constructor(ports: ReviewPorts) {
    this.#ports = ports;
    this.reviewed = new ReviewedCommits(ports.state, ports.clock);
    this.#snapshots = new Snapshots(ports.newId);
    this.#tabs = this.#owned.add(new SnapshotTabs(ports.contexts));
    this.#reader = new RevisionReader(ports.hosts, this.#snapshots);
    this.#owned.add(new ReviewContent(this.#reader, ports.hosts));
    this.#owned.add(
      ports.commands.register("muster.agent.review", "review the changes", async (target) => {
        const agent = await ports.resolveAgent(target);
        if (agent !== undefined) await this.openBranch(agent);
      }),
    );
    this.#owned.add(
      ports.commands.register("muster.review.refresh", "refresh the changes", () => this.#tabs.refresh()),
    );
  }

  /**
   * Opens all changes of the agent's work, and remembers its commit as reviewed. Where the host serves live files, the
   * diff shows them as they are at this moment.
   */
  async openBranch(target: AgentTarget): Promise<void> {
    const changes = await this.#read(target);
    const diff = toMultiDiff(target.hostId, changes);
    requireSome(changes);
    await openDiff(diff.title, diff.rows);
    if (changes.snapshot !== undefined) this.#tabs.add(diff.title, () => this.openBranch(target));
    // After the diff is open: what failed to open was not shown to anybody. While a turn runs no commit is what is shown.
    else if (!changes.isMoving && changes.head !== undefined) await this.reviewed.remember(target, changes.head);
    this.#ports.telemetry.send("review.opened", { files: diff.rows.length });
  }

  /** Opens what one turn changed. Does not count as a review of the branch. */
  async openTurn(target: AgentTarget, turnId: string): Promise<void> {
    const changes = await this.#read(target, { turnId });
    const diff = toMultiDiff(target.hostId, changes);
    requireSome(changes);
    await openDiff(toLine(`${changes.title} (one turn)`, 100), diff.rows);
  }

  /** Opens what differs between two checkpoints, by their ids. Does not count as a review of the branch. */
  async openComparison(target: AgentTarget, from: string, to: string): Promise<void> {
    const { hosts } = this.#ports;
    const request = { channel: target.session, from, to };
    const { changeset } = await hosts.client(target.hostId).request("x-fleet/compare", request);
    const changes = await this.#read(target, { changeset });
    if (changes.files.length === 0) {
      throw new AppError("branch.empty", `Checkpoints ${toLine(from)} and ${toLine(to)} hold the same files.`);
    }
    const title = `${toLine(changes.title, 80)} (checkpoint ${toLine(from)}..${toLine(to)})`;
    await openDiff(title, toMultiDiff(target.hostId, changes).rows);
  }

  /** Both sides of a changed file as text; a side that is not there is empty. */
  async readSides(target: AgentTarget, file: ChangedFile): Promise<{ before: string; after: string }> {
    const { hosts, clock } = this.#ports;
    const ids = await takeSnapshots(hosts.client(target.hostId), [file], this.#snapshots);
    const taken: TakenSnapshot = { label: undefined, atMs: clock.now(), ids };
    const [before, after] = await Promise.all(
      sidesOf(target.hostId, file, taken).map(async (side) =>
        side === undefined ? "" : (await this.#reader.read(side)).text,
      ),
    );
    return { before: before ?? "", after: after ?? "" };
  }

  /** Opens one file of the branch against its base. Does not count as a review of the branch. */
  async openFileDiff(target: AgentTarget, path: string): Promise<void> {
    const isIt = (candidate: ChangedFile) => candidate.path === path;
    const changes = await this.#read(target, { isWanted: isIt });
    const file = changes.files.find(isIt);
    const diff = file === undefined ? undefined : toFileDiff(target.hostId, changes, file);
    if (diff === undefined) {
      throw new AppError(
        "notFound",
        `${toLine(path)} is not among the agent's changes any more. Review the changes again.`,
      );
    }
    await vscode.commands.executeCommand("vscode.diff", toUri(diff.left), toUri(diff.right), diff.title);
    if (changes.snapshot !== undefined) this.#tabs.add(diff.title, () => this.openFileDiff(target, path));
  }

  /** @param isWanted which files are going to be shown: no other live file is read. */
  async #read(
    target: AgentTarget,
    {
      turnId,
      changeset,
      isWanted,
    }: { turnId?: string; changeset?: string; isWanted?: (file: ChangedFile) => boolean } = {},
  ): Promise<BranchChanges> {
    const { hosts, clock, titleOf } = this.#ports;
    const client = hosts.client(target.hostId);
    const { fleet, label, files } = await readChanges(client, target.session, { clock, turnId, changeset });
    const isMoving = fleet?.phase === "working" || fleet?.phase === "provisioning";
    const atMs = clock.now();
    const ids = await takeSnapshots(client, isWanted ? files.filter(isWanted) : files, this.#snapshots);
    const snapshot: TakenSnapshot | undefined = fleet === undefined ? { label, atMs, ids } : undefined;
    return { title: titleOf(target), baseCommit: fleet?.baseCommit, head: fleet?.head, isMoving, snapshot, files };
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

function requireSome({ files }: BranchChanges): void {
  if (files.length > 0) return;
  throw new AppError("branch.empty", "The agent has changed no files yet. Review again when it has.");
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
