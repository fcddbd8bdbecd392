import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import { readFleet } from "../fleet/readFleet.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { StatePort } from "../platform/statePort.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import { type OpenReview, type ReviewScope, titleOf } from "./openReview.ts";
import { checkpointOf, readReview, type ReadReviewPorts, sinceReview } from "./readReview.ts";
import { ReviewContent } from "./reviewContent.ts";
import { type DiffRow, sidesOf, type TakenSnapshot, toFileDiff, toMultiDiff } from "./reviewDiffs.ts";
import { ReviewedCommits } from "./reviewedCommits.ts";
import { chooseScope } from "./reviewScopes.ts";
import { ReviewTabs } from "./reviewTabs.ts";
import { RevisionReader } from "./revisionReader.ts";
import { Snapshots, takeSnapshots } from "./snapshots.ts";

export interface ReviewPorts {
  readonly hosts: Pick<HostConnectionsView, "client" | "get" | "onDidChange">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly contexts: Pick<Contexts, "set">;
  readonly telemetry: Pick<Telemetry, "send">;
  /** `context.workspaceState`. */
  readonly state: StatePort;
  readonly clock: Clock;
  readonly newId: () => string;
  /** The agent that a command was meant for: its argument, else the active panel's, else the person is asked. */
  readonly resolveAgent: (target: AgentTarget | undefined) => Promise<AgentTarget | undefined>;
  /** The agent's title as the list shows it. */
  readonly titleOf: (target: AgentTarget) => string;
  readonly onError: (error: unknown) => void;
}

/**
 * Reading an agent's changes in the editor's own diff: the whole branch, or a part of it. Offers the read-only documents,
 * knows which reviews are open, and remembers for each agent which commit was shown.
 */
export class Review implements Disposable {
  readonly #ports: ReviewPorts;
  readonly #reading: ReadReviewPorts;
  readonly #owned = new Disposables();
  readonly #snapshots: Snapshots;
  readonly reader: RevisionReader;
  readonly tabs: ReviewTabs;
  readonly reviewed: ReviewedCommits;

