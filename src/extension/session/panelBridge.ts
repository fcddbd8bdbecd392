import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import type { Translate } from "../../base/l10n.ts";
import type { Logger } from "../../base/logger.ts";
import {
  PanelInbound,
  type PanelHandlers,
  type PanelItem,
  type PanelMethod,
  PanelMethods,
  type PanelOutbound,
} from "../../protocol/panel.ts";
import { sentenceOf } from "../platform/presentError.ts";
import type { PanelActionHandlers } from "./panelActions.ts";
import { toPanelAbout } from "./panelFacts.ts";
import { type LogPorts, PanelLogs } from "./panelLogs.ts";
import { PanelOutbox } from "./panelOutbox.ts";
import type { PanelSource, SourceChange } from "./panelSource.ts";
import { toTimeline } from "./timeline/timeline.ts";

export interface PanelBridgeOptions {
  readonly source: PanelSource;
  readonly handlers: PanelActionHandlers;
  readonly logPorts: LogPorts;
  readonly agent: { readonly hostId: string; readonly session: string };
  /** Of the page's present life. */
  readonly nonce: string;
  readonly post: (message: PanelOutbound) => void;
  /** Into the person's language. */
  readonly t: Translate;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The extension's end of the line to one page: pushes what changes, answers what is asked, believes nothing unparsed. */
export class PanelBridge implements Disposable {
  readonly #options: PanelBridgeOptions;
  readonly #owned = new Disposables();
  readonly #outbox: PanelOutbox;
  readonly #handlers: PanelHandlers;
  readonly #logs: PanelLogs;
  #timelineFollowers = 0;
  #timelineTimer: Disposable | undefined;

  constructor(options: PanelBridgeOptions) {
    this.#options = options;
    const { source, nonce, post, clock, logPorts } = options;
    const queue = {
      item: (key: string) => this.#item(key),
      sent: () => source.sent(),
      shown: () => source.shown(),
    };
    this.#outbox = this.#owned.add(
      new PanelOutbox(queue, (seq, items) => post({ nonce, kind: "push", seq, items }), clock),
    );
    const changed = (log: string) => this.#outbox.add(logKey(log));
    this.#logs = this.#owned.add(new PanelLogs({ source, ports: logPorts, clock, changed }));
    this.#owned.add(toDisposable(() => this.#timelineTimer?.dispose()));
    this.#handlers = {
      ...options.handlers,
      ...this.#logs.handlers,
      ready: () => {
        this.#logs.clear();
        this.#timelineFollowers = 0;
        this.#outbox.open();
        for (const key of ["facts", "about", ...source.uris]) this.#outbox.add(key);
        return { agent: options.agent };
      },
      loadOlder: () => this.#loadOlder(),
      followTimeline: () => {
        this.#timelineFollowers += 1;
        this.#outbox.add("timeline");
        return null;
      },
      leaveTimeline: () => {
        this.#timelineFollowers = Math.max(0, this.#timelineFollowers - 1);
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
    this.#logs.clear();
    this.#timelineFollowers = 0;
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
      post({ nonce, kind: "failure", id, sentence: sentenceOf(error, this.#options.t) });
    }
  }

  #call(method: PanelMethod, params: unknown): unknown {
    const parsed = PanelMethods[method].parse(params);
    // The schema of the method made the parameters of the method.
    const handle = this.#handlers[method] as (params: unknown) => unknown;
    return handle(parsed);
  }

  /** What there is to say, at the moment of saying it. */
  #item(key: string): PanelItem | undefined {
    const { source } = this.#options;
    switch (key) {
      case "facts":
        return { type: "facts", facts: source.facts() };
      case "about":
        return { type: "about", about: toPanelAbout(source.session, source.client?.root.state) };
      case "timeline":
        return this.#timelineFollowers > 0
          ? toTimeline(source.chat?.state, source.fleetSession, source.client?.hostInfo?.fleet?.user, this.#options.t)
          : undefined;
      default:
        return key.startsWith(logPrefix) ? this.#logs.take(key.slice(logPrefix.length)) : source.snapshot(key);
    }
  }

  #forward(change: SourceChange): void {
    if (change.kind === "facts") {
      this.#outbox.add("facts");
      return;
    }
    const { uri, channel } = change;
    const { applied, state } = change.change;
    if (state === undefined) return;
    if (channel === "session") this.#outbox.add("about");
    if (channel === "chat" && (applied?.some(({ type }) => namesTerminals.has(type)) ?? true)) this.#logs.refresh();
    if (channel === "chat" || channel === "fleetSession") this.#refreshTimeline();
    // A page that shows only the later turns cannot fold what reaches back further.
    const reachesBack = applied?.some(({ type }) => type === "chat/truncated" || type === "chat/turnsLoaded") ?? false;
    if (applied === undefined || (reachesBack && !this.#options.source.isWindowWhole)) this.#outbox.add(uri);
    else this.#outbox.addActions(uri, applied);
  }

  /** Told as a whole, so not more often than somebody can read it. */
  #refreshTimeline(): void {
    if (this.#timelineFollowers === 0 || this.#timelineTimer !== undefined) return;
    this.#timelineTimer = this.#options.clock.setTimeout(() => {
      this.#timelineTimer = undefined;
      this.#outbox.add("timeline");
    }, timelineIntervalMs);
  }

  /** Older turns travel as the action that a host would send for them: the page folds them with the same reducer. */
  async #loadOlder(): Promise<{ hasMore: boolean }> {
    const { source } = this.#options;
    const older = source.takeOlder();
    if (older === undefined) await source.fetchOlder();
    else {
      const { uri, turns, cursor } = older;
      this.#outbox.addActions(uri, [
        { type: "chat/turnsLoaded", turns: [...turns], ...(cursor !== undefined && { turnsNextCursor: cursor }) },
      ]);
    }
    return { hasMore: source.facts().hasOlder };
  }
}

/** After these a conversation may name other terminals than before, or one of its calls be over. */
const namesTerminals = new Set<string>([
  "chat/toolCallContentChanged",
  "chat/toolCallComplete",
  "chat/turnComplete",
  "chat/turnCancelled",
  "chat/error",
  "chat/truncated",
  "chat/turnsLoaded",
]);
const logPrefix = "log ";
const timelineIntervalMs = 500;

function logKey(log: string): string {
  return `${logPrefix}${log}`;
}
