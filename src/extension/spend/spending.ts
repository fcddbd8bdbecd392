import { type Disposable, Disposables } from "../../base/disposables.ts";
import { type BudgetCommandsOptions, registerBudgetCommands } from "./budgetCommands.ts";
import { SpendView, type SpendViewOptions } from "./spendView.ts";

/** What agents cost: the report of it, and what they may cost. */
export function startSpending(options: SpendViewOptions & BudgetCommandsOptions): Disposable {
  const owned = new Disposables();
  owned.add(new SpendView(options));
  owned.add(registerBudgetCommands(options));
  return owned;
}
