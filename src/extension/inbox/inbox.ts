import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import { type LiveButton, type LiveContent, livePick, type LiveItem } from "../platform/livePick.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import { pickStep } from "../platform/steps.ts";
import type { ApprovalItem, Approvals } from "./approvals.ts";
import { INBOX_REASONS, type InboxItem, inboxItems, itemsOf } from "./inboxItems.ts";
import { headingOf, rowOf, titleOf } from "./inboxRows.ts";
import { askQuestions, canAskHere } from "./questionForm.ts";
import type { Snoozes, SnoozeTime } from "./snoozes.ts";

export interface InboxOptions {
  readonly fleet: Pick<Fleet, "agents" | "get" | "answer" | "retry" | "read" | "onDidChange">;
  readonly approvals: Pick<Approvals, "ask" | "approve">;
  readonly snoozes: Snoozes;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly clock: Clock;
  readonly openPanel: (target: AgentTarget) => Promise<void>;
}

/** One list of everything that waits for a person, each answered in place. It follows the fleet while it is open. */
export class Inbox implements Disposable {
  readonly #options: InboxOptions;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<void>;
  #showsSnoozed = false;

  constructor(options: InboxOptions, onError: (error: unknown) => void) {
    this.#options = options;
    this.#changed = this.#owned.add(new Emitter<void>(onError));
    this.#owned.add(options.fleet.onDidChange(() => this.#changed.fire()));
    this.#owned.add(options.snoozes.onDidChange(() => this.#changed.fire()));
  }

  /** Until the person closes it, or turns to an agent. */
  async open(): Promise<void> {
    this.#showsSnoozed = false;
    let active: string | undefined;
    for (;;) {
      const read = () => this.#content();
      const onDidChange = this.#changed.event;
      const result = await livePick<InboxItem>({
        read,
        onDidChange,
        clock: this.#options.clock,
        active,
        decides: false,
      });
      if (result.kind === "pressed") {
        this.#showsSnoozed = !this.#showsSnoozed;
        continue;
      }
      if (result.kind !== "chosen") return;
      const item = result.value;
      active = item.id;
      try {
        if ((await this.#act(item, result.button)) === "left") return;
      } catch (error) {
        // The next one can be answered all the same.
        void this.#options.presenter.present(error, vscode.l10n.t("answer the agent"));
      }
    }
  }

  /** Answers everything that one agent waits for, in turn. Stops when the person does. */
  async answerAgent(agent: FleetAgent, preferred: "approve" | "deny"): Promise<void> {
    const { fleet, approvals, openPanel } = this.#options;
    let waits = itemsOf(await this.#whole(agent));
    for (let [item] = waits; item !== undefined; [item] = waits) {
      if (item.reason !== "approval") return openPanel(agent);
      const outcome = await approvals.ask(item, preferred);
      if (outcome === "open") return openPanel(agent);
      if (outcome !== "answered") return;
      const answered = item.id;
      const present = fleet.get(agent.key);
      waits =
        present === undefined ? [] : itemsOf(present).filter(({ id, reason }) => id !== answered && isAsked(reason));
    }
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #content(): LiveContent<InboxItem> {
    const { fleet, snoozes, clock } = this.#options;
    const nowMs = clock.now();
    const isSnoozed = ({ agents }: InboxItem) => agents.every((agent) => snoozes.has(agent));
    const all = inboxItems(fleet.agents.values());
    const shown = all.filter((item) => this.#showsSnoozed || !isSnoozed(item));
    const away = all.length - shown.length;
    const items = INBOX_REASONS.flatMap((reason): LiveItem<InboxItem>[] => {
      const members = shown.filter((item) => item.reason === reason);
      if (members.length === 0) return [];
      const rows = members.map((item) => toItem(item, nowMs, isSnoozed(item)));
      return [{ label: headingOf(reason), isSeparator: true }, ...rows];
    });
    const nothing = { label: `$(check) ${vscode.l10n.t("Nothing needs you")}` };
    const tooltip = this.#showsSnoozed
      ? vscode.l10n.t("Hide What Is Snoozed")
      : vscode.l10n.t("Show What Is Snoozed ({0})", away);
    const hasSnoozed = this.#showsSnoozed || away > 0;
    return {
      title: shown.length === 0 ? vscode.l10n.t("Inbox") : vscode.l10n.t("Inbox ({0})", shown.length),
      placeholder: vscode.l10n.t("Choose one to answer it"),
      items: items.length === 0 ? [nothing] : items,
      buttons: hasSnoozed ? [{ id: "snoozed", icon: this.#showsSnoozed ? "eye-closed" : "eye", tooltip }] : [],
    };
  }

  async #act(item: InboxItem, button: string | undefined): Promise<"stay" | "left"> {
    switch (button) {
      case "approve":
        if (item.reason === "approval") await this.#options.approvals.approve(item);
        return "stay";
      case "resume":
        await this.#retry(item);
        return "stay";
      case "snooze":
        await this.#snooze(item);
        return "stay";
      case "endSnooze":
        await this.#options.snoozes.end(item.agents);
        return "stay";
      case "open":
        return this.#leave(item);
      default:
        return this.#answer(item);
    }
  }

  async #answer(item: InboxItem): Promise<"stay" | "left"> {
    const [agent] = item.agents;
    if (agent === undefined) return "stay";
    switch (item.reason) {
      case "approval":
        return this.#approve(item);
      case "question":
      case "budget":
      case "network":
        if (!canAskHere(item.request.request)) return this.#leave(item);
        await this.#askQuestion(agent, item);
        return "stay";
      case "waiting":
        return itemsOf(await this.#whole(agent))[0]?.reason === "waiting" ? this.#leave(item) : "stay";
      case "signIn":
        await runCommand("muster.agent.signIn", agent);
        return "stay";
      case "failed":
        return this.#askFailed(item);
      case "checks":
        await runCommand("muster.agent.fixChecks", agent);
        return "left";
      case "comments":
        await runCommand("muster.agent.addressComments", agent);
        return "left";
      case "merge":
        await runCommand("muster.agent.mergePullRequest", agent);
        return "left";
      default:
        await runCommand("muster.agent.review", agent);
        return "left";
    }
  }

  async #approve(item: ApprovalItem): Promise<"stay" | "left"> {
    const outcome = await this.#options.approvals.ask(item);
    if (outcome === "open") return this.#leave(item);
    if (outcome !== "apart") return "stay";
    for (const [index, agent] of item.agents.entries()) {
      const request = item.requests[index];
      if (request === undefined) continue;
      const one: ApprovalItem = { ...item, agents: [agent], requests: [request] };
      const each = await this.#options.approvals.ask(one);
      if (each === "open") return this.#leave(one);
      if (each === "closed") return "stay";
    }
    return "stay";
  }

  async #askQuestion(
    agent: FleetAgent,
    { request, reason, agents }: Extract<InboxItem, { reason: "question" | "budget" | "network" }>,
  ): Promise<void> {
    const titles = {
      question: vscode.l10n.t("{0} asks you", titleOf(agents)),
      budget: vscode.l10n.t("{0}: budget reached", titleOf(agents)),
      network: vscode.l10n.t("{0}: network access", titleOf(agents)),
    };
    const result = await askQuestions(request.request, titles[reason]);
    if (result === undefined) return;
    const answers = result.response === "accept" ? result.answers : undefined;
    await this.#options.fleet.answer(agent.key, request, result.response, answers);
  }

  async #askFailed(item: InboxItem): Promise<"stay" | "left"> {
    const result = await pickStep<"resume" | "open" | "snooze">({
      frame: { title: vscode.l10n.t("{0} has failed", titleOf(item.agents)), canGoBack: false },
      placeholder: rowOf(item, this.#options.clock.now()).detail,
      items: [
        {
          label: `$(debug-continue) ${vscode.l10n.t("Resume")}`,
          description: vscode.l10n.t("takes up the turn where it stopped"),
          value: "resume",
        },
        {
          label: `$(go-to-file) ${vscode.l10n.t("Open the agent")}`,
          description: vscode.l10n.t("to see why"),
          value: "open",
        },
        { label: `$(clock) ${vscode.l10n.t("Snooze…")}`, value: "snooze" },
      ],
    });
    if (result.kind !== "next") return "stay";
    return this.#act(item, result.value);
  }

  async #retry({ agents }: InboxItem): Promise<void> {
    for (const { key } of agents) await this.#options.fleet.retry(key);
  }

  async #snooze({ agents }: InboxItem): Promise<void> {
    const result = await pickStep<SnoozeTime>({
      frame: { title: vscode.l10n.t("Snooze: {0}", titleOf(agents)), canGoBack: false },
      placeholder: vscode.l10n.t("Ends early when it needs you for another reason"),
      items: [
        { label: vscode.l10n.t("15 minutes"), value: "quarter" },
        { label: vscode.l10n.t("1 hour"), value: "hour" },
        { label: vscode.l10n.t("Until tomorrow"), value: "tomorrow" },
      ],
    });
    if (result.kind === "next") await this.#options.snoozes.add(agents, result.value);
  }

  async #leave({ agents }: InboxItem): Promise<"left"> {
    const [agent] = agents;
    if (agent !== undefined) await this.#options.openPanel({ hostId: agent.hostId, session: agent.session });
    return "left";
  }

