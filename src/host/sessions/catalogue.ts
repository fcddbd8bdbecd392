import type { Clock } from "../../base/clock.ts";
import { type Disposable } from "../../base/disposables.ts";
import { AppError } from "../../base/appError.ts";
import type { ResultOf, SessionSummary } from "../../protocol/methods.ts";
import { compact } from "../../protocol/schema.ts";
import { summaryChanges } from "../../protocol/summary.ts";
import { annotationsUri, fleetConflictsUri, ROOT_URI } from "../../protocol/uris.ts";
import { maySee, seesAll, type Viewer } from "../access/sight.ts";
import type { Channels } from "../channels/channels.ts";
import { OWNER } from "../gateway/accessToken.ts";
import { countAnnotations } from "./sessionAnnotations.ts";
import { refsOf, type SessionRefs } from "./sessionRefs.ts";
import type { SessionRow } from "./sessionRow.ts";
import { summaryOf } from "./sessionSummary.ts";

/** Tells all clients that may know of this user's sessions. */
export type Notify = (method: string, params: object, owner: string) => void;

interface Row {
  /** Absent as long as nothing happened to the session since the start. */
  refs?: SessionRefs;
  facts: SessionRow;
  /** When the summary became this one, in milliseconds since the Unix epoch. */
  changedAt: number;
}

const settleMs = 100;
const maxPage = 1_000;
const maxRecent = 500;

/**
 * The list of sessions, derived from their channels. Clients hear of what differs at most ten times a second, however
 * much happens.
 */
export class Catalogue implements Disposable {
  readonly #channels: Channels;
  readonly #clock: Clock;
  readonly #notify: Notify;
  readonly #rows = new Map<string, Row>();
  readonly #touched = new Set<string>();
  /** Newest first, as long as no row comes or goes: a listing asks for one page after the other. */
  #sorted: readonly Row[] | undefined;
  #timer: Disposable | undefined;

  constructor(channels: Channels, clock: Clock, notify: Notify) {
    this.#channels = channels;
    this.#clock = clock;
    this.#notify = notify;
  }

  /** Its channels must be loaded. `isNew` tells the clients. */
  add(refs: SessionRefs, isNew: boolean): void {
    const facts = this.#derive(refs);
    if (!facts) return;
    const { summary } = facts;
    const changedAt = isNew ? this.#clock.now() : Date.parse(summary.modifiedAt) || 0;
    this.#rows.set(refs.id, { refs, facts, changedAt });
    this.#sorted = undefined;
    if (isNew) this.#notify("root/sessionAdded", { channel: ROOT_URI, summary }, ownerOf(facts));
  }

  /** A session whose channels nobody has read since the start. */
  restore(id: string, facts: SessionRow): void {
    this.#rows.set(id, { facts, changedAt: Date.parse(facts.summary.modifiedAt) || 0 });
    this.#sorted = undefined;
  }

