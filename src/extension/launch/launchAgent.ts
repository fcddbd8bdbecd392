import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { type LaunchRequest, parseAgentKey } from "../fleet/fleetAgent.ts";
import type { HostConnection, HostConnectionsView } from "../hosts/hosts.ts";
import { type AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import type { LaunchDraft, LaunchDrafts } from "./launchDraft.ts";
import { LaunchForm } from "./launchForm.ts";

export interface LaunchOptions {
  readonly connections: HostConnectionsView;
  /** Sees to the account that the agent needs. False: the person wants no launch. */
  readonly signIn: (hostId: string, provider: string) => Promise<boolean>;
  /** Resolves with the agent's key when the host has accepted it and its prompt. */
  readonly launch: (request: LaunchRequest) => Promise<string>;
  readonly drafts: LaunchDrafts;
  readonly commands: CommandRegistry;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly telemetry: Pick<Telemetry, "send">;
  readonly openPanel: (target: AgentTarget) => void;
}

const title = "Launch Agent";

/** `Muster: Launch Agent`: a question a step, each with the last answer as its default, and a way back. */
export class AgentLauncher implements Disposable {
  readonly #options: LaunchOptions;
  readonly #owned = new Disposables();

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.#owned.add(options.commands.register("muster.agent.launch", "launch the agent", () => this.#run()));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #run(): Promise<void> {
    const { connections, drafts } = this.#options;
    const live = connections.all.filter(({ state }) => state.kind === "live");
    if (live.length === 0) {
      throw new AppError(
        "host.disconnected",
        "None of your hosts is connected. Add a host, or reconnect one, then launch again.",
      );
    }
    const request = await this.#ask(live);
    if (request === undefined) return;
    await drafts.merge(request.draft);
    await this.#launch(request.launch);
  }

  /** A failure keeps the form: "Try Again" sends it once more, the command shows it again with everything in it. */
  async #launch(request: LaunchRequest): Promise<void> {
    const { signIn, launch, drafts, telemetry, openPanel, presenter } = this.#options;
    try {
      if (!(await signIn(request.hostId, request.provider))) return;
      const key = await launch(request);
      await drafts.launched(request);
      telemetry.send("agent.launched", { outcome: "created" });
      const target = parseAgentKey(key);
      if (target !== undefined) openPanel(target);
    } catch (error) {
      telemetry.send("agent.launched", { outcome: "failed" });
      await presenter.present(error, "launch the agent (your prompt is kept)", { retry: () => this.#launch(request) });
    }
  }

  async #ask(live: readonly HostConnection[]): Promise<{ draft: LaunchDraft; launch: LaunchRequest } | undefined> {
    const form = new LaunchForm(live, this.#options.drafts);
    let draft = this.#options.drafts.read();
    if (live.length === 1) draft = { ...draft, hostId: live[0]?.host.id };
    for (let index = 0; ;) {
      const steps = await form.steps(draft);
      const ask = steps[index];
      if (ask === undefined) break;
      const frame = { title, step: index + 1, totalSteps: steps.length, canGoBack: index > 0 };
      const result = await ask(draft, frame);
      if (result.kind === "cancel") {
        await this.#options.drafts.merge(draft);
        return undefined;
      }
      if (result.kind === "next") draft = { ...draft, ...result.value };
      index += result.kind === "back" ? -1 : 1;
    }
    const launch = await form.request(draft);
    return launch && { draft, launch };
  }
}
