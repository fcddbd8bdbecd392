import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { type AgentFilter, isFiltering, noFilter } from "../fleet/agentFilter.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { ATTENTIONS, type Attention } from "../fleet/fleetAgent.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Grouping, Sorting } from "./agentLayout.ts";
import type { AgentsTree } from "./agentsTree.ts";
import type { AgentsViewSettings } from "./agentsViewSettings.ts";

export interface AgentsViewCommandsOptions {
  readonly fleet: Pick<Fleet, "counts" | "tallies">;
  readonly tree: Pick<AgentsTree, "tally" | "onDidChangeTreeData" | "showMore">;
  readonly view: Pick<vscode.TreeView<unknown>, "message" | "description">;
  readonly settings: AgentsViewSettings;
  readonly commands: CommandRegistry;
  readonly contexts: Pick<Contexts, "set">;
  readonly clock: Clock;
}

/** Typing settles before thousands of rows are looked through. */
const typingMs = 100;

/** How the person looks at the agents: grouping, order and filter, said above the rows. */
export function registerAgentsViewCommands(options: AgentsViewCommandsOptions): Disposable {
  const { commands, contexts, settings, tree, view } = options;
  const owned = new Disposables();
  const tell = () => {
    const { filter, layout } = settings;
    const { all, shown } = tree.tally;
    const isFiltered = isFiltering(filter);
    // Where nothing is left to show, the view's welcome text says so; a message would keep it away.
    const message = isFiltered && shown > 0 ? filterMessage(filter, shown, all) : undefined;
    const description = isFiltered ? vscode.l10n.t("{0} of {1}", shown, all) : groupingWords[layout.grouping]();
    // VS Code takes each as a change, whatever was there before.
    if (view.message !== message) view.message = message;
    if (view.description !== description) view.description = description;
    contexts.set("muster:agentsFiltered", isFiltered);
    contexts.set("muster:archivedShown", layout.showsArchived);
  };
  owned.add(tree.onDidChangeTreeData(tell));
  owned.add(settings.onDidChange(tell));
  tell();

  owned.add(commands.register("muster.agents.filter", "filter the agents", () => askFilter(options)));
  owned.add(
    commands.register("muster.agents.clearFilter", "clear the filter", async () => settings.setFilter(noFilter)),
  );
  owned.add(
    commands.register("muster.agents.groupBy", "group the agents", async () => {
      const grouping = await choose(vscode.l10n.t("Group agents by"), groupingNames, settings.layout.grouping);
      if (grouping !== undefined) await settings.setLayout({ grouping });
    }),
  );
  owned.add(
    commands.register("muster.agents.sortBy", "sort the agents", async () => {
      const sorting = await choose(vscode.l10n.t("Sort agents by"), sortingNames, settings.layout.sorting);
      if (sorting !== undefined) await settings.setLayout({ sorting });
    }),
  );
  for (const [id, showsArchived, during] of [
    ["muster.agents.showArchived", true, vscode.l10n.t("show archived agents")],
    ["muster.agents.hideArchived", false, vscode.l10n.t("hide archived agents")],
  ] as const) {
    owned.add(commands.register(id, during, async () => settings.setLayout({ showsArchived })));
  }
  owned.add(commands.register("muster.agents.showMore", "show more agents", (list) => tree.showMore(list)));
  return owned;
}

const groupingNames: Record<Grouping, () => string> = {
  attention: () => vscode.l10n.t("Attention"),
  repository: () => vscode.l10n.t("Repository"),
  host: () => vscode.l10n.t("Host"),
  none: () => vscode.l10n.t("Nothing: one flat list"),
};

/** Beside the view's title; the usual way needs no words. */
const groupingWords: Record<Grouping, () => string | undefined> = {
  attention: () => undefined,
  repository: () => vscode.l10n.t("by repository"),
  host: () => vscode.l10n.t("by host"),
  none: () => vscode.l10n.t("flat"),
};

