import { AppError } from "../../base/appError.ts";
import type { Disposable } from "../../base/disposables.ts";
import { Disposables } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import { type Failpoint, noFailpoint } from "../../base/failpoint.ts";
import type { Logger } from "../../base/logger.ts";
import type { ChannelKind, StateAction } from "../../protocol/actions.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import { type ChannelStates, reduce } from "../../protocol/reduce.ts";
import type { EventLog, LogRecord } from "../log/log.ts";
import { Approvals } from "./approvals.ts";
import type { Channel } from "./channelFold.ts";
import { LoadedChannels } from "./loadedChannels.ts";
import { refusal } from "./policy.ts";
import { ReplayWindow } from "./replayWindow.ts";
import {
  actionBody,
  actionFrame,
  asWritten,
  type ClientOrigin,
  keptAction,
  parseStoredRecord,
  type StoredRecord,
} from "./storedRecord.ts";

/** An action that is on disk. Everything that a reader or a service does about an action starts from here. */
export interface CommittedAction {
  readonly seq: number;
  readonly channel: string;
  readonly kind: ChannelKind;
  readonly action: StateAction;
  /** Absent for the host's own. */
  readonly origin?: ClientOrigin;
  /** Why the action was refused: it changed nothing, only its sender is told. */
  readonly refused?: string;
  /** The `action` notification as JSON text: made once, whatever the number of readers. */
  readonly frame: string;
}

export interface DispatchOutcome {
  readonly seq: number;
  readonly refused?: string;
  /** The client sent this action before: nothing happened a second time, `seq` is where it was recorded. */
  readonly isRepeat?: boolean;
}

export interface ChannelSnapshot {
  /** The state includes everything up to this number and nothing after. */
  readonly seq: number;
  readonly state: unknown;
}

type Fresh = Omit<CommittedAction, "frame"> & { readonly actionJson: string; readonly keptJson: string };

/** What makes agents work, and their work fill the disk. */
const beginsWork: ReadonlySet<string> = new Set(["chat/turnStarted", "chat/turnResume", "chat/pendingMessageSet"]);

/**
 * All live channels. `dispatch` is the only way to change one: may this principal do this here and now, append, reduce,
 * and, when the record is on disk, publish through `onCommitted`. The state that `state` shows runs ahead of the disk by
 * at most the commit that is under way; whoever tells somebody about it waits for `durableSeq` to reach its number.
 */
export class Channels implements Disposable {
  readonly #log: EventLog;
  readonly #logger: Logger;
  readonly #loaded: LoadedChannels;
  readonly #fresh = new Map<number, Fresh>();
  /** Removals that are not on disk yet, by number. */
  readonly #endings = new Map<number, string>();
  readonly #approvals = new Approvals();
  readonly #window: ReplayWindow;
  readonly #refuseWork: () => string | undefined;
  readonly #failpoint: Failpoint;
  readonly #removed: Emitter<{ readonly uri: string; readonly seq: number }>;
  readonly #committed: Emitter<readonly CommittedAction[]>;
  readonly #disposables = new Disposables();

  /** `refuseWork` says why nothing may be begun at present, if so. */
  constructor(options: {
    log: EventLog;
    logger: Logger;
    window?: ReplayWindow;
    refuseWork?: () => string | undefined;
    elapsed?: () => number;
    failpoint?: Failpoint;
  }) {
    this.#log = options.log;
    this.#logger = options.logger;
    this.#window = options.window ?? new ReplayWindow();
    this.#refuseWork = options.refuseWork ?? (() => undefined);
    this.#loaded = new LoadedChannels(options.log, options.logger, options.elapsed ?? (() => 0));
    this.#failpoint = options.failpoint ?? noFailpoint;
    const report = (error: unknown) => this.#logger.error("a reader of channels failed", { error: String(error) });
    this.#committed = this.#disposables.add(new Emitter(report));
    this.#removed = this.#disposables.add(new Emitter(report));
    this.#disposables.add(this.#log.onCommitted((records) => this.#publish(records)));
  }

  /** Every commit, in order, also one that holds no action. Refused actions are among them. */
  get onCommitted() {
    return this.#committed.event;
  }

  /** The record `seq` ends the channel `uri`. One that is made under the same URI later is another channel. */
  get onRemoved() {
    return this.#removed.event;
  }

  get lastSeq(): number {
    return this.#log.lastSeq;
  }

  get durableSeq(): number {
    return this.#log.durableSeq;
  }

  /** Recent actions, for clients that come back, and the client actions that must not happen twice. */
  get window(): ReplayWindow {
    return this.#window;
  }

