import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Client } from "../../client/client.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { BASE_CHECKPOINT, type FleetCheckpoint } from "../../protocol/fleetCheckpoints.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { fleetSessionUri, parseSessionUri } from "../../protocol/uris.ts";
import { defaultChatOf } from "../fleet/agentCommands.ts";
import type { FleetAgent, ForkLaunch } from "../fleet/fleetAgent.ts";
import { promptOf } from "../fleet/testRuns.ts";
import type { ResolveAgent } from "../fleet/resolveAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep, textStep } from "../platform/steps.ts";
import type { LaunchDraft } from "./launchDraft.ts";
import type { LaunchSeed } from "./launchFlow.ts";

export interface LaunchFromAgentOptions {
  readonly commands: CommandRegistry;
  readonly client: (hostId: string) => Client;
  readonly resolveAgent: ResolveAgent;
  readonly agent: (target: AgentTarget) => FleetAgent | undefined;
  readonly launch: (seed: LaunchSeed) => Promise<void>;
  readonly launchFork: (request: ForkLaunch) => Promise<void>;
  /** Keeps what is typed until it is launched; `undefined` when nothing is to be kept. */
  readonly keep: (typed: string | undefined) => void;
}

/** Launches that begin with another agent: the same again, or a copy of it from one of its checkpoints. */
export class LaunchFromAgent implements Disposable {
  readonly #options: LaunchFromAgentOptions;
  readonly #owned = new Disposables();

  constructor(options: LaunchFromAgentOptions) {
    this.#options = options;
    const { commands, resolveAgent } = options;
    this.#owned.add(
      commands.register("muster.agent.launchAgain", "launch the agent again", async (target) => {
        const agent = await resolveAgent(target, vscode.l10n.t("Launch which agent again?"), isLive);
        if (agent !== undefined) await this.#again(agent);
      }),
    );
    this.#owned.add(
      commands.register("muster.agent.fork", "fork the agent", async (target) => {
        const fits = (agent: FleetAgent) => isLive(agent) && agent.canShip;
        const agent = await resolveAgent(target, vscode.l10n.t("Fork which agent?"), fits);
        if (agent !== undefined) await this.#fork(agent, target?.checkpoint);
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** The same prompt with the same choices, shown before it is launched. */
  async #again({ hostId, session }: AgentTarget): Promise<void> {
    const client = this.#options.client(hostId);
    const held = new Disposables();
    try {
      const state = await held.add(client.subscribe("session", session)).ready;
      const [chat, fleet] = await Promise.all([
        held.add(client.subscribe("chat", defaultChatOf(session, state))).ready,
        this.#fleetOf(client, session, held),
      ]);
      const prompt = promptOf(chat);
      if (prompt === undefined) throw new AppError("notFound", "This agent was never told what to do. Launch another.");
      const model = fleetMeta("session", state)?.model;
      const { provider, workingDirectories: [folder] = [] } = state;
      const choices: Partial<LaunchDraft> = {
        hostId,
        provider,
        model,
        count: undefined,
        attemptBy: undefined,
        ...(fleet === undefined ? folder !== undefined && { folders: { [hostId]: folder } } : choicesOf(fleet)),
      };
      await this.#options.launch({ title: vscode.l10n.t("Launch Again"), prompt, choices, showForm: true });
    } finally {
      held.dispose();
    }
  }

  async #fork(target: AgentTarget, wanted: string | undefined): Promise<void> {
    const { launchFork, keep, agent } = this.#options;
    const client = this.#options.client(target.hostId);
    const held = new Disposables();
    try {
      const fleet = await this.#fleetOf(client, target.session, held);
      if (fleet === undefined) throw new AppError("notFound", "This agent's host keeps no checkpoints to begin at.");
      const title = vscode.l10n.t("Fork {0}", toLabel(agent(target)?.title ?? vscode.l10n.t("agent"), 60));
      const frame = { title, canGoBack: false };
      const checkpoint = wanted ?? (await chooseCheckpoint(fleet.checkpoints, title));
      if (checkpoint === undefined) return;
      const result = await textStep({
        frame,
        placeholder: vscode.l10n.t("What should the copy do?"),
        prompt: vscode.l10n.t(
          "It begins with the files and the conversation of {0}; this agent goes on as it is.",
          nameOf(checkpoint),
        ),
        value: "",
        validate: (text) => (text.trim() === "" ? vscode.l10n.t("Tell the agent what to do.") : undefined),
        onType: (text) => keep(text || undefined),
      });
      if (result.kind !== "next") return;
      const { session } = target;
      const { provider, repository } = fleet;
      const forkOf = { session, repository, ...(checkpoint !== "" && { checkpoint }) };
      await launchFork({ hostId: target.hostId, provider, prompt: result.value, forkOf });
    } finally {
      held.dispose();
    }
  }

  async #fleetOf(client: Client, session: string, held: Disposables): Promise<FleetSessionState | undefined> {
    const id = client.hostInfo?.fleet === undefined ? undefined : parseSessionUri(session);
    return id === undefined ? undefined : held.add(client.subscribe("fleetSession", fleetSessionUri(id))).ready;
  }
}

function isLive({ freshness, isPending }: FleetAgent): boolean {
  return freshness.live && !isPending;
}

/** What the session was asked for, as far as its state tells. */
function choicesOf({ repository, baseBranch, priority, spend, time }: FleetSessionState): Partial<LaunchDraft> {
  return {
    repository,
    baseBranch: baseBranch ?? "",
    budgetUsd: spend?.budgetUsd,
    timeLimitMinutes: time?.limitMinutes,
    priority: priority === "high" || priority === "low" ? priority : undefined,
  };
}

/** The latest first; the empty id stands for the files as they are. */
async function chooseCheckpoint(checkpoints: readonly FleetCheckpoint[], title: string): Promise<string | undefined> {
  const picked = await pickStep<string>({
    frame: { title, canGoBack: false },
    placeholder: vscode.l10n.t("Where should the copy begin?"),
    items: [
      { label: vscode.l10n.t("The files as they are"), value: "" },
      ...checkpoints.toReversed().map(({ id, createdAt, files, additions, deletions }) => ({
        label: vscode.l10n.t("Checkpoint {0}", id),
        description: `${fileCount(files)}, +${additions} −${deletions}`,
        detail: new Date(createdAt).toLocaleString(),
        value: id,
      })),
      { label: vscode.l10n.t("The beginning"), description: vscode.l10n.t("the base commit"), value: BASE_CHECKPOINT },
    ],
  });
  return picked.kind === "next" ? picked.value : undefined;
}

function fileCount(files: number): string {
  return files === 1 ? vscode.l10n.t("1 file") : vscode.l10n.t("{0} files", files);
}

function nameOf(checkpoint: string): string {
  if (checkpoint === "") return vscode.l10n.t("this moment");
  if (checkpoint === BASE_CHECKPOINT) return vscode.l10n.t("the base commit");
  return vscode.l10n.t("checkpoint {0}", checkpoint);
}
