import { type Counted, fullHost, heldBackBy, Load, type QueueLimits } from "./queueLimits.ts";

export type Priority = "low" | "normal" | "high";

export interface Job extends Counted {
  readonly id: string;
  readonly priority: Priority;
}

/** Where a session was in the queue before the host's restart. */
export interface EarlierPlace {
  readonly ticket?: number | undefined;
  /** From 0, of those that waited. */
  readonly index: number;
}

interface Waiting extends Job {
  /** The order in which they asked. */
  readonly ticket: number;
  /** How many turns had been given then. */
  readonly askedAt: number;
}

/** Those of one priority, user, repository and agent: of them the first is always next. */
interface Lane extends Omit<Job, "id"> {
  jobs: Waiting[];
  /** Index of the first that still waits. */
  head: number;
}

/** Turns that may go to higher priorities while one of this priority waits. */
const patience: Readonly<Record<Priority, number>> = { high: Number.POSITIVE_INFINITY, normal: 4, low: 16 };
/** So many turns ago the last one has to be longer for each session that is at work already. */
const turnsAtWork = 8;
const highestFirst: readonly Priority[] = ["high", "normal", "low"];
const lowestFirst: readonly Priority[] = ["low", "normal"];
const never = Number.NEGATIVE_INFINITY;
const maxHead = 1_000;

/**
 * Who may work, and who is next. Decides without clock or chance; the driver is slots.ts. Of the sessions that wait and
 * that no limit holds back, the next is chosen so:
 *
 * 1. the highest priority, but one that was passed over for too long (`patience`) has a turn first;
 * 2. the user whose last turn is longest ago, each session at work counting as `turnsAtWork` turns less;
 * 3. of that user's repositories in the same way;
 * 4. who asked first.
 *
 * How long ago is counted in turns given, for each priority by itself. Who came or came back in the meantime counts as served when it asked, so nobody
 * saves up turns and nobody waits for ever.
 */
