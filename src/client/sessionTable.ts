import { isSame } from "../base/isSame.ts";
import { decode } from "../protocol/decode.ts";
import { HostNotifications, SessionSummary } from "../protocol/methods.ts";
import type { SessionsChange } from "./client.ts";
import type { ClientLimits } from "./limits.ts";
import { weightOf } from "./weight.ts";

export const noChange: SessionsChange = { added: [], changed: [], removed: [] };

export type TableLimits = Pick<ClientLimits, "maxSessions" | "maxSessionsWeight">;

/** What one notification means for one session. */
export type SessionNews =
  | { readonly kind: "is"; readonly uri: string; readonly summary: SessionSummary }
  | { readonly kind: "gone"; readonly uri: string }
  | { readonly kind: "changes"; readonly uri: string; readonly changes: object };

/** Reads a `root/session*` notification; `undefined` for anything else, and for one that is malformed. */
export function readNews(method: string, params: unknown): SessionNews | undefined {
  switch (method) {
    case "root/sessionAdded": {
      const read = decode(HostNotifications[method], params);
      return read.ok ? { kind: "is", uri: read.value.summary.resource, summary: read.value.summary } : undefined;
    }
    case "root/sessionRemoved": {
      const read = decode(HostNotifications[method], params);
      return read.ok ? { kind: "gone", uri: read.value.session } : undefined;
    }
    case "root/sessionSummaryChanged": {
      const read = decode(HostNotifications[method], params);
      return read.ok ? { kind: "changes", uri: read.value.session, changes: read.value.changes } : undefined;
    }
    default:
      return undefined;
  }
}

/** Two pieces of news about one session as one. Those that cannot be read together count as the earlier one alone. */
export function mergeNews(before: SessionNews | undefined, news: SessionNews): SessionNews {
  if (before === undefined || news.kind !== "changes") return news;
  if (before.kind === "gone") return before;
  if (before.kind === "changes") return { ...news, changes: { ...before.changes, ...news.changes } };
  const summary = withChanges(before.summary, news.changes);
  return summary === undefined ? before : { ...before, summary };
}

/** Sessions by URI, bounded in number and in weight. An update costs the same whatever the number of sessions. */
export class SessionTable {
  readonly #limits: TableLimits;
  readonly #entries = new Map<string, SessionSummary>();
  /** Of each entry, so that what is replaced need not be weighed again. */
  readonly #weights = new Map<string, number>();
  #weight = 0;
  #isCut = false;

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  get all(): ReadonlyMap<string, SessionSummary> {
    return this.#entries;
  }

  /** A session had no place. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Tells what it touched. */
  take(news: SessionNews): SessionsChange {
    const { uri } = news;
    const before = this.#entries.get(uri);
    switch (news.kind) {
      case "is":
        return this.#put(before, news.summary);
      case "gone":
        return before === undefined ? noChange : this.#delete(before);
      case "changes": {
        const after = before && withChanges(before, news.changes);
        return after === undefined ? noChange : this.#put(before, after);
      }
      default:
        return news satisfies never;
    }
  }

  /** Takes one after the other, and tells what they touched together. */
  takeAll(news: Iterable<SessionNews>): SessionsChange {
    const before = new Map<string, SessionSummary | undefined>();
    for (const one of news) {
      if (!before.has(one.uri)) before.set(one.uri, this.#entries.get(one.uri));
      this.take(one);
    }
    const touched = Array.from(before.keys()).filter((uri) => before.get(uri) !== this.#entries.get(uri));
    const [added, stayed] = partition(touched, (uri) => before.get(uri) === undefined);
    const [changed, removed] = partition(stayed, (uri) => this.#entries.has(uri));
    return { added, changed, removed };
  }

  /** Marks that the host has more than it could list here. */
  cut(): void {
    this.#isCut = true;
  }

  /** The difference to an earlier table, whose object stays for every session that is the same: identity tells change. */
  replace(earlier: SessionTable): SessionsChange {
    const added: string[] = [];
    const changed: string[] = [];
    for (const [uri, summary] of this.#entries) {
      const old = earlier.all.get(uri);
      if (old === undefined) added.push(uri);
      else if (isSame(old, summary)) this.#entries.set(uri, old);
      else changed.push(uri);
    }
    return { added, changed, removed: Array.from(earlier.all.keys()).filter((uri) => !this.#entries.has(uri)) };
  }

  #put(before: SessionSummary | undefined, summary: SessionSummary): SessionsChange {
    if (before !== undefined && isSame(before, summary)) return noChange;
    const { resource } = summary;
    const own = weightOf(summary, this.#limits.maxSessionsWeight);
    const weight = this.#weight + own - (this.#weights.get(resource) ?? 0);
    const isFull = before === undefined && this.#entries.size >= this.#limits.maxSessions;
    if (isFull || weight > this.#limits.maxSessionsWeight) {
      this.#isCut = true;
      // What is here has to be true.
      return before === undefined ? noChange : this.#delete(before);
    }
    this.#weight = weight;
    this.#weights.set(resource, own);
    this.#entries.set(resource, summary);
    return before === undefined ? { ...noChange, added: [resource] } : { ...noChange, changed: [resource] };
  }

  #delete({ resource }: SessionSummary): SessionsChange {
    this.#weight -= this.#weights.get(resource) ?? 0;
    this.#weights.delete(resource);
    this.#entries.delete(resource);
    return { ...noChange, removed: [resource] };
  }
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

/** Identity members never change; `null` clears. */
function withChanges(summary: SessionSummary, changes: object): SessionSummary | undefined {
  const { resource, provider, createdAt } = summary;
  const after = decode(SessionSummary, { ...summary, ...changes, resource, provider, createdAt });
  return after.ok ? after.value : undefined;
}

export function isEmpty(change: SessionsChange): boolean {
  return change.added.length + change.changed.length + change.removed.length === 0;
}
