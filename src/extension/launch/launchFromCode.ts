import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { type CommandRegistry, commandLink } from "../platform/commandRegistry.ts";
import { documentLine, excerptAround, excerptOf, problemsAt, todoLine } from "./codeTargets.ts";
import type { LaunchSeed } from "./launchFlow.ts";
import { placeOf, quoteCode, quoteProblems, todoOf } from "./quotes.ts";

export interface LaunchFromCodeOptions {
  readonly commands: CommandRegistry;
  readonly launch: (seed: LaunchSeed) => Promise<void>;
  /** Some host is connected. */
  readonly canLaunch: () => boolean;
}

const documents: vscode.DocumentSelector = [{ scheme: "file" }, { scheme: "vscode-vfs" }];

/** Launches about what is open in the editor: a selection, a problem, a TODO comment. */
export class LaunchFromCode implements vscode.CodeActionProvider, Disposable {
  readonly #options: LaunchFromCodeOptions;
  readonly #owned = new Disposables();

  constructor(options: LaunchFromCodeOptions) {
    this.#options = options;
    const { commands } = options;
    const kinds = [vscode.CodeActionKind.QuickFix];
    this.#owned.add(vscode.languages.registerCodeActionsProvider(documents, this, { providedCodeActionKinds: kinds }));
    this.#owned.add(
      commands.register("muster.agent.launchFromSelection", "launch the agent", () => this.#fromSelection()),
    );
    this.#owned.add(
      commands.register("muster.agent.fixProblem", "launch the agent", async (place) => {
        const { document, line } = await documentLine(place);
        await this.#fixProblem(document, line);
      }),
    );
    this.#owned.add(
      commands.register("muster.agent.doTodo", "launch the agent", async (place) => {
        const { document, line } = await documentLine(place);
        await this.#doTodo(document, line);
      }),
    );
  }

  /** For the lightbulb. Works on what the editor has at hand: nothing is read or asked. */
  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    if (!this.#options.canLaunch()) return [];
    const uri = document.uri.toString();
    const [problem] = diagnostics;
    const todo = todoLine(document, range.start.line, range.end.line);
    const action = (title: string, command: vscode.Command, fixes: readonly vscode.Diagnostic[]) =>
      Object.assign(new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix), { command, diagnostics: [...fixes] });
    const fix = vscode.l10n.t("Fix with an agent…");
    const doTodo = vscode.l10n.t("Do this TODO with an agent…");
    return [
      ...(problem === undefined
        ? []
        : [
            action(
              fix,
              commandLink("muster.agent.fixProblem", fix, { uri, line: problem.range.start.line }),
              diagnostics,
            ),
          ]),
      ...(todo === undefined
        ? []
        : [action(doTodo, commandLink("muster.agent.doTodo", doTodo, { uri, line: todo }), [])]),
    ];
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #fromSelection(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined || editor.selection.isEmpty) {
      throw new AppError("request.invalid", "Select the code that it is about, then try again.");
    }
    const { start, end } = editor.selection;
    // A selection that ends before the first character of a line does not mean that line.
    const to = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
    const excerpt = excerptOf(editor.document, start.line, to);
    await this.#options.launch({
      title: vscode.l10n.t("Launch Agent: {0}", placeOf(excerpt)),
      question: vscode.l10n.t("What should the agent do with this code?"),
      quote: quoteCode(excerpt),
    });
  }

  async #fixProblem(document: vscode.TextDocument, line: number): Promise<void> {
    const problems = problemsAt(document, line);
    if (problems.length === 0) {
      throw new AppError(
        "notFound",
        "There is no problem on that line any more. Put the cursor on one, then try again.",
      );
    }
    const excerpt = excerptAround(document, line);
    await this.#options.launch({
      title: vscode.l10n.t("Launch Agent: {0}", placeOf({ ...excerpt, from: line + 1, to: line + 1 })),
      prompt: vscode.l10n.t("Fix this problem, and its cause if that is elsewhere."),
      quote: quoteProblems(problems, excerpt),
    });
  }

  async #doTodo(document: vscode.TextDocument, line: number): Promise<void> {
    const todo = todoOf(document.lineAt(line).text);
    if (todo === undefined) {
      throw new AppError("notFound", "There is no TODO on that line. Put the cursor on one, then try again.");
    }
    const excerpt = excerptAround(document, line);
    await this.#options.launch({
      title: vscode.l10n.t("Launch Agent: {0}", placeOf({ ...excerpt, from: line + 1, to: line + 1 })),
      prompt: vscode.l10n.t("Do what this comment asks for, and remove it: {0}", todo),
      quote: quoteCode(excerpt),
    });
  }
}
