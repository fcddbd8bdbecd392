import { type ReadonlySignal, signal } from "@preact/signals";
import type { ReportInbound, ReportOutbound, ReportState } from "../../protocol/report.ts";

/** Without the nonce, which the client adds. */
export type ReportRequest = ReportInbound extends infer M
  ? M extends ReportInbound
    ? Omit<M, "nonce">
    : never
  : never;

/** The page's line to the extension. */
export class ReportClient {
  readonly #host: { postMessage(message: ReportInbound): void };
  readonly #nonce: string;
  readonly #state = signal<ReportState | undefined>(undefined);

  constructor(host: { postMessage(message: ReportInbound): void }, nonce: string) {
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
    if (data?.nonce === this.#nonce && data.kind === "state") this.#state.value = data.state;
  }
}
