import { AppError } from "../../../src/base/appError.ts";
import type { Disposables } from "../../../src/base/disposables.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { AhpClient } from "../../../src/client/ahpClient.ts";
import type { ChannelHandle } from "../../../src/client/client.ts";
import { isSame } from "../../../src/base/isSame.ts";
import type { ChannelKind, StateAction } from "../../../src/protocol/actions.ts";
import type { Transport } from "../../../src/protocol/jsonrpc.ts";
import { type ChannelState, reduce } from "../../../src/protocol/reduce.ts";
import type { FakeClock } from "../../support/fakeClock.ts";
import type { Dice } from "../../support/dice.ts";
import { nonceOf } from "./history.ts";
import { type LinkNature, SimLink } from "./link.ts";
import type { SimHost } from "./simHost.ts";

/** Someone who looks at a channel, and only hears of changes. */
interface View {
  readonly kind: ChannelKind;
  readonly uri: string;
  readonly handle: ChannelHandle<ChannelState>;
  /** Folded from what the handle forwards. */
  state: ChannelState | undefined;
  /** Up to where on the channel's way this view has seen it. */
  seenAt: number;
  /** How much had happened on the host when somebody here first looked at the channel. */
  readonly openedAt: number;
}

type Outcome = "open" | "resolved" | "refused" | "lost" | "other";

interface Dispatch {
  readonly uri: string;
  readonly type: string;
  readonly wasMirrored: boolean;
  /** It makes a difference to what was shown. */
  changesState: boolean;
  outcome: Outcome;
}

export interface SimClientOptions {
  readonly name: string;
  readonly clock: FakeClock;
  readonly dice: Dice;
  readonly host: SimHost;
  /** Of each connection that is made. */
  readonly nature: () => LinkNature;
}

/** A client with people in front of it, who notice whatever must not happen. */
export class SimClient {
  readonly client: AhpClient;
  readonly views = new Set<View>();
  readonly dispatches = new Map<number, Dispatch>();
  /** What was seen to be wrong, as sentences. */
  readonly problems: string[] = [];
  /** Actions that arrived for a channel that nobody here follows. */
  strays = 0;
  link: SimLink | undefined;
  readonly #options: SimClientOptions;
  readonly #firstOpened = new Map<string, number>();
  readonly #open = new Map<string, number>();
  /** How much had happened on the host when the present connection came up. */
  #liveAt = 0;
  #isCalm = false;

