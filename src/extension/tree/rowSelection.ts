import type * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { Disposables } from "../../base/disposables.ts";
import type { AgentElement, AgentsTree, TreeElement } from "./agentsTree.ts";

export interface RowSelectionOptions {
  readonly view: Pick<vscode.TreeView<TreeElement>, "selection">;
  readonly tree: Pick<AgentsTree, "onDidAsk">;
  readonly clock: Clock;
}

/** Longer than VS Code needs to draw rows anew, over the network too. */
const redrawMs = 1000;

/**
 * The agents that are selected. VS Code keeps which rows are, but while it draws rows anew it has no elements for them and
 * says that none is: then this waits until it has asked for them.
 */
export async function selectedAgents({ view, tree, clock }: RowSelectionOptions): Promise<readonly AgentElement[]> {
  const limit = clock.now() + redrawMs;
  for (;;) {
    const agents = view.selection.filter((element) => element.kind === "agent");
    const waitMs = limit - clock.now();
    if (agents.length > 0 || waitMs <= 0) return agents;
    const owned = new Disposables();
    await new Promise<void>((resolve) => {
      owned.add(clock.setTimeout(resolve, waitMs));
      // VS Code keeps the elements once it has the items of all.
      owned.add(tree.onDidAsk(() => owned.add(clock.setTimeout(resolve, 0))));
    });
    owned.dispose();
  }
}
