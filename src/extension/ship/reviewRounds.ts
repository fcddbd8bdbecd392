import * as vscode from "vscode";
import type { Fleet } from "../fleet/fleet.ts";
import type { AgentTarget } from "../ids.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { ConfirmMessage } from "../platform/messageForm.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickManyStep, textStep } from "../platform/steps.ts";
import { addressCommentsMessage } from "./agentMessages.ts";
import type { PullRequestDesk } from "./pullRequestDesk.ts";
import type { ReviewThread } from "./pullRequestPort.ts";

export interface ReviewRoundsPorts {
  readonly desk: PullRequestDesk;
  readonly fleet: Pick<Fleet, "send">;
  readonly confirmMessage: ConfirmMessage;
  readonly dialogs: Pick<Dialogs, "tell" | "progress">;
}

/** Comments of reviewers on GitHub: to the agent in one message, and when it has answered them, resolved. */
export class ReviewRounds {
  readonly #ports: ReviewRoundsPorts;
  /** Threads that agents were told of in this window. */
  readonly #told = new Set<string>();

  constructor(ports: ReviewRoundsPorts) {
    this.#ports = ports;
  }

  /** Nothing is sent before the person has read it. */
  async address(target: AgentTarget): Promise<void> {
    const { confirmMessage, desk, dialogs, fleet } = this.#ports;
    const { open, feedback } = await this.#read(target);
    const { number } = open.place;
    if (feedback.threads.length + feedback.summaries.length === 0) {
      void dialogs.tell(vscode.l10n.t("Pull request #{0} has no comments that are not resolved.", number));
      return;
    }
    const title = vscode.l10n.t("Message about the review of #{0}", number);
    const isSent = await confirmMessage(title, addressCommentsMessage(number, feedback), (message) =>
      fleet.send(open.agent.key, message),
    );
    if (!isSent) return;
    for (const { id } of feedback.threads) this.#told.add(id);
    await desk.readAfter(open);
  }

  /** Answers and resolves the threads that the person ticks. */
  async resolve(target: AgentTarget): Promise<void> {
    const { desk, dialogs } = this.#ports;
    const { open, feedback } = await this.#read(target);
    const { number } = open.place;
    if (feedback.threads.length === 0) {
      void dialogs.tell(vscode.l10n.t("Every comment on pull request #{0} is resolved.", number));
      return;
    }
    const title = vscode.l10n.t("Resolve comments on pull request #{0}", number);
    const ticked = await pickManyStep<ReviewThread>({
      frame: { title, step: 1, totalSteps: 2, canGoBack: false },
      placeholder: vscode.l10n.t("Which are settled?"),
      items: feedback.threads.map((thread) => ({
        label: toLabel(`${thread.path}${thread.line === undefined ? "" : `:${thread.line}`}`, 80),
        description: toLabel(thread.comments[0]?.author ?? "", 40),
        detail: toLabel(thread.comments[0]?.body ?? "", 160),
        value: thread,
      })),
      chosen: ({ id }) => this.#told.has(id),
    });
    if (ticked.kind !== "next" || ticked.value.length === 0) return;
    const reply = await textStep({
      frame: { title, step: 2, totalSteps: 2, canGoBack: false },
      prompt: vscode.l10n.t("Your answer to each of them. Empty: they are resolved without one"),
      value: vscode.l10n.t("Addressed in the latest push."),
    });
    if (reply.kind !== "next") return;
    await dialogs.progress(vscode.l10n.t("Resolving the comments"), async (report) => {
      for (const [index, { id }] of ticked.value.entries()) {
        report(vscode.l10n.t("{0} of {1}", index + 1, ticked.value.length));
        if (reply.value.trim() !== "") await open.port.reply(id, reply.value.trim());
        await open.port.resolve(id);
      }
    });
    await desk.readAfter(open);
  }

  async #read(target: AgentTarget) {
    const { desk, dialogs } = this.#ports;
    return dialogs.progress(vscode.l10n.t("Reading the review comments"), async () => {
      const open = await desk.open(target);
      return { open, feedback: await open.port.readFeedback(open.place.number) };
    });
  }
}
