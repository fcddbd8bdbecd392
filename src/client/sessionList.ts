import * as z from "zod/mini";
import { AppError } from "../base/appError.ts";
import { backoffMs } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposables.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import { decode } from "../protocol/decode.ts";
import { SessionSummary } from "../protocol/methods.ts";
import type { Sessions, SessionsChange } from "./client.ts";
import {
  isEmpty,
  mergeNews,
  noChange,
  readNews,
  type SessionNews,
  SessionTable,
  type TableLimits,
} from "./sessionTable.ts";
import { weightOf } from "./weight.ts";

export interface SessionListPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: TableLimits;
  readonly hostName: string;
  /** One page as the host sent it; the first call has no cursor. Rejects once the connection of the call is gone. */
  list(cursor: string | undefined): Promise<unknown>;
  lastHeardAt(): number | undefined;
  /** The host has told of a session that it came, or went. */
  announced(uri: string, what: "added" | "removed"): void;
}

const Page = z.looseObject({ items: z.array(z.unknown()), nextCursor: z.optional(z.nullable(z.string())) });

/** A host that pages for ever is cut off; what it listed counts. */
const maxPages = 1000;
const retry = { firstMs: 10_000, maxMs: 5 * 60_000 };

/** One listing under way. */
interface Listing {
  /** What was announced since it began, by session: later than any page, so it stands over them. */
  readonly news: Map<string, SessionNews>;
  readonly done: Promise<void>;
  /** Of the news together. */
  weight: number;
  /** Why what comes of it is of no use. */
  fault: AppError | undefined;
}

/**
 * The host's sessions. The list and the notifications are two sources without a common sequence: what a notification
 * says while a listing is under way is later than the listing and stands over it.
 */
export class SessionList implements Sessions {
  readonly #ports: SessionListPorts;
  readonly #changed: Emitter<SessionsChange>;
  #table: SessionTable;
  #listing: Listing | undefined;
  #isListed = false;
  #isLive = false;
  #asOf: number | undefined;
  #failures = 0;
  #retry: Disposable | undefined;
  #unread = 0;

  constructor(ports: SessionListPorts) {
    this.#ports = ports;
    this.#table = new SessionTable(ports.limits);
    this.#changed = new Emitter((error) => ports.logger.error("sessions listener failed", { error: String(error) }));
  }

  get all(): ReadonlyMap<string, SessionSummary> {
    return this.#table.all;
  }

  get isListed(): boolean {
    return this.#isListed;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  get isCurrent(): boolean {
    return this.#isListed && this.#isLive;
  }

  get isCut(): boolean {
    return this.#table.isCut;
  }

  get asOf(): number | undefined {
    return this.#isLive ? this.#ports.lastHeardAt() : this.#asOf;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  refresh(): Promise<void> {
    if (this.#listing === undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const listing: Listing = { news: new Map(), done: promise, weight: 0, fault: undefined };
      this.#listing = listing;
      this.#list(listing).then(resolve, reject);
    }
    return this.#listing.done;
  }

