import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { type LaunchRequest, parseAgentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import { type LaunchDrafts, withOpenRepository } from "./launchDraft.ts";
import { LaunchFlow, type LaunchSeed, withQuote } from "./launchFlow.ts";
import { LaunchForm } from "./launchForm.ts";
import type { PromptDocuments } from "./promptDocuments.ts";
import { openRepositories } from "./repositories.ts";

export interface LaunchOptions {
  readonly connections: HostConnectionsView;
  /** Sees to the account that the agent needs. False: the person wants no launch. */
  readonly signIn: (hostId: string, provider: string) => Promise<boolean>;
  /** Resolves with the agent's key when the host has accepted it and its prompt. */
  readonly launch: (request: LaunchRequest) => Promise<string>;
  readonly drafts: LaunchDrafts;
  readonly documents: Pick<PromptDocuments, "active" | "open" | "close">;
  readonly newId: () => string;
  readonly commands: CommandRegistry;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly telemetry: Pick<Telemetry, "send">;
  readonly openPanel: (target: AgentTarget) => void;
  /** Shows several attempts beside one another. */
  readonly compare: (target: AgentTarget) => void;
}

/** Where the prompt is kept until a host has it. */
interface Kept {
  readonly slot: "prompt" | "aside";
  readonly document?: vscode.TextDocument | undefined;
}

/** `Muster: Launch Agent…` and everything else that ends in a launch. */
export class AgentLauncher implements Disposable {
  readonly #options: LaunchOptions;
  readonly #owned = new Disposables();

  constructor(options: LaunchOptions) {
    this.#options = options;
    const { commands, documents } = options;
    this.#owned.add(commands.register("muster.agent.launch", "launch the agent", () => this.run()));
    this.#owned.add(
      commands.register("muster.agent.launchWithOptions", "launch the agent", () => this.run({ showForm: true })),
    );
    this.#owned.add(
      commands.register("muster.agent.launchPrompt", "launch the agent", async () => {
        const document = documents.active;
        if (document === undefined) return this.run({ showForm: true });
        await this.run({ prompt: document.getText(), showForm: true }, document);
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** @param document holds the prompt, and is closed when the agent has it */
  async run(seed: LaunchSeed = {}, document?: vscode.TextDocument): Promise<void> {
    const { drafts, documents, newId } = this.#options;
    const form = new LaunchForm(this.#live());
    await this.#recover();
    const isOwn = seed.prompt === undefined && seed.quote === undefined;
    const kept = drafts.read();
    const usual = withOpenRepository(kept, (await openRepositories())[0]?.url);
    const start = { ...usual, ...(!isOwn && { prompt: seed.prompt }), ...seed.choices };
    const given = withQuote(seed.prompt ?? "", seed.quote);
    const keep = (typed: string) =>
      void drafts.merge(isOwn ? { prompt: typed || undefined } : { aside: typed === given ? undefined : typed });

    const { kind, draft } = await new LaunchFlow(form, seed, keep).run(start);
    const { prompt, aside: _aside, ...choices } = draft;
    if (kind === "cancel") {
      // What was typed is kept already.
      if (isOwn) await drafts.merge(choices);
      else if (document === undefined) await this.#recover();
      return;
    }
    if (kind === "editor") {
      await drafts.merge({ ...choices, prompt: isOwn ? undefined : kept.prompt, aside: undefined });
      if (document === undefined || prompt !== document.getText()) await documents.open(prompt ?? "");
      return;
    }
    const slot = isOwn ? "prompt" : "aside";
    await drafts.merge({ ...choices, prompt: kept.prompt, ...(document === undefined && { [slot]: prompt }) });
    await this.launch(await form.requests(draft, newId), { slot, document });
  }

  /**
   * One after the other, so that a person is asked for an account once. A failure keeps the prompt: "Try Again" goes on
   * with those that are missing.
   */
  async launch(requests: readonly LaunchRequest[], kept: Kept): Promise<void> {
    const { signIn, launch, drafts, documents, telemetry, presenter } = this.#options;
    const launched: string[] = [];
    try {
      for (const { hostId, provider } of distinct(requests)) if (!(await signIn(hostId, provider))) return;
      for (const request of requests) {
        launched.push(await launch(request));
        telemetry.send("agent.launched", { outcome: "created" });
        if (launched.length === requests.length) await drafts.launched(request, kept.slot);
      }
      if (kept.document !== undefined) await documents.close(kept.document);
      this.#show(launched);
    } catch (error) {
      telemetry.send("agent.launched", { outcome: "failed" });
      this.#show(launched);
      const missing = requests.slice(launched.length);
      const during =
        launched.length === 0
          ? vscode.l10n.t("launch the agent (your prompt is kept)")
          : vscode.l10n.t("launch {0} of {1} attempts (your prompt is kept)", missing.length, requests.length);
      await presenter.present(error, during, { retry: () => this.launch(missing, kept) });
    }
  }

  #show(launched: readonly string[]): void {
    const { openPanel, compare } = this.#options;
    const [first] = launched.flatMap((key) => parseAgentKey(key) ?? []);
    if (first !== undefined) (launched.length > 1 ? compare : openPanel)(first);
  }

  #live() {
    const live = this.#options.connections.all.filter(({ state }) => state.kind === "live");
    if (live.length > 0) return live;
    throw new AppError(
      "host.disconnected",
      "None of your hosts is connected. Add a host, or reconnect one, then launch again.",
    );
  }

  /** What was typed about something and not launched stays in sight, and is not mistaken for the next prompt. */
  async #recover(): Promise<void> {
    const { drafts, documents } = this.#options;
    const { aside } = drafts.read();
    if (aside === undefined) return;
    await drafts.merge({ aside: undefined });
    await documents.open(aside, true);
  }
}

function distinct(requests: readonly LaunchRequest[]): readonly LaunchRequest[] {
  const isFirst = ({ provider }: LaunchRequest, index: number) =>
    requests.findIndex((request) => request.provider === provider) === index;
  return requests.filter(isFirst);
}
