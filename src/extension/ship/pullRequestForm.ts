import * as vscode from "vscode";
import { Disposables } from "../../base/disposables.ts";
import { totalsOf } from "../fleet/changedFiles.ts";
import { toLabel } from "../platform/plainText.ts";
import type { Finding } from "./gate.ts";
import type { FormDraft } from "./pullRequestDrafts.ts";
import type { ShippableAgent } from "./shippableAgent.ts";

export interface FormValues {
  readonly title: string;
  /** Empty: the repository's default branch. */
  readonly baseBranch: string;
  readonly body: string;
  readonly isDraft: boolean;
}

export interface FormContext {
  readonly agent: ShippableAgent;
  /** Where the pull request goes: repository and server. */
  readonly heading: string;
  readonly findings: readonly Finding[];
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

type Step = "title" | "base" | "confirm";
type Move<T> = { readonly kind: "next"; readonly value: T } | { readonly kind: "back" } | { readonly kind: "stop" };

const stepNumbers: Readonly<Record<Step, number>> = { title: 1, base: 2, confirm: 3 };

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
  #values: FormValues;
  #draft: FormDraft = {};
  description: vscode.TextDocument | undefined;

  constructor(prefilled: FormValues, context: FormContext, keep: (draft: FormDraft) => void) {
    this.#values = prefilled;
    this.#context = context;
    this.#keep = keep;
    // A description that was edited until the window closed would be lost if only "Create" read it.
    this.#owned.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.description) this.#change({ body: document.getText() });
      }),
    );
  }

  async run(): Promise<FormValues | undefined> {
    let step: Step = "title";
    for (;;) {
      if (step === "title") {
        const move = await this.#askTitle();
        if (move.kind !== "next") return undefined;
        step = "base";
      } else if (step === "base") {
        const move = await this.#askBase();
        if (move.kind === "stop") return undefined;
        step = move.kind === "back" ? "title" : "confirm";
      } else {
        const move = await this.#confirm();
        if (move.kind === "stop") return undefined;
        if (move.kind === "next") return { ...this.#values, isDraft: move.value };
        step = "base";
      }
    }
  }

  #change(draft: FormDraft): void {
    this.#draft = { ...this.#draft, ...draft };
    this.#values = { ...this.#values, ...draft };
    this.#keep(this.#draft);
  }

  #askTitle(): Promise<Move<string>> {
    return this.#input("title", {
      value: this.#values.title,
      prompt: "Title of the pull request",
      validate: (text) => (text.trim() === "" ? "Enter a title." : undefined),
      change: (title) => this.#change({ title }),
    });
  }

  #askBase(): Promise<Move<string>> {
    return this.#input("base", {
      value: this.#values.baseBranch,
      prompt: "Branch that the changes shall go into. Empty: the repository's default branch",
      validate: (text) =>
        /^(?!.*(?:\.\.|@\{))[^\s~^:?*[\\\p{Cc}]*$/u.test(text.trim()) ? undefined : "No branch has such a name.",
      change: (baseBranch) => this.#change({ baseBranch: baseBranch.trim() }),
    });
  }

  #input(
    step: Step,
    options: {
      readonly value: string;
      readonly prompt: string;
      readonly validate: (text: string) => string | undefined;
      readonly change: (text: string) => void;
    },
  ): Promise<Move<string>> {
    const box = vscode.window.createInputBox();
    this.#dress(box, step);
    box.value = options.value;
    box.prompt = options.prompt;
    box.onDidChangeValue((text) => {
      box.validationMessage = options.validate(text);
      options.change(text);
    });
    return this.#shown(box, () => {
      box.validationMessage = options.validate(box.value);
      return box.validationMessage === undefined ? { kind: "next", value: box.value } : undefined;
    });
  }

  #confirm(): Promise<Move<boolean>> {
    const { agent, findings } = this.#context;
    const { added, removed } = totalsOf(agent.files);
    const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly isDraft?: boolean }>();
    this.#dress(pick, "confirm");
    pick.placeholder = toLabel(
      `${agent.branch ?? ""} → ${this.#values.baseBranch || "default branch"}: ${agent.files.length} files, +${added} −${removed}`,
      200,
    );
    const notes = findings.map((finding) => ({
      label: `$(warning) ${toLabel(finding.sentence, 200)}`,
      alwaysShow: true,
    }));
    const edit = {
      label: "$(edit) Edit Description…",
      detail: "Opens it as a Markdown document; come back here to create the pull request",
    };
    pick.items = [
      {
        label: "$(git-pull-request-draft) Create Draft Pull Request",
        detail: toLabel(this.#values.title),
        isDraft: true,
      },
      { label: "$(git-pull-request) Create Pull Request", detail: "Ready for review at once", isDraft: false },
      edit,
      ...(notes.length === 0
        ? []
        : [{ label: "Before you go on", kind: vscode.QuickPickItemKind.Separator }, ...notes]),
    ];
    return this.#shown(pick, () => {
      const chosen = pick.selectedItems[0];
      if (chosen?.isDraft !== undefined) return { kind: "next", value: chosen.isDraft };
      if (chosen === edit) void this.#editDescription();
      return undefined;
    });
  }

  #dress(input: vscode.QuickInput, step: Step): void {
    input.title = toLabel(`Create Pull Request in ${this.#context.heading}`);
    input.step = stepNumbers[step];
    input.totalSteps = Object.keys(stepNumbers).length;
    // Looking something up in an editor must not throw the form away.
    input.ignoreFocusOut = true;
  }

  async #editDescription(): Promise<void> {
    if (this.description === undefined || this.description.isClosed) {
      this.description = await vscode.workspace.openTextDocument({ language: "markdown", content: this.#values.body });
    }
    await vscode.window.showTextDocument(this.description, { preview: false });
  }

  /** Waits for an accepted answer, the back button, or the end. The input is gone when this resolves. */
  #shown<T>(
    input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>,
    accept: () => Move<T> | undefined,
  ): Promise<Move<T>> {
    const held = new Disposables();
    held.add(input);
    input.buttons = input.step === 1 ? [] : [vscode.QuickInputButtons.Back];
    return new Promise<Move<T>>((resolve) => {
      held.add(
        input.onDidAccept(() => {
          const move = accept();
          if (move !== undefined) resolve(move);
        }),
      );
      held.add(
        input.onDidTriggerButton((button) => {
          if (button === vscode.QuickInputButtons.Back) resolve({ kind: "back" });
        }),
      );
      held.add(input.onDidHide(() => resolve({ kind: "stop" })));
      input.show();
    }).finally(() => held.dispose());
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