  /** The connection is up: lists, and goes on trying while the host fails to. */
  established(): void {
    this.#retry?.dispose();
    this.refresh().then(
      () => (this.#failures = 0),
      (error: unknown) => this.#listLater(error),
    );
  }

  /** The connection is gone: what is listed ages from here on. */
  interrupted(): void {
    this.#asOf = this.asOf;
    this.#listing = undefined;
    this.#failures = 0;
    this.#retry?.dispose();
    this.#retry = undefined;
    if (!this.#isLive) return;
    this.#isLive = false;
    this.#changed.fire(noChange);
  }

  /** Takes a `root/session*` notification; anything else, or malformed, changes nothing. */
  notification(method: string, params: unknown): void {
    const news = readNews(method, params);
    if (news === undefined) return this.#ignored({ method });
    if (this.#listing !== undefined) this.#remember(this.#listing, news);
    const wasCut = this.isCut;
    const change = this.#table.take(news);
    this.#sayIfCut(wasCut);
    if (!isEmpty(change)) this.#changed.fire(change);
    if (news.kind !== "changes") this.#ports.announced(news.uri, news.kind === "is" ? "added" : "removed");
  }

  dispose(): void {
    this.#changed.dispose();
    this.interrupted();
  }

  async #list(listing: Listing): Promise<void> {
    // While nothing is shown of the host, each page is better than nothing. Else what was is exchanged for what is in one go.
    const grows = !this.#isListed && this.all.size === 0;
    const table = grows ? this.#table : new SessionTable(this.#ports.limits);
    const cursors = new Set<string>();
    let cursor: string | undefined;
    try {
      for (;;) {
        const { items, nextCursor } = readPage(await this.#ports.list(cursor));
        if (this.#listing !== listing)
          throw new AppError("host.disconnected", "The connection was lost while listing.");
        if (listing.fault) throw listing.fault;
        const wasCut = this.isCut;
        const change = table.takeAll(this.#readItems(items, listing));
        cursor = nextCursor ?? "";
        const isLast = cursor === "" || cursors.has(cursor) || table.isCut;
        if (isLast || cursors.size === maxPages - 1) {
          if (!isLast) table.cut();
          return grows ? this.#grown(change, wasCut, true) : this.#exchange(table, listing);
        }
        if (grows) this.#grown(change, wasCut, false);
        cursors.add(cursor);
      }
    } finally {
      if (this.#listing === listing) this.#listing = undefined;
    }
  }

  /** A page more is in the table. */
  #grown(change: SessionsChange, wasCut: boolean, isLast: boolean): void {
    const isNews = !this.#isLive || isLast || !isEmpty(change);
    this.#isLive = true;
    this.#isListed = isLast;
    this.#sayIfCut(wasCut);
    if (isNews) this.#changed.fire(change);
  }

  /** Another table, which holds the whole list, takes the place of the one that is shown. */
  #exchange(table: SessionTable, { news }: Listing): void {
    table.takeAll(news.values());
    const change = table.replace(this.#table);
    const { isCut } = this.#table;
    const isNews = !this.isCurrent || isCut !== table.isCut || !isEmpty(change);
    this.#table = table;
    this.#isListed = true;
    this.#isLive = true;
    this.#sayIfCut(isCut);
    if (isNews) this.#changed.fire(change);
  }

  /** What a page says, with what was announced of its sessions since. */
  #readItems(items: readonly unknown[], { news }: Listing): SessionNews[] {
    return items.flatMap((item) => {
      const summary = this.#readSummary(item);
      if (summary === undefined) return [];
      const uri = summary.resource;
      const listed: SessionNews = { kind: "is", uri, summary };
      const later = news.get(uri);
      return later === undefined ? listed : mergeNews(listed, later);
    });
  }

  /** One session that cannot be read must not hide the others. */
  #readSummary(item: unknown): SessionSummary | undefined {
    const read = decode(SessionSummary, item);
    if (read.ok) return read.value;
    this.#ignored({ path: read.error });
    return undefined;
  }

  #remember(listing: Listing, latest: SessionNews): void {
    const { limits, hostName } = this.#ports;
    listing.weight += weightOf(latest, limits.maxSessionsWeight);
    if (listing.weight <= limits.maxSessionsWeight) {
      listing.news.set(latest.uri, mergeNews(listing.news.get(latest.uri), latest));
      return;
    }
    listing.news.clear();
    listing.fault = new AppError("limit.exceeded", "{0} announces more sessions than can be taken in.", {
      values: [hostName],
    });
  }

  #listLater(error: unknown): void {
    if (this.isCurrent || AppError.is(error, "host.disconnected")) return;
    this.#ports.logger.warn("listing sessions failed", { error: String(error) });
    this.#retry = this.#ports.clock.setTimeout(() => this.established(), backoffMs(++this.#failures, retry, 0.5));
  }

  /** A host may send any number of them; the log tells of the first and then of ever fewer. */
  #ignored(facts: Record<string, unknown>): void {
    this.#unread++;
    if (Math.log2(this.#unread) % 1 === 0) {
      this.#ports.logger.warn("session ignored: it cannot be read", { ...facts, count: this.#unread });
    }
  }

  #sayIfCut(before: boolean): void {
    if (before || !this.isCut) return;
    const { logger, limits, hostName } = this.#ports;
    logger.warn("the list of sessions is cut", { host: hostName, held: this.all.size, most: limits.maxSessions });
  }
}

function readPage(answer: unknown): z.infer<typeof Page> {
  const page = Page.safeParse(answer);
  if (page.success) return page.data;
  throw new AppError("host.incompatible", "The host's list of sessions cannot be read. Is it an agent host?");
}
