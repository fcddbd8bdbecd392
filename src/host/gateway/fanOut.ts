import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { Sight } from "../access/sight.ts";
import type { Dialect } from "./dialect.ts";
import { frameBytes } from "./frameBytes.ts";

/** A connection as the fan-out sees it. */
export interface Reader extends Disposable {
  readonly principal: string;
  readonly clientId: string | undefined;
  readonly dialect: Dialect | undefined;
  readonly sight: Sight;
  /** Bytes that wait to be sent to it. */
  readonly queuedBytes: number;
  deliver(frame: Buffer): void;
}

/** What a reader gets of a channel: the actions above `after`, which its snapshot includes, and below `until`. */
interface Span {
  readonly after: number;
  until: number;
}

type Subscribers = Map<Reader, Span>;

/**
 * Brings what is durable to whom it concerns: a channel's actions to its subscribers, a client's own actions and their
 * refusals to that client. Everything that one reader gets is in one order, and what waits for durability
 * (`afterDurable`: answers, snapshots) takes its place in that order.
 */
export class FanOut implements Disposable {
  readonly #channels: Channels;
  readonly #readers = new Set<Reader>();
  readonly #subscribers = new Map<string, Subscribers>();
  readonly #owned = new Disposables();
  #waiting: { readonly seq: number; readonly run: () => void }[] = [];
  #framed = 0;
  #delivered = 0;

  constructor(channels: Channels) {
    this.#channels = channels;
    this.#owned.add(channels.onCommitted((batch) => this.#deliver(batch)));
    this.#owned.add(channels.onRemoved(({ uri, seq }) => this.#end(uri, seq)));
  }

  /** Actions framed since the start: one each for every language that its readers speak, whatever their number. */
  get framed(): number {
    return this.#framed;
  }

  /** Messages handed to readers since the start. */
  get delivered(): number {
    return this.#delivered;
  }

  get readers(): ReadonlySet<Reader> {
    return this.#readers;
  }

  join(reader: Reader): Disposable {
    this.#readers.add(reader);
    return toDisposable(() => {
      this.#readers.delete(reader);
      for (const uri of Array.from(this.#subscribers.keys())) this.unsubscribe(reader, uri);
    });
  }

  /** `reader` gets the channel's actions with numbers above `after`. */
  subscribe(reader: Reader, uri: string, after: number): void {
    const subscribers: Subscribers = this.#subscribers.get(uri) ?? new Map();
    subscribers.set(reader, { after, until: Number.POSITIVE_INFINITY });
    this.#subscribers.set(uri, subscribers);
  }

  unsubscribe(reader: Reader, uri: string): void {
    const subscribers = this.#subscribers.get(uri);
    subscribers?.delete(reader);
    if (subscribers?.size === 0) this.#subscribers.delete(uri);
  }

  isWatched(uri: string): boolean {
    return this.#subscribers.has(uri);
  }

  /** Bytes that wait to be sent to the slowest reader of a channel. */
  backlogOf(uri: string): number {
    let backlog = 0;
    for (const reader of this.#subscribers.get(uri)?.keys() ?? []) backlog = Math.max(backlog, reader.queuedBytes);
    return backlog;
  }

  /** Runs once everything up to `seq` is on disk, before any later action is delivered; at once if it is already. */
  afterDurable(seq: number, run: () => void): void {
    if (this.#channels.durableSeq >= seq) run();
    else this.#waiting.push({ seq, run });
  }

  /** To whom it concerns of all connections, once what it tells of is on disk. */
  notify(method: string, params: object, concerns: (reader: Reader) => boolean = () => true): void {
    const message = JSON.stringify({ jsonrpc: "2.0", method, params });
    this.afterDurable(this.#channels.lastSeq, () => {
      const readers = Array.from(this.#readers).filter((reader) => reader.clientId !== undefined && concerns(reader));
      this.#send(message, readers);
    });
  }

  dispose(): void {
    this.#owned.dispose();
    this.#readers.clear();
    this.#subscribers.clear();
  }

  #deliver(batch: readonly CommittedAction[]): void {
    for (const committed of batch) {
      this.#runWaiting(committed.seq - 1);
      const readers = this.#readersOf(committed);
      const isNarrowed = committed.channel === ROOT_URI;
      const narrow = isNarrowed ? readers.filter((reader) => !reader.sight.isWhole) : [];
      for (const reader of narrow) this.#framed += this.#send(reader.sight.narrow(committed.frame), [reader]);
      const whole = narrow.length === 0 ? readers : readers.filter((reader) => reader.sight.isWhole);
      this.#framed += this.#send(committed.frame, whole);
    }
    this.#runWaiting(this.#channels.durableSeq);
  }

  /** One message to many: framed once for each language. Tells how often that was. */
  #send(message: string, readers: readonly Reader[]): number {
    const frames = new Map<Dialect | undefined, Buffer>();
    for (const reader of readers) {
      const { dialect } = reader;
      const frame = frames.get(dialect) ?? frameBytes(dialect ? translate(message, dialect) : message);
      frames.set(dialect, frame);
      reader.deliver(frame);
    }
    this.#delivered += readers.length;
    return frames.size;
  }

  #readersOf({ channel, seq, origin, refused }: CommittedAction): readonly Reader[] {
    const subscribers = refused === undefined ? this.#subscribers.get(channel) : undefined;
    const readers: Reader[] = [];
    for (const [reader, { after, until }] of subscribers ?? []) if (seq > after && seq < until) readers.push(reader);
    if (origin === undefined) return readers;
    // The sender learns what became of its action even if it does not watch the channel.
    for (const reader of this.#readers) {
      const isSender = reader.principal === origin.principal && reader.clientId === origin.clientId;
      const until = subscribers?.get(reader)?.until ?? 0;
      if (isSender && seq >= until) readers.push(reader);
    }
    return readers;
  }

  /** The channel was removed by the record `seq`: who follows it gets what came before, and nothing of a later one. */
  #end(uri: string, seq: number): void {
    for (const span of this.#subscribers.get(uri)?.values() ?? []) span.until = Math.min(span.until, seq);
    this.afterDurable(seq, () => {
      for (const [reader, { until }] of Array.from(this.#subscribers.get(uri) ?? [])) {
        if (until <= seq) this.unsubscribe(reader, uri);
      }
    });
  }

  #runWaiting(seq: number): void {
    while (this.#waiting.some((waiter) => waiter.seq <= seq)) {
      const due = this.#waiting.filter((waiter) => waiter.seq <= seq);
      this.#waiting = this.#waiting.filter((waiter) => waiter.seq > seq);
      for (const waiter of due) waiter.run();
    }
  }
}

function translate(message: string, dialect: Dialect): string {
  const parsed: object = JSON.parse(message);
  return JSON.stringify(dialect.say(parsed));
}
