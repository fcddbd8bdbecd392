import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { ReportInbound, type ReportState } from "../../protocol/report.ts";
import { REPORT_PANEL } from "../ids.ts";
import { webviewPage } from "./webviewPage.ts";

export interface ReportPanelOptions {
  readonly extensionUri: vscode.Uri;
  readonly title: string;
  /** Codicon. */
  readonly icon: string;
  /** A message of the page that is of the right shape. */
  readonly receive: (message: ReportInbound) => void;
  /** The page is shown, for the first time or again: it knows nothing. */
  readonly shown: () => void;
  readonly closed: () => void;
}

/** An editor tab with the report page. It holds no hidden page in memory: one that is shown again starts over. */
export class ReportPanel implements Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #nonce = randomBytes(16).toString("hex");
  readonly #owned = new Disposables();
  #isReady = false;

  constructor(options: ReportPanelOptions) {
    const { extensionUri, title, icon, receive, shown, closed } = options;
    const bundle = vscode.Uri.joinPath(extensionUri, "dist", "webview");
    const column = vscode.window.activeTextEditor?.viewColumn ?? vscode.ViewColumn.Active;
    this.#panel = vscode.window.createWebviewPanel(REPORT_PANEL, title, column, {
      enableScripts: true,
      localResourceRoots: [bundle],
      enableCommandUris: false,
    });
    this.#panel.iconPath = new vscode.ThemeIcon(icon);
    const { webview } = this.#panel;
    this.#owned.add(
      webview.onDidReceiveMessage((data) => {
        const parsed = ReportInbound.safeParse(data);
        if (!parsed.success || parsed.data.nonce !== this.#nonce) return;
        if (parsed.data.kind !== "ready") return receive(parsed.data);
        this.#isReady = true;
        shown();
      }),
    );
    this.#owned.add(
      this.#panel.onDidChangeViewState(() => {
        if (!this.#panel.visible) this.#isReady = false;
      }),
    );
    this.#panel.onDidDispose(() => {
      this.#owned.dispose();
      closed();
    });
    const uriOf = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(bundle, file)).toString();
    webview.html = webviewPage({
      title,
      cspSource: webview.cspSource,
      script: uriOf("report.js"),
      style: uriOf("report.css"),
      scriptNonce: randomBytes(16).toString("hex"),
      messageNonce: this.#nonce,
    });
  }

  /** Somebody looks at it, and it can be told something. */
  get isShown(): boolean {
    return this.#isReady;
  }

  show(state: ReportState): void {
    if (!this.#isReady) return;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's own channel, which has no origin
    void this.#panel.webview.postMessage({ nonce: this.#nonce, kind: "state", state });
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#panel.dispose();
  }
}
