import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { WebviewPanelType } from "../ids.ts";
import { webviewPage } from "./webviewPage.ts";

export interface WebviewTabsOptions<Subject> {
  readonly viewType: WebviewPanelType;
  /** Codicon. */
  readonly icon: string;
  readonly extensionUri: vscode.Uri;
  readonly clock: Clock;
  /** Tells subjects apart: each has one tab. */
  readonly keyOf: (subject: Subject) => string;
  readonly titleOf: (subject: Subject) => string;
  /** Of which subject a page of an earlier window was, by what it remembered. A tab of nothing is closed. */
  readonly parse: (memory: unknown) => Subject | undefined;
  /** Gives a tab its page, with `setPage`, and its life. What is returned ends with the tab. */
  readonly fill: (subject: Subject, panel: vscode.WebviewPanel) => Disposable;
}

/** How long a restored tab may take to become a panel before its subject gets a new one. */
const restoreMs = 2000;

/** Editor tabs with a page, one a subject, brought back with the window. */
export class WebviewTabs<Subject> implements vscode.WebviewPanelSerializer, Disposable {
  readonly #options: WebviewTabsOptions<Subject>;
  readonly #owned = new Disposables();
  readonly #open = new Map<string, { readonly subject: Subject; readonly panel: vscode.WebviewPanel }>();
  readonly #revived = this.#owned.add(new vscode.EventEmitter<void>());

  constructor(options: WebviewTabsOptions<Subject>) {
    this.#options = options;
    this.#owned.add(vscode.window.registerWebviewPanelSerializer(options.viewType, this));
  }

  /** Whose tab has the focus. */
  get active(): Subject | undefined {
    return Array.from(this.#open.values()).find(({ panel }) => panel.active)?.subject;
  }

  async show(subject: Subject): Promise<void> {
    if (this.#reveal(subject)) return;
    const tab = this.#restoredTab(subject);
    if (tab !== undefined) {
      await vscode.commands.executeCommand("workbench.action.openEditorAtIndex", tab).then(
        () => this.#restored(subject),
        () => undefined,
      );
      if (this.#reveal(subject)) return;
    }
    const { viewType, titleOf } = this.#options;
    const column = vscode.window.activeTextEditor?.viewColumn ?? vscode.ViewColumn.Active;
    this.#adopt(subject, vscode.window.createWebviewPanel(viewType, titleOf(subject), column, {}));
  }

  /** Called by the editor for a tab of an earlier window, with what its page remembered. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, memory: unknown): Promise<void> {
    const subject = this.#options.parse(memory);
    if (subject !== undefined && !this.#open.has(this.#options.keyOf(subject))) this.#adopt(subject, panel);
    else panel.dispose();
    this.#revived.fire();
  }

  dispose(): void {
    this.#owned.dispose();
    for (const { panel } of Array.from(this.#open.values())) panel.dispose();
  }

  #reveal(subject: Subject): boolean {
    const existing = this.#open.get(this.#options.keyOf(subject));
    existing?.panel.reveal();
    return existing !== undefined;
  }

  /**
   * A panel of an earlier window that was not shown yet is a bare tab: only its title tells whose it is. Its index in the
   * group in front, where there is exactly one such tab and no panel of another subject has the same title.
   */
  #restoredTab(subject: Subject): number | undefined {
    const { viewType, titleOf } = this.#options;
    const title = titleOf(subject);
    if (Array.from(this.#open.values()).some(({ panel }) => panel.title === title)) return undefined;
    const found = vscode.window.tabGroups.activeTabGroup.tabs.flatMap(({ input, label }, index) =>
      input instanceof vscode.TabInputWebview && input.viewType.endsWith(viewType) && label === title ? [index] : [],
    );
    return found.length === 1 ? found[0] : undefined;
  }

  /** Resolves when the editor has handed over a panel that it restored, or is not going to. */
  async #restored(subject: Subject): Promise<void> {
    const { clock, keyOf } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const heard = this.#revived.event(resolve);
    const limit = clock.setTimeout(resolve, restoreMs);
    if (!this.#open.has(keyOf(subject))) await promise;
    heard.dispose();
    limit.dispose();
  }

  #adopt(subject: Subject, panel: vscode.WebviewPanel): void {
    const { extensionUri, icon, keyOf, fill } = this.#options;
    const key = keyOf(subject);
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [bundleOf(extensionUri)],
      enableCommandUris: false,
    };
    panel.iconPath = new vscode.ThemeIcon(icon);
    this.#open.set(key, { subject, panel });
    const filled = fill(subject, panel);
    panel.onDidDispose(() => {
      this.#open.delete(key);
      filled.dispose();
    });
  }
}

function bundleOf(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, "dist", "webview");
}

/**
 * Gives a webview a page of our bundle, anew.
 * @param title for screen readers
 * @returns the nonce that messages of this page have, and no other's
 */
export function setPage(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  { name, title }: { readonly name: "main" | "report"; readonly title: string },
): string {
  const uriOf = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(bundleOf(extensionUri), file)).toString();
  const messageNonce = randomBytes(16).toString("hex");
  webview.html = webviewPage({
    title,
    language: vscode.env.language,
    texts: vscode.l10n.bundle,
    cspSource: webview.cspSource,
    script: uriOf(`${name}.js`),
    style: uriOf(`${name}.css`),
    scriptNonce: randomBytes(16).toString("hex"),
    messageNonce,
  });
  return messageNonce;
}
