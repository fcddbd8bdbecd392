import type { Fleet } from "../fleet/fleet.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep, type StepItem } from "../platform/steps.ts";
import type { AgentTarget } from "../ids.ts";
import { fixChecksMessage } from "./agentMessages.ts";
import type { Blame, FailedCheck } from "./failedChecks.ts";
import type { ConfirmMessage } from "./messageForm.ts";
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
  /** Puts the agent's branch on its base as it is. */
  readonly updateFromBase: (target: AgentTarget) => Promise<void>;
}

type Way = "tell" | "rerun" | "update" | "page";

/** What is usual for each; the person decides. */
const usual: Readonly<Record<Blame, Way>> = { own: "tell", base: "page", staleBase: "update", flaky: "rerun" };

const blameWords: Readonly<Record<Blame, string>> = {
  own: "nothing speaks against the change itself",
  base: "red on the base branch too",
  staleBase: "the branch is behind its base, and the complaints are elsewhere",
  flaky: "looks like an outage of the machine or the network",
};

/** Red checks: what they say, whose fault it looks like, and what is usual then. Nothing happens without a choice. */
export class FixChecks {
  readonly #ports: FixChecksPorts;

  constructor(ports: FixChecksPorts) {
    this.#ports = ports;
  }

  async run(target: AgentTarget): Promise<void> {
    const { desk, dialogs, showPage, updateFromBase } = this.#ports;
    const { open, failed } = await dialogs.progress("Reading the failed checks", async () => {
      const open = await desk.open(target);
      const standing = await desk.read(open);
      return { open, failed: await open.port.readFailedChecks(standing) };
    });
    const { number } = open.place;
    if (failed.length === 0) {
      void dialogs.tell(`No check of pull request #${number} is red at the moment.`);
      return;
    }
    const way = await this.#choose(open, failed);
    if (way === "page") await showPage(target);
    else if (way === "update") await updateFromBase(target);
    else if (way === "rerun") {
      await dialogs.progress("Running the failed jobs again", () => open.port.rerun(failed.map(({ check }) => check)));
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
        label: "$(send) Tell the Agent to Fix Them…",
        description: `attempt ${count + 1} of ${this.#ports.limits().attempts}`,
        value: "tell",
      },
      ...(canRerun ? [{ label: "$(debug-rerun) Run the Failed Jobs Again", value: "rerun" as const }] : []),
      { label: "$(git-merge) Update from Base…", value: "update" },
      { label: "$(link-external) Open the Pull Request's Page", value: "page" },
      { label: "What is red", kind: -1 },
      ...failed.map(({ check, blame }) => ({
        label: `$(error) ${toLabel(check.name, 80)}`,
        description: toLabel([check.summary, blameWords[blame]].filter((part) => part !== "").join(" · "), 160),
        alwaysShow: true,
      })),
    ];
    const result = await pickStep<Way>({
      frame: { title: `Failing checks of pull request #${place.number}`, canGoBack: false },
      placeholder: "What shall be done about them?",
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
    const title = `Message about the failing checks of #${place.number}`;
    const message = await confirmMessage(title, fixChecksMessage(place.number, failed));
    if (message === undefined) return;
    await fleet.send(agent.key, message);
    await pullRequests.countAttempts(target, { ...attempts, count: attempts.count + 1 });
  }

  /** With the attempts or the money used up, the person is the one to look. */
  async #mayTry({ place, target }: OpenPullRequest, attempts: Attempts, spendUsd: number): Promise<boolean> {
    const { dialogs, limits, showPage } = this.#ports;
    const limit = limits();
    const spent = spendUsd - attempts.spendUsd;
    const isOver = attempts.count >= limit.attempts || (attempts.count > 0 && spent >= limit.spendUsd);
    if (!isOver) return true;
    const [openAgent, openPage, again] = ["Open Agent", "Open Pull Request", "Try Once More"] as const;
    const chosen = await dialogs.choose(
      `The checks of pull request #${place.number} stay red`,
      `The agent was told ${attempts.count === 1 ? "once" : `${attempts.count} times`} and has cost $${spent.toFixed(2)} since. Look at it yourself: what it tries does not help.`,
      [openAgent, openPage, again],
    );
    if (chosen === openAgent) await runCommand("muster.agent.open", target);
    if (chosen === openPage) await showPage(target);
    return chosen === again;
  }
}
