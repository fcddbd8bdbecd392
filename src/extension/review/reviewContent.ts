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
  readonly #reader: RevisionReader;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.#changed.event;
  /** Documents that show a temporary text, by URI. */
  readonly #waiting = new Map<string, vscode.Uri>();

  constructor(reader: RevisionReader, hosts: Pick<HostConnectionsView, "get" | "onDidChange">) {
    this.#reader = reader;
    this.#owned.add(
      hosts.onDidChange(({ changed }) => {
        for (const [key, uri] of Array.from(this.#waiting)) {
          const revision = parseReviewUri(uri);
          const hostId = revision.ok && revision.value.kind === "revision" ? revision.value.hostId : "";
          if (!changed.includes(hostId) || hosts.get(hostId)?.state.kind !== "live") continue;
          this.#waiting.delete(key);
          this.#changed.fire(uri);
        }
      }),
    );
    this.#owned.add(
      vscode.workspace.onDidCloseTextDocument((document) => this.#waiting.delete(document.uri.toString())),
    );
    this.#owned.add(vscode.workspace.registerTextDocumentContentProvider(SCHEMES.revision, this));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { text, kind } = await this.#reader.read(uri);
    if (kind === "temporary") this.#waiting.set(uri.toString(), uri);
    return text;
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
