import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { SCHEMES } from "../ids.ts";
import { parseReviewUri } from "./reviewUri.ts";
import type { RevisionReader } from "./revisionReader.ts";

/**
 * Serves review documents to the editor, read-only as all documents of a content provider are. A document that could not
 * be read because its host was away is read again when the host is back.
 */
export class ReviewContent implements vscode.TextDocumentContentProvider, Disposable {
  readonly #reader: Pick<RevisionReader, "read">;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.#changed.event;
  /** Documents that are no UTF-8, and what they were read as, by URI. */
  readonly #foreign = new Map<string, string>();
  readonly #mark = this.#owned.add(
    vscode.window.createTextEditorDecorationType({ isWholeLine: true, after: { margin: "0 0 0 3em" } }),
  );
  /** Documents that show a temporary text, by URI. */
  readonly #waiting = new Set<string>();

  constructor(reader: Pick<RevisionReader, "read">, hosts: Pick<HostConnectionsView, "get" | "onDidChange">) {
    this.#reader = reader;
    const look = () => this.#readAgain((hostId) => hosts.get(hostId)?.state.kind === "live");
    this.#owned.add(hosts.onDidChange(look));
    this.#owned.add(vscode.workspace.onDidOpenTextDocument(look));
    this.#owned.add(vscode.workspace.onDidOpenTextDocument(withoutService));
    this.#owned.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#waiting.delete(uri.toString());
        this.#foreign.delete(uri.toString());
      }),
    );
    this.#owned.add(vscode.window.onDidChangeVisibleTextEditors((editors) => this.#markForeign(editors)));
    this.#owned.add(vscode.workspace.registerTextDocumentContentProvider(SCHEMES.revision, this));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { text, kind, encoding = "utf-8" } = await this.#reader.read(uri);
    if (encoding !== "utf-8") this.#foreign.set(uri.toString(), encoding);
    if (kind === "temporary") this.#waiting.add(uri.toString());
    return text;
  }

  /** VS Code does not hear of a change before it has opened the document, while the host may be back sooner. */
  #readAgain(isLive: (hostId: string) => boolean): void {
    if (this.#waiting.size === 0) return;
    for (const { uri } of vscode.workspace.textDocuments) {
      const revision = this.#waiting.has(uri.toString()) ? parseReviewUri(uri) : undefined;
      if (!revision?.ok || revision.value.kind !== "revision" || !isLive(revision.value.hostId)) continue;
      this.#waiting.delete(uri.toString());
      this.#changed.fire(uri);
    }
  }

  /** Says at the first line of what is no UTF-8 how it was read, since its letters may be others. */
  #markForeign(editors: readonly vscode.TextEditor[]): void {
    for (const editor of editors) {
      const encoding = this.#foreign.get(editor.document.uri.toString());
      if (encoding === undefined) continue;
      const contentText = vscode.l10n.t("Not UTF-8: shown as {0}", encoding);
      const color = new vscode.ThemeColor("editorCodeLens.foreground");
      const range = editor.document.lineAt(0).range;
      editor.setDecorations(this.#mark, [{ range, renderOptions: { after: { contentText, color } } }]);
    }
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

/** What VS Code's service for JSON reads. Names of files that package.json does not know may lead to it. */
const SERVED = new Set(["json", "jsonc", "snippets"]);

function withoutService(document: vscode.TextDocument): void {
  if (document.uri.scheme !== SCHEMES.revision || !SERVED.has(document.languageId)) return;
  void vscode.languages.setTextDocumentLanguage(document, "plaintext");
}
