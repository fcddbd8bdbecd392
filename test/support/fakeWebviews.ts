type Listener<T> = (event: T) => void;

class Heard<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(event: T): void {
    for (const listener of Array.from(this.#listeners)) listener(event);
  }
}

/** An editor tab with a page, and the page's side of it. */
export class FakeWebviewPanel {
  readonly viewType: string;
  title: string;
  iconPath: unknown;
  active = true;
  visible = true;
  isClosed = false;
  revealed = 0;
  readonly #messages = new Heard<unknown>();
  readonly #closed = new Heard<void>();
  readonly #viewState = new Heard<void>();
  readonly onDidDispose = this.#closed.event;
  readonly onDidChangeViewState = this.#viewState.event;
  readonly webview = {
    options: {},
    html: "",
    cspSource: "https://page.example",
    onDidReceiveMessage: this.#messages.event,
    asWebviewUri: (uri: unknown) => uri,
    postMessage: async (message: unknown) => this.posted.push(message),
  };
  /** What the extension has told the page. */
  readonly posted: unknown[] = [];

  constructor(viewType: string, title: string) {
    this.viewType = viewType;
    this.title = title;
  }

  reveal(): void {
    this.revealed++;
  }

  dispose(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#closed.fire();
  }

  /** What proves that a message is of this page. */
  get nonce(): string | undefined {
    return /data-nonce="(\w+)"/.exec(this.webview.html)?.[1];
  }

  /** The page says something, with the nonce that it was given. */
  say(message: object): void {
    this.receive({ nonce: this.nonce, ...message });
  }

  /** Something comes from the page, whoever is in it. */
  receive(message: unknown): void {
    this.#messages.fire(message);
  }

  /** The last that the page was told. */
  get last(): unknown {
    return this.posted.at(-1);
  }
}

export interface Serializer {
  deserializeWebviewPanel(panel: FakeWebviewPanel, state: unknown): Promise<void>;
}

export class FakeWebviews {
  readonly panels: FakeWebviewPanel[] = [];
  readonly serializers = new Map<string, Serializer>();

  create(viewType: string, title: string): FakeWebviewPanel {
    const panel = new FakeWebviewPanel(viewType, title);
    this.panels.push(panel);
    return panel;
  }

  register(viewType: string, serializer: Serializer) {
    this.serializers.set(viewType, serializer);
    return { dispose: () => this.serializers.delete(viewType) };
  }

  /** A tab of an earlier window comes to sight; `memory` is what its page had remembered. */
  async restore(viewType: string, title: string, memory?: unknown): Promise<FakeWebviewPanel> {
    const panel = this.create(viewType, title);
    await this.serializers.get(viewType)?.deserializeWebviewPanel(panel, memory);
    return panel;
  }
}