  constructor(ports: ReviewPorts) {
    this.#ports = ports;
    this.reviewed = new ReviewedCommits(ports.state, ports.clock);
    this.#snapshots = new Snapshots(ports.newId);
    this.#reading = { ...ports, snapshots: this.#snapshots };
    this.tabs = this.#owned.add(new ReviewTabs(ports.contexts, ports.onError));
    this.reader = new RevisionReader(ports.hosts, this.#snapshots);
    this.#owned.add(new ReviewContent(this.reader, ports.hosts));
    this.#register("muster.agent.review", (target) => this.openBranch(target));
    this.#register("muster.agent.reviewSince", (target) => this.openSince(target));
    this.#register("muster.agent.reviewInWindow", async (target) => {
      await this.openBranch(target);
      await vscode.commands.executeCommand("workbench.action.moveEditorToNewWindow");
    });
    this.#register("muster.agent.chooseReview", async (target) => {
      const title = ports.titleOf(target);
      const scope = await chooseScope(await this.#fleet(target), this.reviewed.commitOf(target), title);
      if (scope !== undefined) await this.open(target, scope);
    });
    this.#owned.add(ports.commands.register("muster.review.refresh", "refresh the changes", () => this.tabs.refresh()));
  }

  #register(
    id: `muster.agent.${"review" | "reviewSince" | "reviewInWindow" | "chooseReview"}`,
    open: (target: AgentTarget) => Promise<void>,
  ): void {
    const { commands, resolveAgent } = this.#ports;
    this.#owned.add(
      commands.register(id, "review the changes", async (target) => {
        const agent = await resolveAgent(target ?? this.tabs.inFront?.target);
        if (agent !== undefined) await open(agent);
      }),
    );
  }

  /**
   * Opens all changes of the agent's work, and remembers its commit as reviewed. Where the host serves live files, the
   * diff shows them as they are at this moment.
   */
  openBranch(target: AgentTarget): Promise<void> {
    return this.open(target, { kind: "branch" });
  }

  /** Opens what one turn changed. Does not count as a review of the branch. */
  openTurn(target: AgentTarget, turnId: string): Promise<void> {
    return this.open(target, { kind: "turn", turnId });
  }

  /** Opens what differs between two checkpoints, by their ids. Does not count as a review of the branch. */
  openComparison(target: AgentTarget, from: string, to: string): Promise<void> {
    return this.open(target, { kind: "checkpoints", from, to });
  }

  /** Opens what the agent changed after the commit that was reviewed last; everything when there is none. */
  async openSince(target: AgentTarget): Promise<void> {
    const commit = this.reviewed.commitOf(target);
    const fleet = commit === undefined ? undefined : await this.#fleet(target);
    await this.open(target, commit && fleet ? sinceReview(fleet, commit) : { kind: "branch" });
  }

  async open(target: AgentTarget, scope: ReviewScope): Promise<void> {
    const review = await this.read(target, scope);
    requireSome(review);
    const { changes } = review;
    const title = titleOf(review);
    const { rows } = toMultiDiff(target.hostId, changes);
    await openDiff(title, rows);
    this.tabs.add(title, review, () =>
      scope.kind === "sinceReview" ? this.openSince(target) : this.open(target, scope),
    );
    // After the diff is open: what failed to open was not shown to anybody. While a turn runs no commit is what is shown.
    const isReview = scope.kind === "branch" || scope.kind === "sinceReview";
    if (isReview && changes.snapshot === undefined && !changes.isMoving && changes.head !== undefined) {
      await this.reviewed.remember(target, changes.head);
    }
    this.#ports.telemetry.send("review.opened", { files: rows.length });
  }

  /** The changes of a scope as they are; nothing is opened. */
  read(target: AgentTarget, scope: ReviewScope): Promise<OpenReview> {
    return readReview(this.#reading, target, scope);
  }

  /** Files that git finds renamed between a commit and the latest checkpoint: their paths there by those at the commit. */
  async renamedSince(target: AgentTarget, commit: string): Promise<ReadonlyMap<string, string>> {
    const fleet = await this.#fleet(target);
    const from = fleet && checkpointOf(fleet, commit);
    const to = fleet?.checkpoints.at(-1)?.id;
    if (from === undefined || to === undefined || from === to) return new Map();
    const { changes } = await this.read(target, { kind: "checkpoints", from, to });
    return new Map(changes.files.flatMap(({ oldPath, path }) => (oldPath === undefined ? [] : [[oldPath, path]])));
  }

  /** Both sides of a changed file as text; a side that is not there is empty. */
  async readSides(target: AgentTarget, file: ChangedFile): Promise<{ before: string; after: string }> {
    const { hosts, clock } = this.#ports;
    const ids = await takeSnapshots(hosts.client(target.hostId), [file], this.#snapshots);
    const taken: TakenSnapshot = { label: undefined, atMs: clock.now(), ids };
    const [before, after] = await Promise.all(
      sidesOf(target.hostId, file, taken).map(async (side) =>
        side === undefined ? "" : (await this.reader.read(side)).text,
      ),
    );
    return { before: before ?? "", after: after ?? "" };
  }

  /** Opens one file of the branch against its base. Does not count as a review of the branch. */
  async openFileDiff(target: AgentTarget, path: string): Promise<void> {
    const isIt = (candidate: ChangedFile) => candidate.path === path;
    const review = await readReview(this.#reading, target, { kind: "branch" }, isIt);
    await this.showFile(review, path, () => this.openFileDiff(target, path));
  }

  /** Opens one file of a review as the review has it. */
  async showFile(review: OpenReview, path: string, again?: () => Promise<void>): Promise<void> {
    const { target, changes } = review;
    const file = changes.files.find((candidate) => candidate.path === path);
    const diff = file === undefined ? undefined : toFileDiff(target.hostId, changes, file);
    if (diff === undefined) {
      throw new AppError("notFound", "{0} is not among the agent's changes any more. Review the changes again.", {
        values: [toLine(path)],
      });
    }
    const [left, right] = [vscode.Uri.from(diff.left), vscode.Uri.from(diff.right)];
    await vscode.commands.executeCommand("vscode.diff", left, right, diff.title);
    this.tabs.add(diff.title, review, again ?? (() => this.openFileDiff(target, path)));
  }

  #fleet(target: AgentTarget) {
    return readFleet(this.#ports.hosts, target);
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

function requireSome({ scope, changes }: OpenReview): void {
  if (changes.files.length > 0) return;
  if (scope.kind === "checkpoints" || scope.kind === "sinceReview") {
    const { from, to } = scope;
    const values = [toLine(from), toLine(to)];
    throw new AppError("branch.empty", "Checkpoints {0} and {1} hold the same files.", { values });
  }
  throw new AppError("branch.empty", "The agent has changed no files yet. Review again when it has.");
}

async function openDiff(title: string, rows: readonly DiffRow[]): Promise<void> {
  const sides = rows.map((row) => [row.label, row.left, row.right].map((side) => side && vscode.Uri.from(side)));
  await vscode.commands.executeCommand("vscode.changes", title, sides);
}