  get(id: string): SessionRow | undefined {
    if (this.#touched.has(id)) this.#tell();
    return this.#rows.get(id)?.facts;
  }

  /** Of every session, in no order. */
  get all(): readonly SessionRow[] {
    this.#tell();
    return Array.from(this.#rows.values(), ({ facts }) => facts);
  }

  remove(refs: SessionRefs): void {
    const row = this.#rows.get(refs.id);
    if (!row) return;
    this.#rows.delete(refs.id);
    this.#sorted = undefined;
    this.#touched.delete(refs.id);
    this.#notify("root/sessionRemoved", { channel: ROOT_URI, session: refs.session }, ownerOf(row.facts));
  }

  /** Something of the session changed. */
  touch(id: string): void {
    this.#touched.add(id);
    this.#timer ??= this.#clock.setTimeout(() => this.#tell(), settleMs);
  }

  /** Those that the viewer sees, newest first. Without `limit` everything, because VS Code asks only once. */
  list(
    params: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
    viewer?: Viewer,
  ): ResultOf<"listSessions"> {
    // What is listed must be what was announced: a difference to anything else would never be told.
    this.#tell();
    this.#sorted ??= Array.from(this.#rows.values()).toSorted(byAge);
    const sorted = seesAll(viewer) ? this.#sorted : this.#sorted.filter(({ facts }) => maySee(viewer, ownerOf(facts)));
    const start = params.cursor === undefined ? 0 : afterCursor(sorted, params.cursor);
    const size = params.limit === undefined ? sorted.length : Math.min(Math.max(1, Math.floor(params.limit)), maxPage);
    const items = sorted.slice(start, start + size).map(({ facts }) => facts.summary);
    const last = items.at(-1);
    return start + size < sorted.length && last
      ? { items, nextCursor: JSON.stringify([last.createdAt, last.resource]) }
      : { items };
  }

  /** The sessions whose summary changed in the last `withinMs` milliseconds, the latest first, at most 500. */
  recent(withinMs: number, viewer?: Viewer): readonly SessionSummary[] {
    this.#tell();
    const since = this.#clock.now() - withinMs;
    const rows = Array.from(this.#rows.values()).filter(
      ({ changedAt, facts }) => changedAt >= since && maySee(viewer, ownerOf(facts)),
    );
    return rows
      .toSorted((a, b) => b.changedAt - a.changedAt)
      .slice(0, maxRecent)
      .map(({ facts }) => facts.summary);
  }

  dispose(): void {
    this.#timer?.dispose();
  }

  #tell(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const touched = Array.from(this.#touched);
    this.#touched.clear();
    for (const id of touched) {
      const row = this.#rows.get(id);
      if (!row) continue;
      row.refs ??= refsOf(row.facts.summary.resource);
      const facts = this.#derive(row.refs, row.facts);
      if (!facts) continue;
      const changes = summaryChanges(row.facts.summary, facts.summary);
      row.facts = facts;
      const { session } = row.refs;
      if (!changes) continue;
      row.changedAt = this.#clock.now();
      this.#notify("root/sessionSummaryChanged", { channel: ROOT_URI, session, changes }, ownerOf(facts));
    }
  }

  #derive(refs: SessionRefs, before?: SessionRow): SessionRow | undefined {
    const session = this.#channels.state("session", refs.session);
    const fleet = this.#channels.state("fleetSession", refs.fleet);
    const changes = this.#channels.state("changeset", refs.branchChanges);
    const conflicts = fleet && this.#channels.state("fleetConflicts", fleetConflictsUri(fleet.repository));
    if (!session || !fleet) return undefined;
    // Comments leave the memory while their session stays.
    const comments = this.#channels.state("annotations", annotationsUri(refs.session));
    const annotations = comments ? countAnnotations(refs.session, comments) : before?.annotations;
    const { owner, phase, repository, baseBranch, head } = fleet;
    const summary = summaryOf({ session, fleet, changes, conflicts, annotations });
    return compact({ owner, phase, repository, baseBranch, head, summary, annotations });
  }
}

function ownerOf({ owner = OWNER }: SessionRow): string {
  return owner;
}

function byAge({ facts: { summary: a } }: Row, { facts: { summary: b } }: Row): number {
  return compare(b.createdAt, a.createdAt) || compare(a.resource, b.resource);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A cursor names the last row of its page, so that rows added or removed meanwhile shift nothing. */
function afterCursor(sorted: readonly Row[], cursor: string): number {
  const [createdAt, resource] = parseCursor(cursor);
  const index = sorted.findIndex(
    ({ facts: { summary } }) =>
      summary.createdAt < createdAt || (summary.createdAt === createdAt && summary.resource > resource),
  );
  return index === -1 ? sorted.length : index;
}

function parseCursor(cursor: string): readonly [string, string] {
  try {
    const value: unknown = JSON.parse(cursor);
    if (Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "string")
      return [value[0], value[1]];
  } catch {
    // Falls through to the refusal.
  }
  throw new AppError("request.invalid", "That cursor is not one of this host's. List the sessions from the start.");
}
