import * as vscode from "vscode";
import * as z from "zod/mini";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { DraftStore } from "./launchDraft.ts";

const key = "muster.promptDocuments";
const maxRemembered = 20;

/**
 * Prompts that are written, or have to be read, in an editor: untitled documents, which the editor itself keeps over a
 * reload. The one in front has a button that launches an agent with it.
 */
export class PromptDocuments implements Disposable {
  readonly #store: DraftStore;
  readonly #contexts: Pick<Contexts, "set">;
  readonly #owned = new Disposables();
  #uris: readonly string[];

  /** @param store of the workspace, since its window's documents are meant */
  constructor(store: DraftStore, contexts: Pick<Contexts, "set">) {
    this.#store = store;
    this.#contexts = contexts;
    const parsed = z.array(z.string()).safeParse(store.get(key));
    this.#uris = parsed.success ? parsed.data : [];
    this.#owned.add(vscode.window.onDidChangeActiveTextEditor(() => this.#tell()));
    this.#owned.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (this.#uris.includes(uri.toString()))
          void this.#remember(this.#uris.filter((each) => each !== uri.toString()));
      }),
    );
    this.#tell();
  }

  /** The prompt in front. */
  get active(): vscode.TextDocument | undefined {
    const document = vscode.window.activeTextEditor?.document;
    return document !== undefined && this.#isPrompt(document) ? document : undefined;
  }

  async open(content: string, preserveFocus = false): Promise<void> {
    const document = await vscode.workspace.openTextDocument({ content, language: "markdown" });
    await this.#remember([...this.#uris, document.uri.toString()]);
    await vscode.window.showTextDocument(document, { preview: false, preserveFocus });
    this.#tell();
  }

  /** The agent has it: nothing is left to be saved. */
  async close(document: vscode.TextDocument): Promise<void> {
    if (document.isClosed) return;
    await vscode.window.showTextDocument(document, { preview: false });
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #isPrompt({ uri, languageId }: vscode.TextDocument): boolean {
    return uri.scheme === "untitled" && languageId === "markdown" && this.#uris.includes(uri.toString());
  }

  async #remember(uris: readonly string[]): Promise<void> {
    this.#uris = uris.slice(-maxRemembered);
    this.#tell();
    await this.#store.update(key, this.#uris);
  }

  #tell(): void {
    this.#contexts.set("muster:promptInFront", this.active !== undefined);
  }
}
