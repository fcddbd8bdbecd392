import * as vscode from "vscode";
import { Disposables } from "../../base/disposables.ts";
import { totalsOf } from "../fleet/changedFiles.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep, type StepFrame, type StepItem, textStep } from "../platform/steps.ts";
import type { Finding } from "./gate.ts";
import type { ExtraChoices, PullRequestExtras } from "./gitHubPort.ts";
import type { GitHubRepository } from "./gitHubServers.ts";
import type { IssueReference } from "./linkedIssues.ts";
import type { FormDraft } from "./pullRequestDrafts.ts";
import { askExtra, EXTRAS, type Extra, extraItem } from "./pullRequestExtras.ts";
import type { ShippableAgent } from "./shippableAgent.ts";

/** A repository that the pull request may go into. */
export interface PullRequestBase {
  readonly repository: GitHubRepository;
  readonly defaultBranch: string;
  /** How the agent's branch is called there. */
  readonly head: string;
}

export interface FormValues {
  readonly title: string;
  readonly base: PullRequestBase;
  /** Empty: the repository's default branch. */
  readonly baseBranch: string;
  readonly body: string;
  readonly isDraft: boolean;
  readonly extras: PullRequestExtras;
  /** Labels of the issues that it closes. */
  readonly closes: readonly string[];
}

export interface FormContext {
  readonly agent: ShippableAgent;
  /** Never empty. */
  readonly bases: readonly PullRequestBase[];
  readonly findings: readonly Finding[];
  /** What the task refers to. */
  readonly issues: readonly IssueReference[];
  readonly choices: (repository: GitHubRepository) => Promise<ExtraChoices>;
  /** Puts the agent's branch on its base as it is at present; the form ends before. */
  readonly updateFromBase: () => Promise<void>;
}

export interface PullRequestForm {
  /**
   * Shows everything that will be sent. `undefined` if the person stopped.
   * @param keep called with what they changed, whenever they do, so that it outlives the form
   */
  ask(prefilled: FormValues, context: FormContext, keep: (draft: FormDraft) => void): Promise<FormValues | undefined>;
  /** The pull request exists: what the form left open (the description's document) may go. */
  close(): Promise<void>;
}

type Step = "title" | "repository" | "base" | "confirm";
/** Where the form goes from a step; a boolean ends it, and says whether a draft is made. */
type Move = Step | "stop" | boolean;
/** The lines of the last step; a boolean is as in `Move`. */
type Choice = boolean | Extra | "description" | "updateFromBase";

/** Native quick inputs; the description is edited in an ordinary Markdown document beside them. */
export class QuickPullRequestForm implements PullRequestForm {
  #description: vscode.TextDocument | undefined;

  async ask(
    prefilled: FormValues,
    context: FormContext,
    keep: (draft: FormDraft) => void,
  ): Promise<FormValues | undefined> {
    const form = new FormRun(prefilled, context, keep);
    try {
      return await form.run();
    } finally {
      this.#description = form.description ?? this.#description;
      form.dispose();
    }
  }

  async close(): Promise<void> {
    const document = this.#description;
    this.#description = undefined;
    if (document === undefined || document.isClosed) return;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  }
}

class FormRun {
  readonly #context: FormContext;
  readonly #keep: (draft: FormDraft) => void;
  readonly #owned = new Disposables();
  readonly #steps: readonly Step[];
  #values: FormValues;
  #draft: FormDraft = {};
  #choices: ExtraChoices | undefined;
  /** The line of the last step that was chosen last. */
  #active: Choice = true;
  description: vscode.TextDocument | undefined;

