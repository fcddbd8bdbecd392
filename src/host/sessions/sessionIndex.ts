import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import { fleetSessionUri, parseFleetSessionUri } from "../../protocol/uris.ts";
import { sessionIdIn } from "../access/sight.ts";
import type { Channels } from "../channels/channels.ts";
import type { EventLog } from "../log/log.ts";
import { HOST_VERSION } from "../version.ts";
import type { Catalogue } from "./catalogue.ts";
import { isSettled } from "./restore.ts";
import type { SessionRow } from "./sessionRow.ts";
import type { SessionRuns } from "./sessionRuns.ts";

export interface FoundSessions {
  /** By id, as they are: nothing is to be done about them before somebody asks for them. */
  readonly resting: ReadonlyMap<string, SessionRow>;
  /** Fleet channels of all others, whose state has to be read; some may be removed since. */
  readonly others: readonly string[];
}

export interface IndexPorts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly channels: Channels;
  readonly runs: Pick<SessionRuns, "refs">;
  readonly catalogue: Pick<Catalogue, "get">;
}

/** Rows are kept as snapshots of channels that nobody else can read: they have no records and no kind. */
const prefix = "x-fleet-index:/";
const saveMs = 2_000;
const rowsASlice = 200;
/** In the place of a row. */
const open = "{}";
const mark = JSON.stringify({ version: HOST_VERSION });

/**
 * The rows of all sessions at rest in the log, so that a start reads those and not the sessions. A row includes everything
 * up to its own number; what happened since the whole index was right is read again, and the sessions that it happened to
 * with it. So rows may come late, and a crash, or a host that knows of no index, makes none of them wrong.
 *
 * An index that another version wrote is not used: its rows may lack what this one tells of a session.
 */
export class SessionIndex implements Disposable {
  readonly #ports: IndexPorts;
  /** Sessions whose row in the log may not be theirs. */
  readonly #changed = new Set<string>();
  /** What the log has of each session. */
  readonly #stored = new Map<string, "row" | "open">();
  #timer: Disposable | undefined;

  constructor(ports: IndexPorts) {
    this.#ports = ports;
  }

  async find(): Promise<FoundSessions> {
    const { log } = this.#ports;
    const right = await log.loadSnapshot(prefix);
    const isOurs = right?.state === mark;
    const others = new Set(
      isOurs ? [] : (await log.channels(fleetSessionUri(""))).flatMap((uri) => parseFleetSessionUri(uri) ?? []),
    );
    const changes = new Map<string, number>();
    if (isOurs) {
      for await (const { channel, seq } of log.read({ after: right.seq })) {
        const id = sessionIdIn(channel);
        if (id !== undefined) changes.set(id, seq);
      }
    }
    const resting = new Map<string, SessionRow>();
    for await (const [uri, stored] of log.snapshots(prefix)) {
      const id = uri.slice(prefix.length);
      if (id === "") continue;
      this.#stored.set(id, stored?.state === open ? "open" : "row");
      const isRow = isOurs && stored !== undefined && stored.state !== open;
      // The hash of the snapshot vouches for what this host wrote.
      if (isRow && stored.seq >= (changes.get(id) ?? 0)) resting.set(id, JSON.parse(stored.state) as SessionRow);
      else others.add(id);
    }
    for (const id of changes.keys()) if (!resting.has(id)) others.add(id);
    for (const id of others) this.changed(id);
    return { resting, others: Array.from(others, fleetSessionUri) };
  }

  /** Something of the session changed, or it is no longer there. */
  changed(id: string): void {
    this.#changed.add(id);
    this.#timer ??= this.#ports.clock.setTimeout(() => this.#saveSome(), saveMs);
  }

  /** Stores every row that is not stored yet. */
  save(): void {
    this.#store(Number.POSITIVE_INFINITY);
  }

  dispose(): void {
    this.#timer?.dispose();
  }

  #saveSome(): void {
    this.#store(rowsASlice);
    this.#timer = this.#changed.size > 0 ? this.#ports.clock.setTimeout(() => this.#saveSome(), 0) : undefined;
  }

  #store(most: number): void {
    let left = most;
    for (const id of this.#changed) {
      if (left === 0) return;
      left -= 1;
      this.#changed.delete(id);
      this.#storeRow(id);
    }
    const { log } = this.#ports;
    // What happened up to here was heard of, so it is in the rows.
    log.saveSnapshot(prefix, { seq: log.durableSeq, state: mark });
  }

  #storeRow(id: string): void {
    const { log } = this.#ports;
    const row = this.#rowOf(id);
    const stored = this.#stored.get(id);
    if (row === "unread" || (row ?? stored) === undefined || (row === "open" && stored === "open")) return;
    const uri = `${prefix}${id}`;
    const isRow = row !== undefined && row !== "open";
    // The row may tell of what is later and not on disk yet: then that goes there with it.
    log.saveSnapshot(uri, { seq: log.durableSeq, state: isRow ? JSON.stringify(row) : open });
    if (row !== undefined) this.#stored.set(id, isRow ? "row" : "open");
    else {
      this.#stored.delete(id);
      log.forget(uri);
    }
  }

  /** "open" for a session that a start has to read, "unread" for one that is not in memory; undefined when there is none. */
  #rowOf(id: string): SessionRow | "open" | "unread" | undefined {
    const { channels, runs, catalogue } = this.#ports;
    const refs = runs.refs(id);
    if (!refs) return undefined;
    if (!channels.isLoaded(refs.fleet)) return "unread";
    return (isSettled(channels, refs) ? catalogue.get(id) : undefined) ?? "open";
  }
}
