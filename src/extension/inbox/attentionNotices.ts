import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Attention, FleetAgent } from "../fleet/fleetAgent.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import type { Settings } from "../platform/settings.ts";

export interface NoticeOptions {
  readonly fleet: Pick<Fleet, "get" | "agents" | "onDidChange">;
  readonly settings: Pick<Settings, "read">;
  readonly dialogs: Pick<Dialogs, "tell">;
  readonly clock: Clock;
  /** The person is looking at this agent already. */
  readonly isShown: (agent: FleetAgent) => boolean;
}

/** Agents that come to need somebody at about the same time are one notification. */
const gatherMs = 1500;

/** Tells when an agent comes to need a person. Few words, few times: what was so when the window opened is not news. */
export class AttentionNotices implements Disposable {
  readonly #options: NoticeOptions;
  readonly #owned = new Disposables();
  readonly #known = new Map<string, Attention>();
  readonly #news = new Set<string>();
  #gathering: Disposable | undefined;

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
      }),
    );
  }

  dispose(): void {
    this.#gathering?.dispose();
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
    const { fleet, dialogs, isShown } = this.#options;
    const agents = Array.from(this.#news, (key) => fleet.get(key)).filter((agent) => agent !== undefined);
    this.#news.clear();
    const waiting = agents.filter((agent) => this.#isWanted(agent) && !isShown(agent));
    const [first] = waiting;
    if (first === undefined) return;
    const text = waiting.length === 1 ? sentenceFor(first) : `${waiting.length} agents need you.`;
    const button = waiting.length === 1 ? "Open" : "Go to the First";
    const chosen = await dialogs.tell(text, button);
    if (chosen === button) await runCommand("muster.agent.open", { hostId: first.hostId, session: first.session });
  }
}

function sentenceFor(agent: FleetAgent): string {
  const name = `"${toLabel(agent.title, 60)}"`;
  if (agent.attention === "failed") return `${name} has failed and can be resumed.`;
  if (agent.attention === "review") return `${name} is ready for review.`;
  if (agent.need === "question") return `${name} asks you a question.`;
  return agent.need === "approval" ? `${name} asks for your approval.` : `${name} needs you.`;
}
