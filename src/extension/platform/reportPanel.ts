import type * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { ReportInbound, type ReportState } from "../../protocol/report.ts";
import { setPage } from "./webviewTabs.ts";

export interface ReportPanelOptions {
  readonly extensionUri: vscode.Uri;
  /** For screen readers. */
  readonly title: string;
  /** A message of the page that is of the right shape. */
  readonly receive: (message: ReportInbound) => void;
  /** The page is shown, for the first time or again: it knows nothing. */
  readonly shown: () => void;
}

/** The report page of an editor tab. It holds no hidden page in memory: one that is shown again starts over. */
export class ReportPanel implements Disposable {
  readonly #webview: vscode.Webview;
  readonly #nonce: string;
  readonly #owned = new Disposables();
  #isReady = false;

  constructor(panel: vscode.WebviewPanel, { extensionUri, title, receive, shown }: ReportPanelOptions) {
    this.#webview = panel.webview;
    this.#nonce = setPage(this.#webview, extensionUri, { name: "report", title });
    this.#owned.add(
      this.#webview.onDidReceiveMessage((data) => {
        const parsed = ReportInbound.safeParse(data);
        if (!parsed.success || parsed.data.nonce !== this.#nonce) return;
        if (parsed.data.kind !== "ready") return receive(parsed.data);
        this.#isReady = true;
        shown();
      }),
    );
    this.#owned.add(
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
    );
  }

  /** Somebody looks at it, and it can be told something. */
  get isShown(): boolean {
    return this.#isReady;
  }

  show(state: ReportState): void {
    if (!this.#isReady) return;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's own channel, which has no origin
    void this.#webview.postMessage({ nonce: this.#nonce, kind: "state", state });
  }

  dispose(): void {
    this.#isReady = false;
    this.#owned.dispose();
  }
}