  /** Throws AppError `limit.exceeded` when the host takes no new work at present. */
  assertTakesWork(): void {
    const refused = this.#refuseWork();
    if (refused !== undefined) throw new AppError("limit.exceeded", refused);
  }

  /** Fills the replay window from the end of the log, so that clients can resume over a restart of the host. */
  async recover(): Promise<void> {
    const after = Math.max(0, this.#log.lastSeq - this.#window.maxActions);
    this.#window.startAfter(after);
    // A replay over records that were removed would have a gap.
    for (const [channel, seq] of await this.#log.removals()) this.#window.loseUntil(seq, channel);
    for await (const record of this.#log.read({ after })) {
      const stored = this.#parse(record);
      if (stored === undefined) continue;
      if (stored.type === "removed") this.#window.end(record.seq, record.channel);
      if (stored.type !== "action") continue;
      const { action, origin, refused } = stored;
      const { seq, channel } = record;
      const actionJson = JSON.stringify(action);
      const outcome = { seq, ...(refused !== undefined && { refused }) };
      this.#window.add({ channel, frame: actionFrame({ channel, actionJson, seq, origin, refused }), ...outcome });
      if (origin) this.#window.remember(origin, { channel, actionJson }, outcome);
    }
  }

  /** Makes a channel. Throws AppError `conflict` when it exists. */
  create<K extends ChannelKind>(uri: string, kind: K, state: ChannelStates[K]): number {
    if (this.#loaded.has(uri)) throw new AppError("conflict", `Channel ${uri} exists already.`);
    const body = JSON.stringify({ type: "created", kind, state });
    const seq = this.#log.append(uri, body);
    this.#loaded.add(uri, kind, state, { seq, bytes: body.length });
    return seq;
  }

  /** What makes channels that are not there when somebody asks for them, and answers whether it did. */
  makeMissing(make: (uri: string) => Promise<boolean>): void {
    this.#loaded.makeMissing(make);
  }

  /** Takes the next number for something that is told to one reader alone and changes nothing. */
  mark(uri: string): number {
    return this.#log.append(uri, JSON.stringify({ type: "mark" }));
  }

  /** Ends a channel. Its records stay in the log. */
  remove(uri: string): void {
    if (!this.#loaded.remove(uri)) return;
    const seq = this.#log.append(uri, JSON.stringify({ type: "removed" }));
    this.#endings.set(seq, uri);
    this.#removed.fire({ uri, seq });
  }

  /** A reader that has seen everything up to `seq` has not seen the end of this channel: its state is another one's. */
  hasEndedSince(uri: string, seq: number): boolean {
    if (this.#window.hasEndedSince(seq, uri)) return true;
    for (const [ending, channel] of this.#endings) if (channel === uri && ending > seq) return true;
    return false;
  }

  /** What names the channels that somebody who looks at one may look at too: they come into memory with it. */
  keepTogether(companionsOf: (uri: string) => readonly string[]): void {
    this.#loaded.keepTogether(companionsOf);
  }

  /** Every channel that the log has records of and whose URI begins like this; some may be removed since. */
  known(prefix: string): Promise<readonly string[]> {
    return this.#log.channels(prefix);
  }

  /**
   * An address that a channel has had, even one that ended, is nobody else's: a client that comes back could take the new
   * channel for the one that it knows.
   */
  async isTaken(uri: string): Promise<boolean> {
    return this.#loaded.has(uri) || this.#loaded.isGone(uri) || (await this.#log.latest(uri)) !== undefined;
  }

  /** The type of the last durable action on a channel, in memory or not; undefined when its last record is none. */
  async lastAction(uri: string): Promise<string | undefined> {
    const record = await this.#log.latest(uri);
    const stored = record && this.#parse(record);
    return stored?.type === "action" && stored.refused === undefined ? stored.action.type : undefined;
  }

  isLoaded(uri: string): boolean {
    return this.#loaded.has(uri);
  }

  /**
   * Brings a channel into memory: its snapshot and what came after. False when there is no such channel. Throws AppError
   * `request.rejected`, with a sentence for its readers, when what the log holds of it is damaged.
   */
  async load(uri: string): Promise<boolean> {
    return this.#loaded.use(uri) || (await this.#loaded.load(uri));
  }

  /** The state of a loaded channel of this kind. */
  state<K extends ChannelKind>(kind: K, uri: string): ChannelStates[K] | undefined {
    const channel = this.#loaded.get(uri);
    return channel?.kind === kind ? (channel.state as ChannelStates[K]) : undefined;
  }

  kindOf(uri: string): ChannelKind | undefined {
    return this.#loaded.get(uri)?.kind;
  }

  /**
   * Takes out of memory what nobody has used for `idleMs` and `mayRest` lets go of. Nothing of it is lost: it is on disk,
   * and `load` brings it back. True when there may be more of them than what is written in one go.
   */
  rest(idleMs: number, mayRest: (uri: string, kind: ChannelKind) => boolean): boolean {
    return this.#loaded.rest(idleMs, mayRest);
  }

  /** State and number at this moment. To be told to nobody before `durableSeq` has reached `seq`. */
  snapshot(uri: string): ChannelSnapshot | undefined {
    const channel = this.#loaded.get(uri);
    return channel && { seq: this.#log.lastSeq, state: channel.state };
  }

  /**
   * The door. Without `origin` the host itself acts. The channel must be loaded; an action on a channel that is not is
   * refused like one on a channel that does not exist.
   */
  dispatch(uri: string, action: StateAction, origin?: ClientOrigin): DispatchOutcome {
    const actionJson = JSON.stringify(action);
    const earlier = origin && this.#window.find(origin, { channel: uri, actionJson });
    if (earlier) return { ...earlier, isRepeat: true };
    const channel = this.#loaded.get(uri);
    const refused = this.#refusal(uri, channel, action, origin);
    const kept = keptAction(action);
    const keptJson = kept === action ? actionJson : JSON.stringify(kept);
    const body = actionBody(keptJson, origin, refused);
    const seq = this.#log.append(uri, body);
    if (channel && refused === undefined) {
      const before = channel.state;
      channel.state = reduce(channel.kind, before, asWritten(action));
      if (channel.kind === "chat") {
        this.#approvals.follow(uri, action, before as ChatState, channel.state as ChatState, seq);
      }
      this.#loaded.changed(uri, channel, { seq, bytes: body.length });
    }
    const kind = channel?.kind ?? "root";
    const optional = { ...(origin && { origin }), ...(refused !== undefined && { refused }) };
    this.#fresh.set(seq, { seq, channel: uri, kind, action, actionJson, keptJson, ...optional });
    const outcome = { seq, ...(refused !== undefined && { refused }) };
    if (origin) this.#window.remember(origin, { channel: uri, actionJson }, outcome);
    return outcome;
  }

  /** Stores every loaded channel's state, so that the next start reads no tails. */
  saveSnapshots(): void {
    this.#loaded.saveSnapshots();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #refusal(
    uri: string,
    channel: Channel | undefined,
    action: StateAction,
    origin: ClientOrigin | undefined,
  ): string | undefined {
    if (channel === undefined) {
      if (origin === undefined) throw new AppError("notFound", `There is no such channel for ${action.type}.`);
      return "There is no such channel.";
    }
    if (origin === undefined) return undefined;
    const isWork = beginsWork.has(action.type);
    return (
      refusal(channel.kind, channel.state, action, origin) ??
      this.#approvals.refusal(uri, action, origin) ??
      (isWork ? this.#refuseWork() : undefined)
    );
  }

  #publish(records: readonly LogRecord[]): void {
    const actions: CommittedAction[] = [];
    for (const { seq } of records) {
      const ended = this.#endings.get(seq);
      if (ended !== undefined) this.#window.end(seq, ended);
      this.#endings.delete(seq);
      const fresh = this.#fresh.get(seq);
      if (fresh === undefined) continue;
      this.#fresh.delete(seq);
      const { actionJson, keptJson, ...rest } = fresh;
      const { channel, origin, refused } = fresh;
      const envelope = { channel, seq, origin, refused };
      const committed = { ...rest, frame: actionFrame({ ...envelope, actionJson }) };
      const isKeptWhole = keptJson === actionJson;
      const keptFrame = isKeptWhole ? committed.frame : actionFrame({ ...envelope, actionJson: keptJson });
      this.#window.add({ seq, channel, frame: keptFrame, ...(refused !== undefined && { refused }) });
      actions.push(committed);
    }
    // Also for a batch without actions: somebody may wait for what it made durable.
    this.#failpoint("publish.beginning");
    this.#committed.fire(actions);
    this.#failpoint("publish.ended");
  }

  /** A damaged record is left to those who load its channel: a client that comes back for it gets no replay. */
  #parse(record: LogRecord): StoredRecord | undefined {
    try {
      return parseStoredRecord(record.seq, record.body);
    } catch (error) {
      this.#logger.error("a record cannot be read", { seq: record.seq, error: String(error) });
      this.#window.loseUntil(record.seq, record.channel);
      return undefined;
    }
  }
}
