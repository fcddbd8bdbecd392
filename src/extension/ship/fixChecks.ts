import * as vscode from "vscode";
import type { Fleet } from "../fleet/fleet.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { ConfirmMessage } from "../platform/messageForm.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep, type StepItem } from "../platform/steps.ts";
import type { AgentTarget } from "../ids.ts";
import { fixChecksMessage } from "./agentMessages.ts";
import type { Blame, FailedCheck } from "./failedChecks.ts";
import type { OpenPullRequest, PullRequestDesk } from "./pullRequestDesk.ts";
import type { Attempts, PullRequests } from "./pullRequests.ts";

/** How much an agent may try by itself at checks that stay red, before the person is to look. */
export interface AttemptLimits {
  readonly attempts: number;
  /** US dollars, of what the agent has cost since the first of them. */
  readonly spendUsd: number;
}

export interface FixChecksPorts {
  readonly desk: PullRequestDesk;
  readonly pullRequests: Pick<PullRequests, "get" | "countAttempts">;
  readonly fleet: Pick<Fleet, "send">;
  readonly confirmMessage: ConfirmMessage;
  readonly dialogs: Pick<Dialogs, "tell" | "choose" | "progress">;
  readonly limits: () => AttemptLimits;
  readonly showPage: (target: AgentTarget) => Promise<void>;
  /** The agent's base branch has got more since, as far as its host tells. */
  readonly isBehind: (target: AgentTarget) => Promise<boolean>;
  /** Puts the agent's branch on its base as it is. */
  readonly updateFromBase: (target: AgentTarget) => Promise<void>;
}

type Way = "tell" | "rerun" | "update" | "page";

/** What is usual for each; the person decides. */
const usual: Readonly<Record<Blame, Way>> = { own: "tell", base: "page", staleBase: "update", flaky: "rerun" };

function blameWords(blame: Blame): string {
  switch (blame) {
    case "base":
      return vscode.l10n.t("red on the base branch too");
    case "staleBase":
      return vscode.l10n.t("the branch is behind its base, and the complaints are elsewhere");
    case "flaky":
      return vscode.l10n.t("looks like an outage of the machine or the network");
    default:
      return vscode.l10n.t("nothing speaks against the change itself");
  }
}

/** Red checks: what they say, whose fault it looks like, and what is usual then. Nothing happens without a choice. */
export class FixChecks {
  readonly #ports: FixChecksPorts;

  constructor(ports: FixChecksPorts) {
    this.#ports = ports;
  }

  async run(target: AgentTarget): Promise<void> {
    const { desk, dialogs, isBehind, showPage, updateFromBase } = this.#ports;
    const { open, failed } = await dialogs.progress(vscode.l10n.t("Reading the failed checks"), async () => {
      const open = await desk.open(target);
      const standing = await desk.read(open);
      return { open, failed: await open.port.readFailedChecks(standing, await isBehind(target)) };
    });
    const { number } = open.place;
    if (failed.length === 0) {
      void dialogs.tell(vscode.l10n.t("No check of pull request #{0} is red at the moment.", number));
      return;
    }
    const way = await this.#choose(open, failed);
    if (way === "page") await showPage(target);
    else if (way === "update") await updateFromBase(target);
    else if (way === "rerun") {
      await dialogs.progress(vscode.l10n.t("Running the failed jobs again"), () =>
        open.port.rerun(failed.map(({ check }) => check)),
      );
      await desk.readAfter(open);
    } else if (way === "tell") await this.#tell(open, failed);
  }

  async #choose({ place, target }: OpenPullRequest, failed: readonly FailedCheck[]): Promise<Way | undefined> {
    const { count = 0 } = this.#ports.pullRequests.get(target)?.attempts ?? {};
    const canRerun = failed.some(({ check }) => check.isJob);
    const blames = new Set(failed.map(({ blame }) => blame));
    const [blame = "own"] = blames;
    // Several causes are for the agent to tell apart.
    const way = blames.size === 1 ? usual[blame] : "tell";
    const items: StepItem<Way>[] = [
      {
        label: `$(send) ${vscode.l10n.t("Tell the Agent to Fix Them…")}`,
        description: vscode.l10n.t("attempt {0} of {1}", count + 1, this.#ports.limits().attempts),
        value: "tell",
      },
      ...(canRerun
        ? [{ label: `$(debug-rerun) ${vscode.l10n.t("Run the Failed Jobs Again")}`, value: "rerun" as const }]
        : []),
      { label: `$(git-merge) ${vscode.l10n.t("Update from Base")}`, value: "update" },
      { label: `$(link-external) ${vscode.l10n.t("Open the Pull Request's Page")}`, value: "page" },
      { label: vscode.l10n.t("What is red"), kind: vscode.QuickPickItemKind.Separator },
      ...failed.map(({ check, blame }) => ({
        label: `$(error) ${toLabel(check.name, 80)}`,
        description: toLabel([check.summary, blameWords(blame)].filter((part) => part !== "").join(" · "), 160),
        alwaysShow: true,
      })),
    ];
    const result = await pickStep<Way>({
      frame: { title: vscode.l10n.t("Failing checks of pull request #{0}", place.number), canGoBack: false },
      placeholder: vscode.l10n.t("What shall be done about them?"),
      items,
      active: way === "rerun" && !canRerun ? "tell" : way,
    });
    return result.kind === "next" ? result.value : undefined;
  }

  async #tell(open: OpenPullRequest, failed: readonly FailedCheck[]): Promise<void> {
    const { confirmMessage, fleet, pullRequests } = this.#ports;
    const { agent, place, target } = open;
    const spendUsd = agent.spend ?? 0;
    const attempts = pullRequests.get(target)?.attempts ?? { count: 0, spendUsd };
    if (!(await this.#mayTry(open, attempts, spendUsd))) return;
    const title = vscode.l10n.t("Message about the failing checks of #{0}", place.number);
    const isSent = await confirmMessage(title, fixChecksMessage(place.number, failed), (message) =>
      fleet.send(agent.key, message),
    );
    if (isSent) await pullRequests.countAttempts(target, { ...attempts, count: attempts.count + 1 });
  }

  /** With the attempts or the money used up, the person is the one to look. */
  async #mayTry({ place, target }: OpenPullRequest, attempts: Attempts, spendUsd: number): Promise<boolean> {
    const { dialogs, limits, showPage } = this.#ports;
    const limit = limits();
    const spent = spendUsd - attempts.spendUsd;
    const isOver = attempts.count >= limit.attempts || (attempts.count > 0 && spent >= limit.spendUsd);
    if (!isOver) return true;
    const [openAgent, openPage, again] = [
      vscode.l10n.t("Open Agent"),
      vscode.l10n.t("Open Pull Request"),
      vscode.l10n.t("Try Once More"),
    ];
    const chosen = await dialogs.choose(
      vscode.l10n.t("The checks of pull request #{0} stay red", place.number),
      vscode.l10n.t(
        "Times that the agent was told: {0}. It has cost ${1} since the first. Look at it yourself: what it tries does not help.",
        attempts.count,
        spent.toFixed(2),
      ),
      [openAgent, openPage, again],
    );
    if (chosen === openAgent) await runCommand("muster.agent.open", target);
    if (chosen === openPage) await showPage(target);
    return chosen === again;
  }
}