export class Scheduler {
  readonly #limits: QueueLimits;
  /** Longest at work first. */
  readonly #running = new Map<string, Job>();
  readonly #load = new Load();
  readonly #lanes = new Map<string, Lane>();
  readonly #waiting = new Map<string, Waiting>();
  /** Number of the last turn of each priority, and in it of each user, and of that user's repositories. */
  readonly #lastTurns = new Map<string, number>();
  #turns = 0;
  #nextTicket = 1;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get running(): readonly string[] {
    return Array.from(this.#running.keys());
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  isWaiting(id: string): boolean {
    return this.#waiting.has(id);
  }

  ticketOf(id: string): number | undefined {
    return this.#waiting.get(id)?.ticket;
  }

  /** Takes its place in the queue; asking again changes nothing. */
  ask(job: Job, earlier?: EarlierPlace): void {
    if (this.#running.has(job.id) || this.#waiting.has(job.id)) return;
    const ticket = earlier?.ticket ?? this.#nextTicket;
    this.#nextTicket = Math.max(this.#nextTicket, ticket + 1);
    // Below every number that is given out from the start on, in the order in which they waited.
    const askedAt = earlier ? earlier.index - Number.MAX_SAFE_INTEGER : this.#turns;
    this.#insert({ ...job, ticket, askedAt });
  }

  /** Keeps its place in line among those of the priority. */
  prioritize(id: string, priority: Priority): void {
    const job = this.#remove(id);
    if (job) this.#insert({ ...job, priority });
  }

  /** Gives the slot back, or leaves the queue. */
  leave(id: string): void {
    const job = this.#running.get(id);
    this.#running.delete(id);
    if (job) this.#load.add(job, -1);
    this.#remove(id);
  }

  /** The next one that may work; it is at work then. Undefined if nobody may. */
  grant(): Job | undefined {
    if (this.#running.size >= this.#limits.host) return undefined;
    const lane = this.#next();
    const job = lane?.jobs[lane.head];
    if (!lane || !job) return undefined;
    this.#take(lane, lane.head);
    this.#waiting.delete(job.id);
    this.#running.set(job.id, job);
    this.#load.add(job, 1);
    this.#turns += 1;
    for (const key of turnKeys(job)) this.#lastTurns.set(key, this.#turns);
    // Whoever asks from here on is no later served than anybody before.
    if (this.#lanes.size === 0) this.#lastTurns.clear();
    return job;
  }

  /**
   * The first `count` of the queue: the order in which they get to work if nobody else comes, and those at work end in the
   * order in which they began.
   */
  forecast(count: number): readonly string[] {
    const ahead = this.#copy();
    const order: string[] = [];
    while (order.length < count && ahead.#lanes.size > 0) {
      const job = ahead.grant();
      if (job) {
        order.push(job.id);
        continue;
      }
      const [oldest] = ahead.#running.keys();
      if (oldest === undefined) break;
      ahead.leave(oldest);
    }
    return order;
  }

  /** Why it waits, as a part of a sentence. */
  reasonFor(id: string): string | undefined {
    const job = this.#waiting.get(id);
    if (!job) return undefined;
    const own = heldBackBy(this.#limits, this.#load, job);
    return own ?? (this.#running.size >= this.#limits.host ? fullHost(this.#limits) : undefined);
  }

  /** To look ahead with: it lets the same ones work, but does not know those that wait by their id. */
  #copy(): Scheduler {
    const copy = new Scheduler(this.#limits);
    for (const [id, job] of this.#running) {
      copy.#running.set(id, job);
      copy.#load.add(job, 1);
    }
    for (const [key, lane] of this.#lanes) copy.#lanes.set(key, { ...lane });
    for (const [key, turn] of this.#lastTurns) copy.#lastTurns.set(key, turn);
    copy.#turns = this.#turns;
    return copy;
  }

  #next(): Lane | undefined {
    const free = Array.from(this.#lanes.values()).filter((lane) => !heldBackBy(this.#limits, this.#load, lane));
    const lanes = this.#ofPriority(free);
    const byUser = (lane: Lane) => lane.user;
    const ofUser = this.#leastServed(lanes, byUser, ({ user, priority }) => {
      return { working: this.#load.ofUser(user), lastTurn: this.#lastTurn(turnKey(priority, user)) };
    });
    const byRepository = (lane: Lane) => lane.repository;
    const ofRepository = this.#leastServed(ofUser, byRepository, ({ user, repository, priority }) => {
      const lastTurn = this.#lastTurn(turnKey(priority, user, repository));
      return { working: this.#load.ofUserIn(user, repository), lastTurn };
    });
    return least(ofRepository, (lane) => [first(lane).ticket]);
  }

  #ofPriority(lanes: readonly Lane[]): readonly Lane[] {
    const ofPriority = (priority: Priority) => lanes.filter((lane) => lane.priority === priority);
    for (const priority of lowestFirst) {
      const own = ofPriority(priority);
      const asked = minimum(own, (lane) => Math.max(0, first(lane).askedAt));
      if (this.#turns - Math.max(asked, this.#lastTurn(turnKey(priority))) >= patience[priority]) return own;
    }
    return highestFirst.map(ofPriority).find((own) => own.length > 0) ?? [];
  }

  /** The lanes of the one that was served least. */
  #leastServed(
    lanes: readonly Lane[],
    keyOf: (lane: Lane) => string,
    served: (lane: Lane) => { readonly working: number; readonly lastTurn: number },
  ): readonly Lane[] {
    const groups = Map.groupBy(lanes, keyOf);
    if (groups.size < 2) return lanes;
    const chosen = least(Array.from(groups.values()), (group) => {
      const { working, lastTurn } = served(group[0] as Lane);
      const asked = minimum(group, (lane) => first(lane).askedAt);
      return [Math.max(lastTurn, asked) + turnsAtWork * working, minimum(group, (lane) => first(lane).ticket)];
    });
    return chosen ?? [];
  }

  #lastTurn(key: string): number {
    return this.#lastTurns.get(key) ?? never;
  }

  #insert(job: Waiting): void {
    const { user, repository, agent, priority, ticket } = job;
    const key = laneKey(job);
    const lane = this.#lanes.get(key) ?? { user, repository, agent, priority, jobs: [], head: 0 };
    this.#lanes.set(key, lane);
    const behind = lane.jobs.findLastIndex((other, index) => index < lane.head || other.ticket < ticket);
    lane.jobs.splice(behind + 1, 0, job);
    this.#waiting.set(job.id, job);
  }

  #remove(id: string): Waiting | undefined {
    const job = this.#waiting.get(id);
    const lane = job && this.#lanes.get(laneKey(job));
    if (!lane) return undefined;
    this.#waiting.delete(id);
    this.#take(lane, lane.jobs.indexOf(job, lane.head));
    return job;
  }

  #take(lane: Lane, index: number): void {
    if (index === lane.head) lane.head += 1;
    else lane.jobs.splice(index, 1);
    if (lane.head === lane.jobs.length) this.#lanes.delete(laneKey(lane));
    if (lane.head < maxHead) return;
    // Not in place: a copy that looks ahead shares the list.
    lane.jobs = lane.jobs.slice(lane.head);
    lane.head = 0;
  }
}

function laneKey({ priority, user, repository, agent }: Omit<Job, "id">): string {
  return JSON.stringify([priority, user, repository, agent]);
}

function turnKeys({ priority, user, repository }: Job): readonly string[] {
  return [turnKey(priority), turnKey(priority, user), turnKey(priority, user, repository)];
}

function turnKey(...of: readonly string[]): string {
  return JSON.stringify(of);
}

function first(lane: Lane): Waiting {
  // A lane that nobody waits in is deleted.
  return lane.jobs[lane.head] as Waiting;
}

function minimum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((smallest, item) => Math.min(smallest, of(item)), Number.POSITIVE_INFINITY);
}

/** The one whose key is the smallest, compared member by member. */
function least<T>(items: readonly T[], keyOf: (item: T) => readonly number[]): T | undefined {
  let best: { readonly item: T; readonly key: readonly number[] } | undefined;
  for (const item of items) {
    const key = keyOf(item);
    if (best === undefined || isLess(key, best.key)) best = { item, key };
  }
  return best?.item;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index !== -1 && (a[index] ?? 0) < (b[index] ?? 0);
}
