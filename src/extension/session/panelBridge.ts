import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import {
  PanelInbound,
  type PanelHandlers,
  type PanelMethod,
  PanelMethods,
  type PanelOutbound,
} from "../../protocol/panel.ts";
import { sentenceOf } from "../platform/presentError.ts";
import { PanelOutbox } from "./panelOutbox.ts";
import type { PanelSource, SourceChange } from "./panelSource.ts";

export interface PanelBridgeOptions {
  readonly source: PanelSource;
  readonly handlers: Omit<PanelHandlers, "ready" | "loadOlder" | "watchTerminal" | "unwatchTerminal">;
  readonly agent: { readonly hostId: string; readonly session: string };
  /** Of the page's present life. */
  readonly nonce: string;
  readonly post: (message: PanelOutbound) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The extension's end of the line to one page: pushes what changes, answers what is asked, believes nothing unparsed. */
export class PanelBridge implements Disposable {
  readonly #options: PanelBridgeOptions;
  readonly #owned = new Disposables();
  readonly #outbox: PanelOutbox;
  readonly #handlers: PanelHandlers;

  constructor(options: PanelBridgeOptions) {
    this.#options = options;
    const { source, nonce, post, clock } = options;
    this.#outbox = this.#owned.add(
      new PanelOutbox(source, (seq, items) => post({ nonce, kind: "push", seq, items }), clock),
    );
    this.#handlers = {
      ...options.handlers,
      ready: () => {
        source.unwatchAll();
        this.#outbox.open();
        for (const uri of source.uris) this.#outbox.addSnapshot(uri);
        return { agent: options.agent };
      },
      loadOlder: () => this.#loadOlder(),
      watchTerminal: ({ terminal }) => {
        if (source.watch(terminal)) this.#outbox.addSnapshot(terminal);
        return null;
      },
      unwatchTerminal: ({ terminal }) => {
        source.unwatch(terminal);
        return null;
      },
    };
    this.#owned.add(source.onDidChange((change) => this.#forward(change)));
  }

  /** A message of the page, as it came. */
  receive(data: unknown): void {
    const { nonce, logger } = this.#options;
    const parsed = PanelInbound.safeParse(data);
    if (!parsed.success || parsed.data.nonce !== nonce) {
      logger.warn("message of a panel dropped");
      return;
    }
    const message = parsed.data;
    if (message.kind === "ack") this.#outbox.acknowledge(message.seq);
    else void this.#answer(message.id, message.method, message.params);
  }

  /** The page is hidden, and so gone: it starts over with `ready`. */
  pause(): void {
    this.#outbox.close();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #answer(id: number, method: PanelMethod, params: unknown): Promise<void> {
    const { nonce, post, logger } = this.#options;
    try {
      post({ nonce, kind: "response", id, result: await this.#call(method, params) });
    } catch (error) {
      logger.warn("request of a panel failed", { method, reason: error });
      post({ nonce, kind: "failure", id, sentence: sentenceOf(error) });
    }
  }

  #call(method: PanelMethod, params: unknown): unknown {
    const parsed = PanelMethods[method].parse(params);
    // The schema of the method made the parameters of the method.
    const handle = this.#handlers[method] as (params: unknown) => unknown;
    return handle(parsed);
  }

  #forward(change: SourceChange): void {
    if (change.kind === "facts") {
      this.#outbox.addFacts();
      return;
    }
    const { uri } = change;
    const { applied, state } = change.change;
    if (state === undefined) return;
    // A page that shows only the later turns cannot fold what reaches back further.
    const reachesBack = applied?.some(({ type }) => type === "chat/truncated" || type === "chat/turnsLoaded") ?? false;
    if (applied === undefined || (reachesBack && !this.#options.source.isWindowWhole)) this.#outbox.addSnapshot(uri);
    else this.#outbox.addActions(uri, applied);
  }

  /** Older turns travel as the action that a host would send for them: the page folds them with the same reducer. */
  #loadOlder(): { hasMore: boolean } {
    const older = this.#options.source.takeOlder();
    if (older !== undefined) {
      const { uri, turns, cursor } = older;
      this.#outbox.addActions(uri, [
        { type: "chat/turnsLoaded", turns: [...turns], ...(cursor !== undefined && { turnsNextCursor: cursor }) },
      ]);
    }
    return { hasMore: this.#options.source.facts().hasOlder };
  }
}
