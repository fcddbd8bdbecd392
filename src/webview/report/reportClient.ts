import { type ReadonlySignal, signal } from "@preact/signals";
import type { ReportInbound, ReportMemory, ReportOutbound, ReportState } from "../../protocol/report.ts";

/** Without the nonce, which the client adds. */
export type ReportRequest = ReportInbound extends infer M
  ? M extends ReportInbound
    ? Omit<M, "nonce">
    : never
  : never;

/** VS Code's side of the page. What is set as state is given to who restores the tab in a later window. */
export interface ReportHost {
  postMessage(message: ReportInbound): void;
  setState(state: ReportMemory): void;
}

/** The page's line to the extension. */
export class ReportClient {
  readonly #host: ReportHost;
  readonly #nonce: string;
  readonly #state = signal<ReportState | undefined>(undefined);

  constructor(host: ReportHost, nonce: string) {
    this.#host = host;
    this.#nonce = nonce;
  }

  /** The latest that the extension said. */
  get state(): ReadonlySignal<ReportState | undefined> {
    return this.#state;
  }

  start(): void {
    this.send({ kind: "ready" });
  }

  send(request: ReportRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's own channel, which has no origin
    this.#host.postMessage({ nonce: this.#nonce, ...request });
  }

  /** Only the extension knows the nonce; what it sends is of our own making. */
  receive(data: Partial<ReportOutbound> | null): void {
    if (data?.nonce !== this.#nonce || data.state === undefined) return;
    this.#state.value = data.state;
    if (data.state.view !== "spend") this.#host.setState(data.state.of);
  }
}
