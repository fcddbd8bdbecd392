import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { seesAll } from "../access/sight.ts";
import type { Channels } from "../channels/channels.ts";
import type { FleetHandlers } from "../gateway/hostApi.ts";
import { MachineMeter } from "../machine/machineMeter.ts";
import { ProcFs } from "../machine/procFs.ts";
import { BudgetGate, type BudgetPorts } from "./budgetGate.ts";
import { Spend } from "./spend.ts";
import type { SpendConfig } from "./spendConfig.ts";
import { SpendLedger } from "./spendLedger.ts";

export interface SpendingOptions {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: SpendConfig;
  readonly announce: BudgetPorts["announce"];
}

/** Money and machine time: what is booked, what holds it back, and what answers for it. */
export interface Spending extends Disposable {
  readonly spend: Spend;
  readonly budgets: BudgetGate;
  readonly meter: MachineMeter;
  readonly methods: Pick<FleetHandlers, "x-fleet/spend">;
}

/** Reads this month of the ledger. The log must be open and recovered. */
export async function openSpending(options: SpendingOptions): Promise<Spending> {
  const { clock } = options;
  const ledger = new SpendLedger(options);
  await ledger.open();
  const meter = new MachineMeter(new ProcFs(), clock);
  const spend = new Spend({ ...options, ledger, meter });
  const budgets = new BudgetGate({ ...options, ledger, spend });
  return {
    spend,
    budgets,
    meter,
    methods: {
      "x-fleet/spend": (params, caller) => ledger.report(params, seesAll(caller) ? undefined : caller.principal),
    },
    dispose() {
      budgets.dispose();
      spend.dispose();
      meter.dispose();
    },
  };
}