  constructor(prefilled: FormValues, context: FormContext, keep: (draft: FormDraft) => void) {
    this.#values = prefilled;
    this.#context = context;
    this.#keep = keep;
    this.#steps = context.bases.length > 1 ? ["title", "repository", "base", "confirm"] : ["title", "base", "confirm"];
    // A description that was edited until the window closed would be lost if only "Create" read it.
    this.#owned.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.description) this.#change({ body: document.getText() });
      }),
    );
  }

  async run(): Promise<FormValues | undefined> {
    const asks: Record<Step, () => Promise<Move>> = {
      title: () => this.#askTitle(),
      repository: () => this.#askRepository(),
      base: () => this.#askBase(),
      confirm: () => this.#confirm(),
    };
    let move: Move = "title";
    while (typeof move === "string" && move !== "stop") move = await asks[move]();
    return move === "stop" ? undefined : { ...this.#values, isDraft: move };
  }

  #change(draft: FormDraft): void {
    this.#draft = { ...this.#draft, ...draft };
    const { extras, ...others } = draft;
    this.#values = { ...this.#values, ...others, ...(extras && { extras: { ...this.#values.extras, ...extras } }) };
    this.#keep(this.#draft);
  }

  async #askTitle(): Promise<Move> {
    const result = await textStep({
      frame: this.#frame("title"),
      value: this.#values.title,
      prompt: vscode.l10n.t("Title of the pull request"),
      validate: (text) => (text.trim() === "" ? vscode.l10n.t("Enter a title.") : undefined),
      onType: (title) => this.#change({ title }),
    });
    return result.kind === "next" ? this.#after("title") : "stop";
  }

  async #askRepository(): Promise<Move> {
    const items = this.#context.bases.map((base, index) => ({
      label: nameOf(base.repository),
      description:
        index === 0
          ? vscode.l10n.t("the repository that it is a fork of")
          : vscode.l10n.t("the agent's own repository"),
      value: base,
    }));
    const result = await pickStep<PullRequestBase>({
      frame: this.#frame("repository"),
      placeholder: vscode.l10n.t("Repository that the changes shall go into"),
      items,
      active: this.#values.base,
    });
    if (result.kind !== "next") return result.kind === "back" ? this.#before("repository") : "stop";
    if (result.value !== this.#values.base) this.#choices = undefined;
    this.#values = { ...this.#values, base: result.value };
    return this.#after("repository");
  }

  async #askBase(): Promise<Move> {
    const result = await textStep({
      frame: this.#frame("base"),
      value: this.#values.baseBranch,
      prompt: vscode.l10n.t("Branch that the changes shall go into. Empty: the repository's default branch"),
      validate: (text) =>
        /^(?!.*(?:\.\.|@\{))[^\s~^:?*[\\\p{Cc}]*$/u.test(text.trim())
          ? undefined
          : vscode.l10n.t("No branch has such a name."),
      onType: (baseBranch) => this.#change({ baseBranch: baseBranch.trim() }),
    });
    if (result.kind === "next") return this.#after("base");
    return result.kind === "back" ? this.#before("base") : "stop";
  }

  async #confirm(): Promise<Move> {
    const { agent, findings } = this.#context;
    const { added, removed } = totalsOf(agent.files);
    const into = this.#values.baseBranch || this.#values.base.defaultBranch || vscode.l10n.t("default branch");
    const items: StepItem<Choice>[] = [
      {
        label: `$(git-pull-request-draft) ${vscode.l10n.t("Create Draft Pull Request")}`,
        detail: toLabel(this.#values.title),
        value: true,
      },
      {
        label: `$(git-pull-request) ${vscode.l10n.t("Create Pull Request")}`,
        detail: vscode.l10n.t("Ready for review at once"),
        value: false,
      },
      { label: vscode.l10n.t("What it has"), kind: vscode.QuickPickItemKind.Separator },
      {
        label: `$(edit) ${vscode.l10n.t("Edit Description…")}`,
        description: vscode.l10n.t("opens as a Markdown document; come back here to create the pull request"),
        value: "description",
      },
      ...EXTRAS.map((extra) => extraItem(extra, this.#values)),
    ];
    if (findings.length > 0) {
      items.push(
        { label: vscode.l10n.t("Before you go on"), kind: vscode.QuickPickItemKind.Separator },
        ...findings.map(findingItem),
      );
    }
    const result = await pickStep({
      frame: this.#frame("confirm"),
      placeholder: toLabel(
        `${agent.branch ?? ""} → ${into}: ${filesText(agent.files.length)}, +${added} −${removed}`,
        200,
      ),
      items,
      active: this.#active,
    });
    if (result.kind !== "next") return result.kind === "back" ? this.#before("confirm") : "stop";
    if (typeof result.value === "boolean") return result.value;
    if (result.value === "updateFromBase") {
      await this.#context.updateFromBase();
      return "stop";
    }
    this.#active = result.value;
    if (result.value === "description") await this.#editDescription();
    else this.#change(await this.#askExtra(result.value));
    return "confirm";
  }

  async #askExtra(extra: Extra): Promise<FormDraft> {
    const frame = { title: this.#frame("confirm").title, canGoBack: true };
    const { choices, issues } = this.#context;
    const load = async () => (this.#choices ??= await choices(this.#values.base.repository));
    return askExtra(extra, { frame, values: this.#values, issues, load });
  }

  #frame(step: Step): StepFrame {
    const place = this.#steps.indexOf(step) + 1;
    const { repository } = this.#values.base;
    const title = toLabel(
      vscode.l10n.t("Create Pull Request in {0} on {1}", nameOf(repository), repository.server.host),
    );
    return { title, step: place, totalSteps: this.#steps.length, canGoBack: place > 1 };
  }

  #after(step: Step): Step {
    return this.#steps[this.#steps.indexOf(step) + 1] ?? "confirm";
  }

  #before(step: Step): Step {
    return this.#steps[this.#steps.indexOf(step) - 1] ?? "title";
  }

  async #editDescription(): Promise<void> {
    if (this.description === undefined || this.description.isClosed) {
      this.description = await vscode.workspace.openTextDocument({ language: "markdown", content: this.#values.body });
    }
    await vscode.window.showTextDocument(this.description, { preview: false });
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

/** What the gate says, and where something can be done about it here, that. */
function findingItem({ sentence, severity, isOfBase }: Finding): StepItem<Choice> {
  const label = `$(${severity === "note" ? "info" : "warning"}) ${toLabel(sentence, 200)}`;
  return isOfBase
    ? { label, detail: vscode.l10n.t("Update from Base"), alwaysShow: true, value: "updateFromBase" }
    : { label, alwaysShow: true };
}

function filesText(count: number): string {
  return count === 1 ? vscode.l10n.t("1 file") : vscode.l10n.t("{0} files", count);
}

function nameOf({ owner, repo }: GitHubRepository): string {
  return `${owner}/${repo}`;
}
