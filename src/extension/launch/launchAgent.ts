import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import type { AgentInfo } from "../../protocol/root.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import { type LaunchRequest, parseAgentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { type AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import { pickStep, type StepFrame, type StepResult, textStep } from "../platform/steps.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import type { LaunchDraft, LaunchDrafts } from "./launchDraft.ts";
import { openRepositories } from "./repositories.ts";

export interface LaunchOptions {
  readonly connections: HostConnectionsView;
  /** Resolves with the agent's key when the host has accepted it and its prompt. */
  readonly launch: (request: LaunchRequest) => Promise<string>;
  readonly drafts: LaunchDrafts;
  readonly commands: CommandRegistry;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly telemetry: Pick<Telemetry, "send">;
  readonly openPanel: (target: AgentTarget) => void;
}

type Field = "hostId" | "provider" | "repository" | "baseBranch" | "prompt";
type Step = (draft: LaunchDraft, frame: StepFrame) => Promise<StepResult<string>>;

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
    const draft = await this.#ask(live.map(({ host }) => ({ id: host.id, name: host.name })));
    if (draft === undefined) return;
    const { hostId, provider, repository, prompt, baseBranch } = draft;
    if (!hostId || !provider || !repository || !prompt) return;
    await drafts.merge(draft);
    await this.#launch({ hostId, provider, repository, prompt, ...(baseBranch && { baseBranch }) });
  }

  /** A failure keeps the form: "Try Again" sends it once more, the command shows it again with everything in it. */
  async #launch(request: LaunchRequest): Promise<void> {
    const { launch, drafts, telemetry, openPanel, presenter } = this.#options;
    try {
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

  async #ask(hosts: readonly { id: string; name: string }[]): Promise<LaunchDraft | undefined> {
    const only = hosts.length === 1 ? hosts[0] : undefined;
    let draft = this.#options.drafts.read();
    const steps: (readonly [Field, Step])[] = [
      ["provider", (draft, frame) => this.#askProvider(draft, frame)],
      ["repository", (draft, frame) => this.#askRepository(draft, frame)],
      ["baseBranch", (draft, frame) => this.#askBase(draft, frame)],
      ["prompt", (draft, frame) => this.#askPrompt(draft, frame)],
    ];
    if (only === undefined) steps.unshift(["hostId", (draft, frame) => this.#askHost(hosts, draft, frame)]);
    else draft = { ...draft, hostId: only.id };
    let index = 0;
    while (index < steps.length) {
      const entry = steps[index];
      if (entry === undefined) break;
      const [field, ask] = entry;
      const frame = { title, step: index + 1, totalSteps: steps.length, canGoBack: index > 0 };
      const result = await ask(draft, frame);
      if (result.kind === "cancel") {
        await this.#options.drafts.merge(draft);
        return undefined;
      }
      if (result.kind === "back") index -= 1;
      else {
        draft = { ...draft, [field]: result.value };
        index += 1;
      }
    }
    return draft;
  }

  #askHost(hosts: readonly { id: string; name: string }[], draft: LaunchDraft, frame: StepFrame) {
    return pickStep({
      frame,
      placeholder: "On which host?",
      items: hosts.map(({ id, name }) => ({ label: toLabel(name), value: id, iconPath: new vscode.ThemeIcon("vm") })),
      active: draft.hostId,
    });
  }

  async #askProvider(draft: LaunchDraft, frame: StepFrame) {
    const agents = await this.#agentsOf(draft.hostId ?? "");
    if (agents.length === 0) {
      throw new AppError("agent.unknown", "The host offers no kind of agent. Add one to its configuration.");
    }
    return pickStep({
      frame,
      placeholder: "Which kind of agent?",
      items: agents.map(({ provider, displayName, description }) => ({
        label: toLabel(displayName),
        description: toLabel(description, 120),
        value: provider,
        iconPath: new vscode.ThemeIcon("robot"),
      })),
      active: draft.provider,
    });
  }

  async #askRepository(draft: LaunchDraft, frame: StepFrame) {
    const open = (await openRepositories()).map(({ url }) => url);
    const recent = [draft.repository, ...(draft.recent ?? [])].filter((url) => url !== undefined);
    const item = (url: string, description: string) => ({ label: toLine(url, 300), description, value: url });
    const urls = Array.from(new Set([...open, ...recent]));
    return pickStep({
      frame,
      placeholder:
        urls.length === 0
          ? "Address of the repository, for example https://github.com/owner/name"
          : "Which repository? Choose, or type an address",
      items: urls.map((url) => item(url, open.includes(url) ? "open here" : "used before")),
      active: open[0] ?? draft.repository,
      fromText: (text) => (text === "" || urls.includes(text) ? undefined : item(text, "use this address")),
    });
  }

  async #askBase(draft: LaunchDraft, frame: StepFrame) {
    const result = await textStep({
      frame,
      prompt: "Branch to start from. Leave it empty for the repository's default branch.",
      placeholder: "default branch",
      value: draft.baseBranch ?? "",
      validate: (text) => (/^[^\s~^:?*[\\]*$/.test(text) ? undefined : "This is not a name of a branch."),
    });
    return result.kind === "button" ? ({ kind: "cancel" } as const) : result;
  }

  async #askPrompt(draft: LaunchDraft, frame: StepFrame): Promise<StepResult<string>> {
    const result = await textStep({
      frame,
      prompt: "What should the agent do? Press Enter to launch it.",
      placeholder: "For example: fix the failing test in src/parser and explain the cause",
      value: draft.prompt ?? "",
      validate: (text) => (text.trim() === "" ? "Tell the agent what to do." : undefined),
      button: { icon: "edit", tooltip: "Write it in an editor" },
    });
    return result.kind === "button" ? this.#writePrompt(result.value) : result;
  }

  /** A longer prompt in a document of its own; a notification's button sends it. */
  async #writePrompt(text: string): Promise<StepResult<string>> {
    await this.#options.drafts.merge({ prompt: text });
    const document = await vscode.workspace.openTextDocument({ content: text, language: "markdown" });
    await vscode.window.showTextDocument(document, { preview: false });
    const pick = await pickStep({
      frame: { title: "Launch Agent: prompt", step: 1, totalSteps: 1, canGoBack: false },
      placeholder: "Write the prompt in the editor, then come back here",
      items: [{ label: "$(rocket) Launch with the text of the editor", value: "go" }],
    });
    const written = document.getText();
    await this.#options.drafts.merge({ prompt: written });
    if (pick.kind !== "next" || written.trim() === "") return { kind: "cancel" };
    return { kind: "next", value: written };
  }

  /** What the host offers. Its root channel says so, and is followed as long as it is asked. */
  async #agentsOf(hostId: string): Promise<readonly AgentInfo[]> {
    const root = this.#options.connections.client(hostId).subscribe("root", ROOT_URI);
    try {
      return (root.state ?? (await root.ready)).agents;
    } finally {
      root.dispose();
    }
  }
}
