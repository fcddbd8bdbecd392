import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { HostConnectionsView } from "./hosts.ts";
import { dayOf, keepsAccounts, readHostSpend } from "./hostSpend.ts";

export interface SpendTodayOptions {
  readonly connections: Pick<HostConnectionsView, "all" | "get" | "onDidChange">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where it is shown, such as a view. */
export interface SpendDisplay {
  readonly visible: boolean;
  readonly onDidChangeVisibility: Event<unknown>;
}

/** What the agents of a host have cost since midnight (UTC), as far as it is known. */
export interface DaySpend {
  /** US dollars; `undefined` while nobody knows any cost. */
  readonly usd: number | undefined;
  /** Turns that the sum lacks. */
  readonly unpricedTurns: number;
}

/** Turns that end together are asked about together. */
const gatherMs = 1000;

/** Asks hosts of ours what they have spent today: when somebody begins to look, and when an agent has spent more. */
export class SpendToday implements Disposable {
  readonly #options: SpendTodayOptions;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<void>;
  readonly #known = new Map<string, DaySpend>();
  readonly #outdated = new Set<string>();
  #display: SpendDisplay | undefined;
  #gathering: Disposable | undefined;

  constructor(options: SpendTodayOptions) {
    this.#options = options;
    const { connections, logger } = options;
    this.#changed = this.#owned.add(
      new Emitter<void>((error) => logger.error("spend listener failed", { reason: String(error) })),
    );
    this.#owned.add(
      connections.onDidChange(({ added, changed, removed }) => {
        for (const hostId of removed) this.#known.delete(hostId);
        for (const hostId of [...added, ...changed]) if (!this.#known.has(hostId)) this.outdate(hostId);
      }),
    );
  }

  /** Nobody is asked for what nobody sees. */
  showIn(display: SpendDisplay): void {
    this.#display = display;
    const look = () => {
      for (const { host } of this.#options.connections.all) this.outdate(host.id);
    };
    this.#owned.add(display.onDidChangeVisibility(look));
    look();
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  of(hostId: string): DaySpend | undefined {
    return this.#known.get(hostId);
  }

  /** An agent of the host has spent more. */
  outdate(hostId: string): void {
    this.#outdated.add(hostId);
    if (this.#display?.visible !== true) return;
    this.#gathering ??= this.#options.clock.setTimeout(() => void this.#ask(), gatherMs);
  }

  dispose(): void {
    this.#gathering?.dispose();
    this.#owned.dispose();
  }

  async #ask(): Promise<void> {
    this.#gathering = undefined;
    const hostIds = Array.from(this.#outdated);
    this.#outdated.clear();
    await Promise.all(hostIds.map((hostId) => this.#askHost(hostId)));
    this.#changed.fire();
  }

  async #askHost(hostId: string): Promise<void> {
    const { connections, clock, logger } = this.#options;
    const client = connections.get(hostId)?.client;
    if (client?.state.kind !== "live" || !keepsAccounts(client)) return;
    const today = dayOf(clock.now());
    try {
      const { total } = await readHostSpend(client, { from: today, to: today, by: "day" });
      const { costUsd, unpricedTurns = 0 } = total.coordination;
      this.#known.set(hostId, { usd: costUsd, unpricedTurns });
    } catch (error) {
      logger.debug("spend not told", { hostId, reason: String(error) });
    }
  }
}
