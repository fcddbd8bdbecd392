import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";
import type { FleetSpendAction, SpendRow } from "../../protocol/fleetLedger.ts";
import { fleetSpendUri, parseFleetSpendUri, repositoryKey } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import { type Budget, periodOf } from "./budgets.ts";
import { daysAsked, ledgerDays, spendReport } from "./spendReport.ts";

export interface LedgerPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The host's ledger: one channel a UTC day, which stays when its sessions are deleted. What is added to it in the same
 * moment as to a session becomes durable together with that, so the two never differ.
 */
export class SpendLedger {
  readonly #ports: LedgerPorts;
  /** Days and months in the log, loaded or not. */
  readonly #known = new Set<string>();
  /** US dollars by period, scope and key. */
  readonly #spent = new Map<string, number>();

  constructor(ports: LedgerPorts) {
    this.#ports = ports;
  }

  /** Reads this month's days. */
  async open(): Promise<void> {
    const { channels, clock } = this.#ports;
    const month = periodOf(clock.now(), "month");
    for (const uri of await channels.known(fleetSpendUri(""))) {
      const period = parseFleetSpendUri(uri);
      if (period === undefined) continue;
      this.#known.add(period);
      if (!period.startsWith(month) || !(await this.#load(period))) continue;
      for (const row of channels.state("fleetSpend", uri)?.rows ?? []) this.#sum(period, row);
    }
  }

  /** What was spent today since the last time. */
  add(row: SpendRow): void {
    const day = periodOf(this.#ports.clock.now(), "day");
    this.#sum(day, row);
    this.#dispatch(day, { type: "x-fleet/spent", row });
  }

  spentUsd({ scope, key, period }: Budget): number {
    return this.#spent.get(sumKey(period ?? "", scope, key)) ?? 0;
  }

  /** Adds to a budget for its period. */
  raise({ scope, key, period }: Budget, usd: number): void {
    if (period !== undefined) this.#dispatch(period, { type: "x-fleet/budgetRaised", scope, key, usd });
  }

  raisedBy({ scope, key, period }: Budget): number {
    if (period === undefined) return 0;
    const raised = this.#ports.channels.state("fleetSpend", fleetSpendUri(period))?.raised ?? [];
    return raised.reduce((sum, each) => (each.scope === scope && each.key === key ? sum + each.usd : sum), 0);
  }

  /** @param user whose spending alone may be seen; absent for all */
  async report(params: ParamsOf<"x-fleet/spend">, user: string | undefined): Promise<ResultOf<"x-fleet/spend">> {
    const asked = daysAsked(params, this.#ports.clock.now());
    const rows: { readonly day: string; readonly row: SpendRow }[] = [];
    for (const day of ledgerDays(this.#known, asked)) {
      if (!(await this.#load(day))) continue;
      const state = this.#ports.channels.state("fleetSpend", fleetSpendUri(day));
      for (const row of state?.rows ?? []) if (user === undefined || row.user === user) rows.push({ day, row });
    }
    return spendReport(rows, { ...params, ...asked });
  }

  /** A damaged day is left out of reports; `channels` has told the log where it is damaged. */
  async #load(period: string): Promise<boolean> {
    return await this.#ports.channels.load(fleetSpendUri(period)).catch(() => false);
  }

  #sum(day: string, row: SpendRow): void {
    if (row.costUsd === undefined) return;
    for (const period of [day, day.slice(0, 7)]) {
      for (const key of [
        sumKey(period, "repository", repositoryKey(row.repository)),
        sumKey(period, "user", row.user),
        sumKey(period, "fleet", ""),
      ]) {
        this.#spent.set(key, (this.#spent.get(key) ?? 0) + row.costUsd);
      }
    }
  }

  #dispatch(period: string, action: FleetSpendAction): void {
    const { channels, logger } = this.#ports;
    const uri = fleetSpendUri(period);
    if (!channels.isLoaded(uri) && !this.#known.has(period)) {
      channels.create(uri, "fleetSpend", { rows: [], raised: [] });
      this.#known.add(period);
    }
    if (channels.isLoaded(uri)) {
      channels.dispatch(uri, action);
      return;
    }
    // Only a clock that was set back leads to a day of another month.
    channels
      .load(uri)
      .then((isLoaded) => isLoaded && channels.dispatch(uri, action))
      .catch((error: unknown) => logger.error("spending was not recorded", { period, error: String(error) }));
  }
}

function sumKey(period: string, scope: string, key: string): string {
  return `${period}\n${scope}\n${key}`;
}
