import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { SCHEMES } from "../ids.ts";
import type { RequestText } from "./requestText.ts";

/** How many stay readable. */
const maxKept = 20;

/** Requests that are too long for a list, as read-only documents. The address names nothing that a peer has said. */
export class RequestDocuments implements Disposable {
  readonly #owned = new Disposables();
  readonly #texts = new Map<string, string>();
  #opened = 0;

  constructor() {
    this.#owned.add(
      vscode.workspace.registerTextDocumentContentProvider(SCHEMES.request, {
        provideTextDocumentContent: ({ path }) =>
          this.#texts.get(path) ?? vscode.l10n.t("This request is not waiting any more."),
      }),
    );
  }

  /** Opens beside what has the focus, which it leaves there. */
  async open({ lines }: RequestText): Promise<void> {
    this.#opened += 1;
    const path = `/${this.#opened}/Request.txt`;
    this.#texts.set(path, lines.join("\n"));
    for (const [oldest] of this.#texts) if (this.#texts.size > maxKept) this.#texts.delete(oldest);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: SCHEMES.request, path }));
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus: true });
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
