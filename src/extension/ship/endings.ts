import { AppError } from "../../base/appError.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep } from "../platform/steps.ts";
import type { MergeMethod } from "./gitHubPort.ts";
import type { PullRequestDesk } from "./pullRequestDesk.ts";
import type { PullRequests } from "./pullRequests.ts";
import { checksState, type MergeState, type PullRequestStanding, type ReviewVerdict } from "./pullRequestStanding.ts";

export interface EndingsPorts {
  readonly desk: PullRequestDesk;
  readonly pullRequests: Pick<PullRequests, "get">;
  readonly fleet: Pick<Fleet, "archive">;
  readonly dialogs: Pick<Dialogs, "tell" | "confirm" | "progress">;
  readonly archivesOnMerge: () => boolean;
}

const methodLabels: Readonly<Record<MergeMethod, string>> = {
  squash: "$(git-commit) Squash and Merge",
  merge: "$(git-merge) Create a Merge Commit",
  rebase: "$(git-branch) Rebase and Merge",
};

const mergeNotes: Readonly<Record<MergeState, string>> = {
  ready: "",
  unknown: "GitHub is still working out whether it can be merged.",
  conflicts: "It conflicts with its base branch. GitHub will refuse to merge it.",
  behind: "It is behind its base branch.",
  blocked: "The rules of the base branch are not met yet: GitHub may refuse to merge it.",
};

const reviewNotes: Readonly<Record<ReviewVerdict, string>> = {
  none: "",
  approved: "",
  required: "Somebody was asked for a review and has not given one.",
  changesRequested: "A reviewer has requested changes.",
};

/** How pull requests end: made ready, merged, closed. Each by the person's own click, and of the commit that they saw. */
export class Endings {
  readonly #ports: EndingsPorts;

  constructor(ports: EndingsPorts) {
    this.#ports = ports;
  }

  async markReady(target: AgentTarget): Promise<void> {
    const { desk, dialogs } = this.#ports;
    await dialogs.progress("Marking the pull request as ready", async () => {
      const open = await desk.open(target);
      const { pull } = await desk.read(open);
      if (pull.state === "draft") await open.port.markReady(pull);
      await desk.readAfter(open);
    });
  }

  async merge(target: AgentTarget): Promise<void> {
    const { desk, dialogs } = this.#ports;
    const { open, standing, methods } = await dialogs.progress("Reading the pull request", async () => {
      const open = await desk.open(target);
      const standing = await desk.read(open);
      return { open, standing, methods: await open.port.mergeMethods() };
    });
    const { pull } = standing;
    if (pull.state !== "open") throw notMergeable(standing);
    const notes = mergeNotesOf(standing, this.#ports.pullRequests.get(target)?.pushed);
    const result = await pickStep<MergeMethod>({
      frame: { title: `Merge pull request #${pull.number}: ${toLabel(pull.title, 60)}`, canGoBack: false },
      placeholder: toLabel(`${pull.headBranch} at ${pull.headCommit.slice(0, 7)} → ${pull.baseBranch}`, 200),
      items: [
        ...methods.map((method) => ({ label: methodLabels[method], value: method })),
        ...(notes.length === 0 ? [] : [{ label: "Before you go on", kind: -1 }]),
        ...notes.map((note) => ({ label: `$(warning) ${toLabel(note, 200)}`, alwaysShow: true })),
      ],
    });
    if (result.kind !== "next") return;
    await dialogs.progress(`Merging pull request #${pull.number}`, async () => {
      await open.port.merge(pull, result.value);
      await desk.readAfter(open);
    });
    await this.#tellMerged(target, pull.number);
  }

  async close(target: AgentTarget): Promise<void> {
    const { desk, dialogs } = this.#ports;
    const open = await desk.open(target);
    const { number } = open.place;
    const detail = "Its branch and the agent's work stay. It can be opened again on its page.";
    if (!(await dialogs.confirm(`Close pull request #${number} without merging it?`, detail, "Close Pull Request"))) return;
    await dialogs.progress(`Closing pull request #${number}`, async () => {
      await open.port.close(number);
      await desk.readAfter(open);
    });
  }

  /** It was merged, here or elsewhere. */
  async merged(target: AgentTarget): Promise<void> {
    if (this.#ports.archivesOnMerge()) await this.#ports.fleet.archive(keyOf(target));
  }

  async #tellMerged(target: AgentTarget, number: number): Promise<void> {
    const { archivesOnMerge, dialogs, fleet } = this.#ports;
    await this.merged(target);
    const archive = "Archive Agent";
    const told = archivesOnMerge()
      ? dialogs.tell(`Merged pull request #${number} and archived its agent.`)
      : dialogs.tell(`Merged pull request #${number}.`, archive);
    // Not awaited: the notification may stay for as long as the person likes.
    void told.then((chosen) => (chosen === archive ? fleet.archive(keyOf(target)) : undefined));
  }
}

function notMergeable({ pull }: PullRequestStanding): AppError {
  if (pull.state === "draft") {
    return new AppError("conflict", `Pull request #${pull.number} is a draft. Mark it as ready first, then merge it.`);
  }
  return new AppError("conflict", `Pull request #${pull.number} is ${pull.state} already. Nothing was changed.`);
}

/** @param pushed the head that was last pushed from here */
function mergeNotesOf({ pull, checks, merge, review }: PullRequestStanding, pushed: string | undefined): readonly string[] {
  const state = checksState(checks);
  return [
    mergeNotes[merge],
    reviewNotes[review],
    state === "failed" ? "Checks have failed." : state === "pending" ? "Checks are still running." : "",
    pushed !== undefined && pushed !== pull.headCommit ? "Somebody else has pushed to it since you did." : "",
  ].filter((note) => note !== "");
}
