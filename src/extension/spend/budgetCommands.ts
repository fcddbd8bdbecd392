import * as vscode from "vscode";
import { formatUsd } from "../../base/formatUsd.ts";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Client } from "../../client/client.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { budgetFields } from "../../protocol/fleetQuestions.ts";
import type { FleetPause } from "../../protocol/fleetSpend.ts";
import { fleetSessionUri, parseSessionUri } from "../../protocol/uris.ts";
import { readRequests } from "../fleet/agentCommands.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import type { ResolveAgent } from "../fleet/resolveAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { parseUsd } from "../platform/money.ts";
import { toLabel } from "../platform/plainText.ts";
import { textStep } from "../platform/steps.ts";

export interface BudgetCommandsOptions {
  readonly commands: CommandRegistry;
  readonly client: (hostId: string) => Client;
  readonly fleet: Pick<Fleet, "answer" | "get">;
  readonly resolveAgent: ResolveAgent;
}

/** Setting an agent's own budget, and raising the one, whosever it is, that holds an agent. */
export function registerBudgetCommands(options: BudgetCommandsOptions): Disposable {
  const { commands, resolveAgent, fleet } = options;
  const owned = new Disposables();
  const isOurs = ({ freshness, canShip }: FleetAgent) => freshness.live && canShip;
  const titleOf = (target: AgentTarget) => toLabel(fleet.get(keyOf(target))?.title ?? vscode.l10n.t("agent"), 60);
  owned.add(
    commands.register("muster.agent.setBudget", "set the budget", async (target) => {
      const agent = await resolveAgent(target, vscode.l10n.t("Set the budget of which agent?"), isOurs);
      if (agent === undefined) return;
      await withFleetState(options.client(agent.hostId), agent.session, (state, dispatch) =>
        setBudget(titleOf(agent), state, dispatch),
      );
    }),
  );
  owned.add(
    commands.register("muster.agent.raiseBudget", "raise the budget", async (target) => {
      const isHeld = (agent: FleetAgent) => isOurs(agent) && agent.need === "budget";
      const agent = await resolveAgent(target, vscode.l10n.t("Raise the budget of which agent?"), isHeld);
      if (agent === undefined) return;
      const client = options.client(agent.hostId);
      await withFleetState(client, agent.session, async (state, dispatch) => {
        const paused = state.spend?.paused;
        if (paused === undefined) return setBudget(titleOf(agent), state, dispatch);
        const usd = await askRaise(titleOf(agent), paused);
        if (usd !== undefined) await raise(options, agent, paused, usd);
      });
    }),
  );
  return owned;
}

type Dispatch = (action: StateAction) => Promise<void>;

async function withFleetState(
  client: Client,
  session: string,
  use: (state: FleetSessionState, dispatch: Dispatch) => Promise<void>,
): Promise<void> {
  const id = client.hostInfo?.fleet === undefined ? undefined : parseSessionUri(session);
  if (id === undefined) throw new AppError("notFound", "This agent's host keeps no budgets.");
  const uri = fleetSessionUri(id);
  const handle = client.subscribe("fleetSession", uri);
  try {
    await use(await handle.ready, (action) => client.dispatch(uri, action));
  } finally {
    handle.dispose();
  }
}

async function setBudget(title: string, { usage, spend }: FleetSessionState, dispatch: Dispatch): Promise<void> {
  const spent =
    usage.costUsd === undefined ? "" : ` ${vscode.l10n.t("It has spent {0} so far.", formatUsd(usage.costUsd))}`;
  const typed = await textStep({
    frame: { title: vscode.l10n.t("Budget of {0}", title), canGoBack: false },
    prompt: `${vscode.l10n.t("US dollars for all its work. Leave it empty for the host's own limit.")}${spent}`,
    placeholder: "5.00",
    value: spend?.budgetUsd === undefined ? "" : String(spend.budgetUsd),
    validate: (text) => (text.trim() === "" ? undefined : sumProblem(text)),
  });
  if (typed.kind !== "next") return;
  const usd = parseUsd(typed.value);
  await dispatch({ type: "x-fleet/budgetSet", ...(usd !== undefined && { usd }) });
}

async function askRaise(title: string, paused: FleetPause): Promise<number | undefined> {
  const typed = await textStep({
    frame: { title: vscode.l10n.t("Raise Budget of {0}", title), canGoBack: false },
    prompt: vscode.l10n.t(
      "{0} of {1} is used. By how many US dollars shall it be raised?",
      formatUsd(paused.spentUsd),
      `${nameOf(paused.scope)} ${formatUsd(paused.limitUsd)}${paused.period === undefined ? "" : ` (${paused.period})`}`,
    ),
    value: String(paused.limitUsd),
    validate: sumProblem,
  });
  return typed.kind === "next" ? parseUsd(typed.value) : undefined;
}

/** By the question's own answer, which holds for budgets of many as well: the host says who may give it. */
async function raise(
  { client, fleet }: BudgetCommandsOptions,
  { hostId, session }: AgentTarget,
  { requestId }: FleetPause,
  usd: number,
): Promise<void> {
  const requests = await readRequests({ client: client(hostId), session });
  const question = requests.find((request) => request.kind === "chatInput" && request.request.id === requestId);
  if (question === undefined) throw new AppError("conflict", "This agent waits for no money any more.");
  await fleet.answer(keyOf({ hostId, session }), question, "accept", {
    [budgetFields.decision]: { state: "submitted", value: { kind: "selected", value: budgetFields.raise } },
    [budgetFields.usd]: { state: "submitted", value: { kind: "number", value: usd } },
  });
}

function nameOf(scope: FleetPause["scope"]): string {
  switch (scope) {
    case "repository":
      return vscode.l10n.t("the repository's");
    case "user":
      return vscode.l10n.t("this user's");
    case "fleet":
      return vscode.l10n.t("the whole host's");
    default:
      return vscode.l10n.t("its own");
  }
}

function sumProblem(text: string): string | undefined {
  return parseUsd(text) === undefined ? vscode.l10n.t("Write a sum like 5 or 2.50, at most 1,000,000.") : undefined;
}
