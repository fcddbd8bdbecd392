/**
 * A stand-in for the `vscode` module in unit tests: just what the tested code touches, with a small driving API in
 * `fakeVscode`. What VS Code itself does with these calls is tested inside VS Code.
 */

import { FakeCommentController } from "./fakeComments.ts";
import { FakeQuickInputs } from "./fakeQuickInput.ts";
import { FakeWebviews } from "./fakeWebviews.ts";

type Listener<T> = (event: T) => void;

export class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(event: T): void {
    for (const listener of Array.from(this.#listeners)) listener(event);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class ThemeColor {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export class ThemeIcon {
  static readonly File = new ThemeIcon("file");
  readonly id: string;
  readonly color: ThemeColor | undefined;
  constructor(id: string, color?: ThemeColor) {
    this.id = id;
    this.color = color;
  }
}

export class MarkdownString {
  readonly value: string;
  isTrusted = false;
  constructor(value: string) {
    this.value = value;
  }
}

export class TreeItem {
  label: string;
  collapsibleState: number;
  constructor(label: string, collapsibleState = 0) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

export const TreeItemCheckboxState = { Unchecked: 0, Checked: 1 };
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const ConfigurationTarget = { Global: 1, Workspace: 2 };

export class Uri {
  readonly scheme: string;
  readonly authority = "";
  readonly path: string;
  readonly query: string;
  constructor(scheme: string, path: string, query = "") {
    this.scheme = scheme;
    this.path = path;
    this.query = query;
  }
  static from(parts: { scheme: string; path?: string; query?: string }): Uri {
    return new Uri(parts.scheme, parts.path ?? "", parts.query);
  }
  static joinPath({ scheme, path }: Uri, ...parts: readonly string[]): Uri {
    return new Uri(scheme, [path, ...parts].join("/"));
  }
  toString(): string {
    return `${this.scheme}:${this.path}${this.query === "" ? "" : `?${this.query}`}`;
  }
}

export const CommentMode = { Editing: 0, Preview: 1 };
export const CommentThreadState = { Unresolved: 0, Resolved: 1 };
export const CommentThreadCollapsibleState = { Collapsed: 0, Expanded: 1 };

/** What `createTreeView` answers with. */
export class FakeTreeView {
  readonly provider: unknown;
  /** A person ticks boxes. */
  readonly checked = new EventEmitter<{ items: readonly (readonly [unknown, number])[] }>();
  readonly onDidChangeCheckboxState = this.checked.event;
  description: string | undefined;
  message: string | undefined;
  constructor(provider: unknown) {
    this.provider = provider;
  }
  dispose(): void {
    this.checked.dispose();
  }
}

/** Values of one configuration section, by where they were written. */
interface Written {
  globalValue?: unknown;
  workspaceValue?: unknown;
}

/** What a test sets up and looks at. Reset before each test that uses it. */
class FakeVscode {
  readonly configuration = new Map<string, Written>();
  readonly configurationChanged = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();
  readonly commands = new Map<string, (...args: unknown[]) => unknown>();
  readonly quickInputs = new FakeQuickInputs();
  readonly webviews = new FakeWebviews();
  /** Documents that were opened, by the address of each. */
  readonly documents: string[] = [];
  readonly providers = new Map<string, { provideTextDocumentContent(uri: Uri): string }>();
  readonly diagnostics: unknown[] = [];
  clipboard = "";
  /** Notifications that were shown. */
  readonly messages: string[] = [];
  readonly statusBar: { text: string; tooltip: string | undefined }[] = [];
  /** What the progress that is shown has said, one after the other. */
  progress: string[] | undefined;
  /** What a person types into the next input box of one line; `undefined` dismisses it. */
  typed: string | undefined;
  /** Label of the row that a person chooses in the next list; `undefined` dismisses it. */
  chosen: string | undefined;
  /** The latest that was created. */
  commentController: FakeCommentController | undefined;
  readonly treeViews = new Map<string, FakeTreeView>();
  /** Labels of the editor tabs; the first is in front. */
  readonly tabs: string[] = [];
  /** Whether the person trusts the folder. */
  isTrusted = true;
  readonly trustGranted = new EventEmitter<void>();
  /** Accounts that were asked for: provider, scopes and options of each. */
  readonly sessions: unknown[][] = [];
  /** What a person answers to the next modal question. */
  answer: string | undefined;
  uriHandler: { handleUri(uri: { path: string; query: string }): unknown } | undefined;
  readonly executed: { readonly command: string; readonly args: readonly unknown[] }[] = [];

  reset(): void {
    this.configuration.clear();
    this.commands.clear();
    this.treeViews.clear();
    this.tabs.length = 0;
    this.executed.length = 0;
    this.quickInputs.all.length = 0;
    this.webviews.panels.length = 0;
    this.webviews.serializers.clear();
    this.documents.length = 0;
    this.messages.length = 0;
    this.statusBar.length = 0;
    this.progress = undefined;
    this.diagnostics.length = 0;
    window.activeTextEditor = undefined;
    this.typed = undefined;
    this.chosen = undefined;
    this.isTrusted = true;
    this.sessions.length = 0;
    this.answer = undefined;
    this.uriHandler = undefined;
  }

  changeSetting(key: string, written: Written): void {
    this.configuration.set(key, written);
    this.configurationChanged.fire({ affectsConfiguration: (section) => section === key });
  }
}
export const fakeVscode = new FakeVscode();

export const StatusBarAlignment = { Left: 1, Right: 2 };
export const ViewColumn = { Active: -1 };
export const ProgressLocation = { Window: 10, Notification: 15 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const QuickInputButtons = { Back: { iconPath: new ThemeIcon("arrow-left"), tooltip: "Back" } };

/** Fires when a test has changed `fakeVscode.tabs`. */
export const fakeVscodeTabs = new EventEmitter<{ readonly closed: readonly { readonly label: string }[] }>();

/** Fires when a test has put a document into `workspace.textDocuments`. */
export const fakeDocumentOpened = new EventEmitter<{ readonly uri: Uri }>();

/** An event that never fires. */
const quiet = () => ({ dispose: () => undefined });

export const window = {
  activeTextEditor: undefined as unknown,
  createQuickPick: () => fakeVscode.quickInputs.create(),
  createInputBox: () => fakeVscode.quickInputs.create(),
  createWebviewPanel: (viewType: string, title: string) => fakeVscode.webviews.create(viewType, title),
  registerWebviewPanelSerializer: fakeVscode.webviews.register.bind(fakeVscode.webviews),
  showInputBox: async () => fakeVscode.typed,
  showQuickPick: async (items: readonly { readonly label: string }[]) =>
    items.find(({ label }) => label === fakeVscode.chosen),
  showTextDocument: async () => undefined,
  showWarningMessage: async () => fakeVscode.answer,
  registerUriHandler(handler: NonNullable<FakeVscode["uriHandler"]>) {
    fakeVscode.uriHandler = handler;
    return { dispose: () => (fakeVscode.uriHandler = undefined) };
  },
  showInformationMessage: async (text: string) => void fakeVscode.messages.push(text),
  createStatusBarItem() {
    const item = {
      text: "",
      tooltip: undefined,
      show: () => undefined,
      hide: () => undefined,
      dispose: () => undefined,
    };
    fakeVscode.statusBar.push(item);
    return item;
  },
  registerFileDecorationProvider: quiet,
  showErrorMessage: async (text: string) => void fakeVscode.messages.push(text),
  async withProgress(
    _options: unknown,
    run: (progress: { report(step: { message?: string }): void }) => Promise<void>,
  ) {
    fakeVscode.progress = [];
    await run({ report: ({ message = "" }) => void fakeVscode.progress?.push(message) });
    fakeVscode.progress = undefined;
  },
  createTextEditorDecorationType: quiet,
  onDidChangeVisibleTextEditors: quiet,
  createTreeView(id: string, { treeDataProvider }: { treeDataProvider: unknown }) {
    const view = new FakeTreeView(treeDataProvider);
    fakeVscode.treeViews.set(id, view);
    return view;
  },
  tabGroups: {
    get all() {
      return [window.tabGroups.activeTabGroup];
    },
    get activeTabGroup() {
      const tabs = fakeVscode.tabs.map((label) => ({ label }));
      return { activeTab: tabs[0], tabs };
    },
    async close(closed: readonly { readonly label: string }[]) {
      const left = fakeVscode.tabs.filter((tab) => !closed.some(({ label }) => label === tab));
      fakeVscode.tabs.splice(0, fakeVscode.tabs.length, ...left);
      fakeVscodeTabs.fire({ closed });
    },
    onDidChangeTabs: fakeVscodeTabs.event,
    onDidChangeTabGroups: quiet,
  },
};

export const comments = {
  createCommentController: () => (fakeVscode.commentController = new FakeCommentController()),
};

export const workspace = {
  get isTrusted() {
    return fakeVscode.isTrusted;
  },
  onDidGrantWorkspaceTrust: fakeVscode.trustGranted.event,
  textDocuments: [] as { readonly uri: Uri }[],
  onDidOpenTextDocument: fakeDocumentOpened.event,
  onDidCloseTextDocument: quiet,
  onDidChangeTextDocument: quiet,
  asRelativePath: ({ path }: Uri) => path.replace(/^\/folder\//, ""),
  registerTextDocumentContentProvider(
    scheme: string,
    provider: { provideTextDocumentContent(uri: Uri): string },
  ): { dispose(): void } {
    fakeVscode.providers.set(scheme, provider);
    return { dispose: () => fakeVscode.providers.delete(scheme) };
  },
  async openTextDocument(uri: Uri) {
    const text = fakeVscode.providers.get(uri.scheme)?.provideTextDocumentContent(uri) ?? "";
    fakeVscode.documents.push(text);
    return { uri };
  },
  onDidChangeConfiguration: fakeVscode.configurationChanged.event,
  getConfiguration(section: string) {
    const written = (key: string) => fakeVscode.configuration.get(`${section}.${key}`) ?? {};
    return {
      get: (key: string) => written(key).workspaceValue ?? written(key).globalValue,
      inspect: (key: string) => written(key),
      async update(key: string, value: unknown, target: number) {
        if (target !== ConfigurationTarget.Global) throw new Error("Only the user's own settings are written.");
        fakeVscode.changeSetting(`${section}.${key}`, { ...written(key), globalValue: value });
      },
    };
  },
};

/** What an editor's problems and lightbulb know, as far as code actions ask. */
export const languages = {
  registerCodeActionsProvider: () => ({ dispose: () => undefined }),
  getDiagnostics: () => fakeVscode.diagnostics,
};

export class Range {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
  constructor(startLine: number, startCharacter: number, endLine: number, endCharacter: number) {
    this.start = { line: startLine, character: startCharacter };
    this.end = { line: endLine, character: endCharacter };
  }
}

export const CodeActionKind = { QuickFix: "quickfix" };
export class CodeAction {
  readonly title: string;
  readonly kind: string;
  constructor(title: string, kind: string) {
    this.title = title;
    this.kind = kind;
  }
}

/** No built-in extension is there. */
export const extensions = { getExtension: () => undefined };

export const commands = {
  registerCommand(id: string, handle: (...args: unknown[]) => unknown) {
    fakeVscode.commands.set(id, handle);
    return { dispose: () => fakeVscode.commands.delete(id) };
  },
  async executeCommand(command: string, ...args: unknown[]) {
    fakeVscode.executed.push({ command, args });
    return fakeVscode.commands.get(command)?.(...args);
  },
};

export const authentication = {
  async getSession(...asked: unknown[]) {
    fakeVscode.sessions.push(asked);
    return { accessToken: "gho_fake" };
  },
};

export const env = {
  language: "en",
  uriScheme: "vscode",
  clipboard: { writeText: async (text: string) => void (fakeVscode.clipboard = text) },
};

/** As in an English editor: the message itself, `{0}` and so on filled in. */
export const l10n = {
  bundle: undefined,
  t(message: string, ...args: readonly (string | number | boolean)[]): string {
    return message.replaceAll(/\{(\d+)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole));
  },
};
