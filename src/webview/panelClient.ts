import { type ReadonlySignal, signal } from "@preact/signals";
import type {
  PanelInbound,
  PanelMemory,
  PanelMethod,
  PanelOutbound,
  PanelParams,
  PanelResult,
} from "../protocol/panel.ts";
import { LogModel } from "./log/logModel.ts";
import { PanelStore } from "./panelStore.ts";

export type Tab = NonNullable<PanelMemory["tab"]>;

const maxTyped = 20;

/** VS Code's side of a webview page. */
export interface PageHost {
  postMessage(message: PanelInbound): void;
  getState(): unknown;
  setState(state: PanelMemory): void;
}

/** The page's line to the extension: requests out, pushes into the store, and what the page itself remembers. */
export class PanelClient {
  readonly store = new PanelStore();
  /** The last request that failed, in a sentence; shown until dismissed. */
  readonly failure = signal<string | undefined>(undefined);
  readonly #host: PageHost;
  readonly #nonce: string;
  readonly #waiting = new Map<number, (message: Exclude<PanelOutbound, { kind: "push" }>) => void>();
  readonly #tab = signal<Tab>("transcript");
  readonly tab: ReadonlySignal<Tab> = this.#tab;
  /** A turn that the transcript, and a terminal that the log is to bring into sight; they clear it when they have. */
  readonly wantedTurn = signal<string | undefined>(undefined);
  readonly wantedTerminal = signal<string | undefined>(undefined);
  #nextId = 1;
  #memory: Partial<PanelMemory>;

  constructor(host: PageHost, nonce: string, memory: Partial<PanelMemory>) {
    this.#host = host;
    this.#nonce = nonce;
    this.#memory = memory;
    this.#tab.value = memory.tab ?? "transcript";
  }

  get memory(): Partial<PanelMemory> {
    return this.#memory;
  }

  /** Asks for everything. Called when the page is ready to draw. */
  async start(): Promise<void> {
    const { agent } = await this.request("ready", {});
    this.remember({ agent });
  }

  /** Survives the page: hidden panels are dropped and built anew. */
  remember(change: Partial<PanelMemory>): void {
    this.#memory = { ...this.#memory, ...change };
    const { agent } = this.#memory;
    if (agent !== undefined) this.#host.setState({ ...this.#memory, agent });
  }

  /** What was typed for `key` and not sent. */
  typed(key: string): string | undefined {
    const { typed } = this.#memory;
    return typed !== undefined && Object.hasOwn(typed, key) ? typed[key] : undefined;
  }

  keepTyped(key: string, text: string | undefined): void {
    const others = Object.entries(this.#memory.typed ?? {}).filter(([other]) => other !== key);
    const kept = text === undefined ? others : [...others, [key, text] as const];
    // What is no longer asked is never sent: the latest few are all that can be on the page.
    this.remember({ typed: Object.fromEntries(kept.slice(-maxTyped)) });
  }

  select(tab: Tab): void {
    this.#tab.value = tab;
    this.remember({ tab });
  }

  goToTurn(turnId: string): void {
    this.wantedTurn.value = turnId;
    this.select("transcript");
  }

  goToLog(terminal: string): void {
    this.wantedTerminal.value = terminal;
    this.select("log");
  }

  log(log: string): LogModel {
    return this.store.log(log, () => new LogModel((from, to) => this.request("readLog", { log, from, to })));
  }

  /** A message from the extension. Anything without this page's nonce is not one. */
  receive(data: unknown): void {
    if (!isOutbound(data) || data.nonce !== this.#nonce) return;
    if (data.kind === "push") {
      this.store.apply(data.items);
      this.#post({ nonce: this.#nonce, kind: "ack", seq: data.seq });
      return;
    }
    this.#waiting.get(data.id)?.(data);
    this.#waiting.delete(data.id);
  }

  /** Rejects with an error whose message is the extension's sentence. */
  request<M extends PanelMethod>(method: M, params: PanelParams<M>): Promise<PanelResult<M>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (message) => {
        if (message.kind === "failure") reject(new Error(message.sentence));
        else resolve(message.result as PanelResult<M>);
      });
      this.#post({ nonce: this.#nonce, kind: "request", id, method, params });
    });
  }

  #post(message: PanelInbound): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's own channel, which has no origin
    this.#host.postMessage(message);
  }

  /** A request whose result nobody needs: a failure is shown on the page. */
  act<M extends PanelMethod>(method: M, params: PanelParams<M>): void {
    void this.attempt(method, params);
  }

  /** As `act`; tells whether it went well, so that typed text is only let go of when it has arrived. */
  async attempt<M extends PanelMethod>(method: M, params: PanelParams<M>): Promise<boolean> {
    try {
      await this.request(method, params);
      this.failure.value = undefined;
      return true;
    } catch (error) {
      this.failure.value = error instanceof Error ? error.message : String(error);
      return false;
    }
  }
}

function isOutbound(data: unknown): data is PanelOutbound {
  return typeof data === "object" && data !== null && "nonce" in data && "kind" in data;
}