  constructor(options: SimClientOptions) {
    this.#options = options;
    const { clock, dice, name } = options;
    this.client = new AhpClient({
      dial: (attempt) => this.#dial(attempt),
      clientId: name,
      clientInfo: { name: "simulation" },
      clock,
      random: () => dice.next(),
      logger: {
        ...silentLogger,
        error: (text, fields) => void this.problems.push(`${text} ${JSON.stringify(fields)}`),
      },
    });
    this.open("root", "ahp-root://");
    this.client.onDidChangeState(({ kind }) => {
      if (kind === "live") this.#liveAt = this.#options.host.history.events;
    });
    this.client.sessions.onDidChange(() => this.#checkTitles());
  }

  open(kind: ChannelKind, uri: string): void {
    const handle = this.client.subscribe(kind, uri) as ChannelHandle<ChannelState>;
    handle.ready.catch(() => undefined);
    const openedAt = this.#firstOpened.get(uri) ?? this.#options.host.history.events;
    this.#firstOpened.set(uri, openedAt);
    const view: View = { kind, uri, handle, state: handle.state, seenAt: 0, openedAt };
    this.views.add(view);
    handle.onDidChange(({ state, applied }) => {
      if (applied === undefined) view.state = state;
      else for (const action of applied) view.state &&= reduce(kind, view.state as never, action);
      this.#look(view);
    });
    this.#look(view);
  }

  close(uri: string): void {
    for (const view of this.views) {
      if (view.uri !== uri || view.kind === "root") continue;
      view.handle.dispose();
      this.views.delete(view);
    }
  }

  /** The channel as this client shows it. */
  shown(uri: string): ChannelState | undefined {
    for (const view of this.views) if (view.uri === uri) return view.handle.state;
    return undefined;
  }

  /** Resolves with what became of the action, as far as this client will ever know. */
  async dispatch(uri: string, action: StateAction): Promise<Outcome> {
    const wasMirrored = this.#isLive(uri);
    const before = this.shown(uri);
    const entry: Dispatch = { uri, type: action.type, wasMirrored, changesState: false, outcome: "open" };
    this.dispatches.set(nonceOf(action) ?? 0, entry);
    this.#open.set(uri, this.#openOn(uri) + 1);
    try {
      const dispatched = this.client.dispatch(uri, action);
      entry.changesState = !isSame(before, this.shown(uri));
      await dispatched;
      entry.outcome = "resolved";
    } catch (error) {
      if (AppError.is(error, "request.rejected")) entry.outcome = "refused";
      else entry.outcome = AppError.is(error, "host.disconnected") || AppError.is(error, "timeout") ? "lost" : "other";
    }
    this.#open.set(uri, this.#openOn(uri) - 1);
    return entry.outcome;
  }

  calm(): void {
    this.#isCalm = true;
    this.link?.setReading(true);
    this.link?.bury();
    this.client.connect();
  }

  /** Somebody looks again at what was not there when it was opened. */
  retry(): void {
    for (const view of Array.from(this.views)) if (view.handle.status === "failed") this.open(view.kind, view.uri);
  }

  /** When everything has come to rest. */
  check(): readonly string[] {
    const { name, host } = this.#options;
    const problems = [...this.problems];
    const { client } = this;
    if (client.state.kind !== "live") problems.push(`is ${client.state.kind}`);
    for (const view of this.views) {
      const truth = host.history.latest(view.uri);
      if (truth === undefined) continue;
      if (view.handle.status !== "live")
        problems.push(`${view.uri} is ${view.handle.status}: ${view.handle.error?.message}`);
      // Nobody tells that a channel ended and another one took its address, until the next connection.
      else if (!host.history.wasThereSince(view.uri, this.#liveAt)) continue;
      else if (!isSame(view.handle.state, truth)) problems.push(`shows ${view.uri} in another state than the host`);
    }
    const table = Array.from(client.sessions.all.values()).toSorted(byResource);
    if (!client.sessions.isCurrent) problems.push("has no current list of sessions");
    else if (!isSame(table, host.list().toSorted(byResource)))
      problems.push("has another list of sessions than the host");
    for (const [nonce, dispatch] of this.dispatches) problems.push(...this.#judge(nonce, dispatch));
    return problems.map((problem) => `${name}: ${problem}`);
  }

  dispose(): void {
    this.client.dispose();
  }

  #judge(nonce: number, { outcome, type, uri, wasMirrored, changesState }: Dispatch): string[] {
    const times = this.#options.host.history.timesAccepted(nonce);
    const what = `${type} (${nonce}) on ${uri} ended ${outcome} and happened ${times} times`;
    const isRight = {
      open: false,
      // Silence counts as consent on a channel that is not followed, and to what changes nothing.
      resolved: wasMirrored && changesState ? times === 1 : times <= 1,
      refused: times === 0,
      lost: times <= 1,
      other: false,
    };
    return isRight[outcome] ? [] : [what];
  }

  /** Whatever is shown must have been the state of the channel, and never an earlier one than before. */
  #look(view: View): void {
    const { state } = view.handle;
    if (!isSame(view.state, state)) this.problems.push(`A view of ${view.uri} was not told all of a change`);
    const { history } = this.#options.host;
    // Of a channel that has taken another one's address a host may say that it is gone, and bring it when asked again.
    const mayFail = !history.wasThereSince(view.uri, view.openedAt) || !history.isFirst(view.uri);
    if (view.handle.status === "failed" && !mayFail) {
      this.problems.push(`${view.uri} failed (${view.handle.error?.message}) although it is there`);
    }
    if (state === undefined) return;
    // With an action of our own on top it is a state that nobody else sees.
    if (this.#openOn(view.uri) > 0) return;
    const at = history.find(view.uri, state, view.seenAt);
    if (at === undefined) this.problems.push(`${view.uri} was shown in a state that it has not had, or not since`);
    else view.seenAt = at;
  }

  #checkTitles(): void {
    for (const { resource, title } of this.client.sessions.all.values()) {
      if (this.#options.host.history.hadTitle(resource, title)) continue;
      this.problems.push(`The list shows ${resource} with a title that it has not had`);
    }
  }

  /** Dispatches on the channel whose outcome is not known. */
  #openOn(uri: string): number {
    return this.#open.get(uri) ?? 0;
  }

  #isLive(uri: string): boolean {
    for (const view of this.views) if (view.uri === uri) return view.handle.status === "live";
    return false;
  }

  #isFollowed(uri: string): boolean {
    return Array.from(this.views).some((view) => view.uri === uri);
  }

  async #dial(attempt: Disposables): Promise<Transport> {
    const { clock, dice, host } = this.#options;
    if (!this.#isCalm && dice.chance(0.05)) await new Promise<void>((resolve) => attempt.add({ dispose: resolve }));
    if (!host.isUp || (!this.#isCalm && dice.chance(0.1))) {
      throw new AppError("host.unreachable", "Nothing listens there.");
    }
    const link = new SimLink(
      clock,
      dice,
      this.#isCalm ? { delayMs: () => 0, diesAfter: undefined } : this.#options.nature(),
    );
    link.onDelivered = (text) => this.#overhear(text);
    this.link = link;
    host.accept(link);
    return link.transport;
  }

  #overhear(text: string): void {
    const { method, params } = JSON.parse(text) as { method?: string; params?: { channel: string; origin?: object } };
    if (method !== "action" || params === undefined || params.origin !== undefined) return;
    if (!this.#isFollowed(params.channel)) this.strays += 1;
  }
}

function byResource(a: { resource: string }, b: { resource: string }): number {
  return a.resource < b.resource ? -1 : 1;
}
