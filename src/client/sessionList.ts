import * as z from "zod/mini";
import { AppError } from "../base/appError.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import { HostNotifications, SessionSummary } from "../protocol/methods.ts";
import type { Sessions, SessionsChange } from "./client.ts";
import { isSame } from "./mirror.ts";

/** One page as the host sent it; the first call has no cursor. */
export type ListPage = (cursor: string | undefined) => Promise<unknown>;

const Page = z.looseObject({ items: z.array(z.unknown()), nextCursor: z.optional(z.nullable(z.string())) });

const nothing: SessionsChange = { added: [], changed: [], removed: [] };
/** A host that pages for ever is cut off; what it listed counts. */
const maxPages = 1000;

/**
 * The host's sessions. The list and the notifications are two sources without a common sequence: what a notification
 * says while a listing is under way is later than the listing and stands over it.
 */
export class SessionList implements Sessions {
  readonly #list: ListPage;
  readonly #logger: Logger;
  readonly #changed: Emitter<SessionsChange>;
  #table = new Map<string, SessionSummary>();
  /** Notifications since the running listing began, in order. */
  #since: { method: string; params: unknown }[] | undefined;
  #listing: Promise<void> | undefined;
  #isListed = false;
  #isCurrent = false;

  constructor(list: ListPage, logger: Logger) {
    this.#list = list;
    this.#logger = logger;
    this.#changed = new Emitter((error) => logger.error("sessions listener failed", { error: String(error) }));
  }

  get all(): ReadonlyMap<string, SessionSummary> {
    return this.#table;
  }

  get isListed(): boolean {
    return this.#isListed;
  }

  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  refresh(): Promise<void> {
    this.#listing ??= this.#refresh().finally(() => (this.#listing = undefined));
    return this.#listing;
  }

  async #refresh(): Promise<void> {
    this.#since = [];
    try {
      const listed = new Map<string, SessionSummary>();
      let cursor: string | undefined;
      for (let page = 0; page < maxPages; page++) {
        const { items, nextCursor } = readPage(await this.#list(cursor));
        for (const summary of items.flatMap((item) => this.#readSummary(item))) listed.set(summary.resource, summary);
        if (!nextCursor || nextCursor === cursor) break;
        cursor = nextCursor;
      }
      for (const { method, params } of this.#since) foldNotification(listed, method, params);
      const change = difference(this.#table, listed);
      const wasCurrent = this.#isCurrent;
      this.#table = listed;
      this.#isListed = true;
      this.#isCurrent = true;
      if (!isEmpty(change) || !wasCurrent) this.#changed.fire(change);
    } finally {
      this.#since = undefined;
    }
  }

  /** One session that cannot be read must not hide the others. */
  #readSummary(item: unknown): SessionSummary[] {
    const parsed = SessionSummary.safeParse(item);
    if (parsed.success) return [parsed.data];
    this.#logger.warn("session ignored", { path: parsed.error.issues[0]?.path.join(".") });
    return [];
  }

  /** The connection is gone: what is listed ages from here on. */
  interrupted(): void {
    if (!this.#isCurrent) return;
    this.#isCurrent = false;
    this.#changed.fire(nothing);
  }

  /** Takes a `root/session*` notification; anything else, or malformed, changes nothing. */
  notification(method: string, params: unknown): void {
    this.#since?.push({ method, params });
    const change = foldNotification(this.#table, method, params);
    if (change === undefined) this.#logger.warn("notification ignored", { method });
    else if (!isEmpty(change)) this.#changed.fire(change);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

function readPage(answer: unknown): z.infer<typeof Page> {
  const page = Page.safeParse(answer);
  if (page.success) return page.data;
  throw new AppError("host.incompatible", "The host's list of sessions cannot be read. Is it an agent host?");
}

/** Applies one notification to the table and tells what it touched. `undefined` when it cannot be read. */
function foldNotification(
  table: Map<string, SessionSummary>,
  method: string,
  params: unknown,
): SessionsChange | undefined {
  switch (method) {
    case "root/sessionAdded": {
      const parsed = HostNotifications[method].safeParse(params);
      return parsed.success ? put(table, parsed.data.summary) : undefined;
    }
    case "root/sessionRemoved": {
      const parsed = HostNotifications[method].safeParse(params);
      if (!parsed.success) return undefined;
      return table.delete(parsed.data.session) ? { ...nothing, removed: [parsed.data.session] } : nothing;
    }
    case "root/sessionSummaryChanged": {
      const parsed = HostNotifications[method].safeParse(params);
      if (!parsed.success) return undefined;
      const before = table.get(parsed.data.session);
      if (before === undefined) return nothing;
      const { resource, provider, createdAt } = before;
      const after = SessionSummary.safeParse({ ...before, ...parsed.data.changes, resource, provider, createdAt });
      return after.success ? put(table, after.data) : undefined;
    }
    default:
      return nothing;
  }
}

function put(table: Map<string, SessionSummary>, summary: SessionSummary): SessionsChange {
  const before = table.get(summary.resource);
  if (before !== undefined && isSame(before, summary)) return nothing;
  table.set(summary.resource, summary);
  return before === undefined ? { ...nothing, added: [summary.resource] } : { ...nothing, changed: [summary.resource] };
}

/** Keeps the old object of every entry that is the same, so that identity tells what changed. */
function difference(before: ReadonlyMap<string, SessionSummary>, after: Map<string, SessionSummary>): SessionsChange {
  const added: string[] = [];
  const changed: string[] = [];
  for (const [uri, summary] of after) {
    const old = before.get(uri);
    if (old === undefined) added.push(uri);
    else if (isSame(old, summary)) after.set(uri, old);
    else changed.push(uri);
  }
  return { added, changed, removed: Array.from(before.keys()).filter((uri) => !after.has(uri)) };
}

export function isEmpty(change: SessionsChange): boolean {
  return change.added.length + change.changed.length + change.removed.length === 0;
}