const sortingNames: Record<Sorting, () => string> = {
  attention: () => vscode.l10n.t("What needs you first"),
  activity: () => vscode.l10n.t("Last activity"),
  created: () => vscode.l10n.t("Time of launch"),
  cost: () => vscode.l10n.t("Cost"),
  title: () => vscode.l10n.t("Title"),
};

const stateNames: Record<Attention, () => string> = {
  needsYou: () => vscode.l10n.t("Needs you"),
  failed: () => vscode.l10n.t("Failed"),
  review: () => vscode.l10n.t("Ready for review"),
  working: () => vscode.l10n.t("Working"),
  queued: () => vscode.l10n.t("Queued"),
  pullRequest: () => vscode.l10n.t("In pull request"),
  done: () => vscode.l10n.t("Done"),
};

/** "12 of 340 agents: “parser”, Failed or Working, unread" */
function filterMessage({ text, states, isUnread }: AgentFilter, shown: number, all: number): string {
  const named = states.map((state) => stateNames[state]());
  const last = named.at(-1) ?? "";
  const either = named.length < 2 ? last : vscode.l10n.t("{0} or {1}", named.slice(0, -1).join(", "), last);
  const words = [text.trim() === "" ? "" : `“${text.trim()}”`, either, isUnread ? vscode.l10n.t("unread") : ""];
  return vscode.l10n.t("{0} of {1} agents: {2}", shown, all, words.filter((word) => word !== "").join(", "));
}

async function choose<T extends string>(
  title: string,
  names: Record<T, () => string>,
  current: T,
): Promise<T | undefined> {
  const ids = Object.keys(names) as T[];
  const items = ids.map((id) => ({
    id,
    label: names[id](),
    iconPath: new vscode.ThemeIcon(id === current ? "check" : "blank"),
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.id;
}

interface FilterItem extends vscode.QuickPickItem {
  readonly state?: Attention;
}

/** One box for both: what is typed, and the states that are ticked. The rows follow at once; Escape puts them back. */
async function askFilter({ clock, fleet, settings }: AgentsViewCommandsOptions): Promise<void> {
  const owned = new Disposables();
  const before = settings.filter;
  const pick = owned.add(vscode.window.createQuickPick<FilterItem>());
  const unread: FilterItem = { label: vscode.l10n.t("Unread only"), alwaysShow: true };
  const states = ATTENTIONS.map((state): FilterItem => ({
    label: stateNames[state](),
    description: String(fleet.counts[state] - (state === "done" ? fleet.tallies.archived : 0)),
    alwaysShow: true,
    state,
  }));
  pick.title = vscode.l10n.t("Filter agents");
  pick.placeholder = vscode.l10n.t("Title, repository, branch, agent or host; tick states below");
  pick.canSelectMany = true;
  pick.items = [...states, { label: "", kind: vscode.QuickPickItemKind.Separator }, unread];
  pick.selectedItems = [
    ...states.filter(({ state }) => state !== undefined && before.states.includes(state)),
    ...(before.isUnread ? [unread] : []),
  ];
  pick.value = before.text;
  let latest = before;
  let typing: Disposable | undefined;
  const show = () => {
    typing?.dispose();
    latest = {
      text: pick.value,
      states: pick.selectedItems.flatMap(({ state }) => state ?? []),
      isUnread: pick.selectedItems.includes(unread),
    };
    typing = clock.setTimeout(() => void settings.setFilter(latest, { keep: false }), typingMs);
  };
  pick.onDidChangeValue(show);
  pick.onDidChangeSelection(show);
  const accepted = new Promise<boolean>((resolve) => {
    pick.onDidAccept(() => resolve(true));
    pick.onDidHide(() => resolve(false));
  });
  pick.show();
  try {
    const isAccepted = await accepted;
    typing?.dispose();
    await settings.setFilter(isAccepted ? latest : before, { keep: isAccepted });
  } finally {
    owned.dispose();
  }
}
