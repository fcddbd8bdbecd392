import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import { nextNeedingYou } from "../fleet/selectors.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { SessionPanels } from "../session/sessionPanels.ts";
import type { AgentTargets } from "./agentTargets.ts";
import type { RequestAnswers } from "./answerRequests.ts";

export interface AgentCommandsOptions {
  readonly fleet: Fleet;
  readonly targets: AgentTargets;
  readonly answers: RequestAnswers;
  readonly panels: Pick<SessionPanels, "show" | "active">;
  readonly dialogs: Pick<Dialogs, "confirm">;
  readonly commands: CommandRegistry;
  /** Asks hosts and GitHub anew. */
  readonly refresh: () => Promise<void>;
  /** Selects the agent's row, if the tree can be seen. */
  readonly reveal: (key: string) => void;
}

const isRunning = ({ attention }: FleetAgent) =>
  attention === "working" || attention === "queued" || attention === "needsYou";
const isFailed = ({ attention }: FleetAgent) => attention === "failed";
const isWaiting = ({ attention }: FleetAgent) => attention === "needsYou";

/** What may be done with agents from the tree, the palette and the panel's title. */
export function registerAgentCommands(options: AgentCommandsOptions): Disposable {
  const { fleet, targets, answers, panels, dialogs, commands, refresh, reveal } = options;
  const owned = new Disposables();
  let lastVisited: string | undefined;

  const open = async (target: AgentTarget) => {
    lastVisited = keyOf(target);
    await panels.show(target);
  };

  owned.add(
    commands.register("muster.agent.open", "open the agent", async (target) => {
      const agent = await targets.one(target, "Which agent?");
      if (agent === undefined) return;
      await open(agent);
      const row = fleet.get(keyOf(agent));
      if (row?.freshness.live && !row.isRead) await fleet.markRead(row.key).catch(() => undefined);
    }),
  );
  owned.add(
    commands.register("muster.agent.next", "go to the next agent that needs you", async () => {
      const active = panels.active;
      const next = nextNeedingYou(fleet.agents.values(), active === undefined ? lastVisited : keyOf(active));
      if (next === undefined) return;
      await open({ hostId: next.hostId, session: next.session });
      reveal(next.key);
    }),
  );
  owned.add(commands.register("muster.agents.refresh", "refresh the agents", refresh));
  for (const preferred of ["approve", "deny"] as const) {
    owned.add(
      commands.register(`muster.agent.${preferred}`, `${preferred} the request`, async (target, selected) => {
        for (const agent of await targets.many(target, selected, "Whose request?", isWaiting)) {
          await answers.review(agent, preferred);
        }
      }),
    );
  }
  owned.add(
    commands.register("muster.agent.stop", "stop the agent", async (target, selected) => {
      await forEach(await targets.many(target, selected, "Stop which agent?", isRunning), (key) => fleet.stop(key));
    }),
  );
  owned.add(
    commands.register("muster.agent.retry", "resume the agent", async (target, selected) => {
      await forEach(await targets.many(target, selected, "Resume which agent?", isFailed), (key) => fleet.retry(key));
    }),
  );
  owned.add(
    commands.register("muster.agent.archive", "archive the agent", async (target, selected) => {
      await forEach(await targets.many(target, selected, "Archive which agent?"), (key) =>
        fleet.archive(key, fleet.get(key)?.isArchived !== true),
      );
    }),
  );
  owned.add(
    commands.register("muster.agent.rename", "rename the agent", async (target) => {
      const agent = await targets.one(target, "Rename which agent?");
      if (agent === undefined) return;
      const title = await vscode.window.showInputBox({
        title: "Rename agent",
        value: targets.agent(agent)?.title ?? "",
        ignoreFocusOut: true,
        validateInput: (text) => (text.trim() === "" ? "An agent needs a name." : undefined),
      });
      if (title !== undefined) await fleet.rename(keyOf(agent), title);
    }),
  );
  owned.add(
    commands.register("muster.agent.delete", "delete the agent", async (target, selected) => {
      const agents = await targets.many(target, selected, "Delete which agent?");
      const [first] = agents;
      if (first === undefined) return;
      const question =
        agents.length === 1 ? `Delete the agent "${targets.titleOf(first)}"?` : `Delete ${agents.length} agents?`;
      const rows = agents.map((agent) => fleet.get(keyOf(agent)));
      if (await dialogs.confirm(question, whatIsLost(rows), "Delete"))
        await forEach(agents, (key) => fleet.remove(key));
    }),
  );
  return owned;
}

/** A host without the fleet plane keeps no copy of the work: a folder that it made for the agent goes, whatever is in it. */
function whatIsLost(agents: readonly (FleetAgent | undefined)[]): string {
  const isKept = agents.every((agent) => agent?.canShip !== false);
  return isKept
    ? "Its conversation and its workspace on the host are deleted. Branches that were pushed stay."
    : "Its conversation is deleted. So is a worktree that the host made for it, with everything in it that is not committed.";
}

/** All of them, whatever becomes of the others; then the first failure, saying how many there were. */
async function forEach(targets: readonly AgentTarget[], act: (key: string) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(targets.map(async (target) => act(keyOf(target))));
  const failures = results.filter((result) => result.status === "rejected").map((result): unknown => result.reason);
  if (failures.length === 0) return;
  const first = AppError.from(failures[0], "The request failed");
  if (targets.length === 1) throw first;
  throw new AppError(first.code, `${failures.length} of ${targets.length} failed. ${first.message}`, { cause: first });
}
