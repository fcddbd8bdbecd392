import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Attention, FleetAgent } from "../fleet/fleetAgent.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import type { Dialogs, StandingNotice } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import type { Settings } from "../platform/settings.ts";
import { itemsOf } from "./inboxItems.ts";
import type { NoticeLease } from "./noticeLease.ts";
import type { Snoozes } from "./snoozes.ts";

export interface NoticeOptions {
  readonly fleet: Pick<Fleet, "get" | "agents" | "onDidChange">;
  readonly settings: Pick<Settings, "read">;
  readonly dialogs: Pick<Dialogs, "tell" | "stand">;
  readonly clock: Clock;
  readonly snoozes: Pick<Snoozes, "has">;
  readonly lease: Pick<NoticeLease, "take">;
  /** The person is looking at this agent already. */
  readonly isShown: (agent: FleetAgent) => boolean;
}

/** Agents that come to need somebody at about the same time are one notification. */
const gatherMs = 1500;
/** One that stands is one line, in which the way to answer has to be seen. */
const standingChars = 26;

/**
 * Tells when an agent comes to need a person. Few words, few times: what was so when the window opened is not news, and
 * one window tells it. What asks for an answer goes away when it has been answered, wherever that was.
 */
export class AttentionNotices implements Disposable {
  readonly #options: NoticeOptions;
  readonly #owned = new Disposables();
  readonly #known = new Map<string, Attention>();
  readonly #news = new Set<string>();
  #gathering: Disposable | undefined;
  /** The notice about agents that wait for an answer, and which those are. */
  #standing: { readonly notice: StandingNotice; readonly keys: Set<string> } | undefined;

  constructor(options: NoticeOptions) {
    this.#options = options;
    const { fleet } = options;
    for (const agent of fleet.agents.values()) this.#known.set(agent.key, agent.attention);
    this.#owned.add(
      fleet.onDidChange(({ added, changed, removed }) => {
        // A row that appears is one that was listed: only a change that was watched is news.
        for (const key of added) this.#note(key, false);
        for (const key of changed) this.#note(key, true);
        for (const key of removed) this.#known.delete(key);
        this.#renew();
      }),
    );
  }

  dispose(): void {
    this.#gathering?.dispose();
    this.#standing?.notice.dispose();
    this.#owned.dispose();
  }

  #note(key: string, isNews: boolean): void {
    const agent = this.#options.fleet.get(key);
    if (agent === undefined) return;
    const before = this.#known.get(key);
    this.#known.set(key, agent.attention);
    if (!isNews || before === agent.attention || !this.#isWanted(agent)) return;
    this.#news.add(key);
    this.#gathering ??= this.#options.clock.setTimeout(() => void this.#tell(), gatherMs);
  }

  #isWanted({ attention }: FleetAgent): boolean {
    const level = this.#options.settings.read("notifications.level");
    if (level === "off") return false;
    return attention === "needsYou" || attention === "failed" || (level === "all" && attention === "review");
  }

  async #tell(): Promise<void> {
    this.#gathering = undefined;
    const keys = Array.from(this.#news);
    this.#news.clear();
    const ours = new Set(await this.#options.lease.take(this.#worthTelling(keys).map(idOf)));
    // Much may have happened while the windows settled who tells it.
    const agents = this.#worthTelling(keys).filter((agent) => ours.has(idOf(agent)));
    const asking = agents.filter(({ attention }) => attention === "needsYou");
    if (asking.length > 0) this.#stand(asking);
    const rest = agents.filter(({ attention }) => attention !== "needsYou");
    const [first] = rest;
    if (first === undefined) return;
    if (rest.length > 1) {
      const inbox = vscode.l10n.t("Open Inbox");
      if ((await this.#options.dialogs.tell(sentenceForMany(rest), inbox)) === inbox)
        await runCommand("muster.inbox.open");
      return;
    }
    const open = vscode.l10n.t("Open");
    if ((await this.#options.dialogs.tell(sentenceFor(first), open)) !== open) return;
    await runCommand("muster.agent.open", { hostId: first.hostId, session: first.session });
  }

  #worthTelling(keys: readonly string[]): readonly FleetAgent[] {
    const { fleet, isShown, snoozes } = this.#options;
    const agents = keys.flatMap((key) => fleet.get(key) ?? []);
    return agents.filter((agent) => this.#isWanted(agent) && !isShown(agent) && !snoozes.has(agent));
  }

  /** One notice for all that wait. With a newcomer it is told anew, for the person may have closed the former. */
  #stand(agents: readonly FleetAgent[]): void {
    const { fleet, dialogs } = this.#options;
    const before = Array.from(this.#standing?.keys ?? []).flatMap((key) => fleet.get(key) ?? []);
    this.#standing?.notice.dispose();
    const all = new Map([...before, ...agents].map((agent) => [agent.key, agent]));
    const link = { title: vscode.l10n.t("Answer"), command: "muster.inbox.open" } as const;
    const notice = dialogs.stand(sentenceForMany(Array.from(all.values()), standingChars), link);
    this.#standing = { notice, keys: new Set(all.keys()) };
  }

  /** It speaks of those that still wait, and ends with the last of them. */
  #renew(): void {
    const standing = this.#standing;
    if (standing === undefined) return;
    const waiting = Array.from(standing.keys).flatMap((key) => {
      const agent = this.#options.fleet.get(key);
      return agent?.attention === "needsYou" ? [agent] : [];
    });
    standing.keys.clear();
    for (const { key } of waiting) standing.keys.add(key);
    if (waiting.length > 0) return standing.notice.show(sentenceForMany(waiting, standingChars));
    this.#standing = undefined;
    standing.notice.dispose();
  }
}

/** The same in every window. */
function idOf(agent: FleetAgent): string {
  return itemsOf(agent)[0]?.id ?? `${agent.key}|${agent.attention}`;
}

function sentenceForMany(agents: readonly FleetAgent[], nameChars = 60): string {
  const [first] = agents;
  if (agents.length === 1 && first !== undefined) return sentenceFor(first, nameChars);
  return vscode.l10n.t("{0} agents need you.", agents.length);
}

function sentenceFor(agent: FleetAgent, nameChars = 60): string {
  const name = toLabel(agent.title, nameChars);
  if (agent.attention === "failed") return vscode.l10n.t('"{0}" has failed and can be resumed.', name);
  if (agent.attention === "review") return vscode.l10n.t('"{0}" is ready for review.', name);
  if (agent.need === "question") return vscode.l10n.t('"{0}" asks you a question.', name);
  if (agent.need === "budget") return vscode.l10n.t('"{0}" has reached its budget.', name);
  if (agent.need === "approval") return vscode.l10n.t('"{0}" asks for your approval.', name);
  return vscode.l10n.t('"{0}" needs you.', name);
}