  /** With what it waits for: only the first few dozen waiting agents are read ahead. */
  async #whole(agent: FleetAgent): Promise<FleetAgent> {
    const { fleet } = this.#options;
    if (agent.attention === "needsYou" && agent.requests.length === 0) await fleet.read(agent.key);
    return fleet.get(agent.key) ?? agent;
  }
}

/** What nobody waits for an answer to. */
const restingReasons: ReadonlySet<InboxItem["reason"]> = new Set([
  "failed",
  "conflict",
  "checks",
  "comments",
  "review",
  "merge",
]);

function isAsked(reason: InboxItem["reason"]): boolean {
  return !restingReasons.has(reason);
}

function toItem(item: InboxItem, nowMs: number, isSnoozed: boolean): LiveItem<InboxItem> {
  const { label, description, detail, isWhole } = rowOf(item, nowMs);
  return { id: item.id, label, description, detail, value: item, buttons: buttonsOf(item, isWhole, isSnoozed) };
}

function buttonsOf({ reason, agents }: InboxItem, isWhole: boolean, isSnoozed: boolean): readonly LiveButton[] {
  const act: LiveButton[] = [];
  if (reason === "approval" && isWhole) {
    const tooltip =
      agents.length === 1 ? vscode.l10n.t("Approve Once") : vscode.l10n.t("Approve All {0} Once", agents.length);
    act.push({ id: "approve", icon: "check", tooltip });
  }
  if (reason === "failed") act.push({ id: "resume", icon: "debug-continue", tooltip: vscode.l10n.t("Resume") });
  return [
    ...act,
    isSnoozed
      ? { id: "endSnooze", icon: "bell", tooltip: vscode.l10n.t("End Snooze") }
      : { id: "snooze", icon: "clock", tooltip: vscode.l10n.t("Snooze…") },
    { id: "open", icon: "go-to-file", tooltip: vscode.l10n.t("Open Agent") },
  ];
}
