import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSame } from "../../src/base/isSame.ts";
import {
  type Arrival,
  type Mirror,
  mirrorOf,
  type MirrorStep,
  propose,
  receive,
  renew,
  withdraw,
} from "../../src/client/mirror.ts";
import { type ChannelKind, channelKinds, type StateAction } from "../../src/protocol/actions.ts";
import { type ChannelState, type Reduce, reducerOf } from "../../src/protocol/reduce.ts";
import { arbitraryAction, arbitraryState } from "../support/arbitraries.ts";

/** What the host does with an action of the client: takes it, takes another in its place, refuses it, says nothing. */
type Fate = "taken" | "amended" | "refused" | "ignored";

type Step =
  | { readonly kind: "own" | "foreign"; readonly action: StateAction }
  | { readonly kind: "host"; readonly at: number; readonly fate: Fate; readonly amended: StateAction }
  | { readonly kind: "deliver" | "again" | "snapshot" | "giveUp"; readonly at: number };

interface Sent {
  readonly clientSeq: number;
  readonly action: StateAction;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}

/** A client's mirror of one channel and the host that it mirrors, with what is under way between the two. */
class Pair {
  readonly #fold: (state: ChannelState, action: StateAction) => ChannelState;
  #host: ChannelState;
  #seq = 0;
  #clientSeq = 0;
  #mirror: Mirror<ChannelState>;
  /** As a view has it that folds what it is told. */
  #view: ChannelState;
  readonly #up: Sent[] = [];
  readonly #down: Arrival[] = [];
  readonly #past: Arrival[] = [];
  /** The host will never answer these. */
  readonly #ignored = new Set<number>();

  constructor(kind: ChannelKind, state: ChannelState, reduce: Reduce) {
    this.#fold = (before, action) => deepFreeze(reduce(kind, before as never, action));
    this.#host = state;
    this.#mirror = mirrorOf(state, 0);
    this.#view = state;
  }

  do(step: Step): void {
    switch (step.kind) {
      case "own": {
        const clientSeq = ++this.#clientSeq;
        this.#up.push({ clientSeq, action: step.action });
        return this.#take(propose(this.#mirror, { clientSeq, action: step.action }, this.#fold));
      }
      case "foreign":
        return this.#commit(step.action, undefined, false);
      case "host":
        return this.#decide(this.#up.splice(step.at % (this.#up.length || 1), 1)[0], step.fate, step.amended);
      case "deliver":
        return this.#deliver();
      case "again": {
        const arrival = this.#past[step.at % (this.#past.length || 1)];
        return arrival && this.#receive(arrival);
      }
      case "snapshot":
        return this.#renew();
      case "giveUp":
        return this.#giveUp();
    }
  }

  /** Everything is answered or given up. */
  finish(): void {
    while (this.#up.length > 0) this.#decide(this.#up.shift(), "taken", undefined);
    while (this.#down.length > 0) this.#deliver();
    this.#giveUp();
    expect(this.#mirror.pending).toEqual([]);
    expect(this.#mirror.confirmed).toEqual(this.#host);
    expect(this.#mirror.shown).toEqual(this.#host);
  }

  #decide(sent: Sent | undefined, fate: Fate, amended: StateAction | undefined): void {
    if (sent === undefined) return;
    const { clientSeq, action } = sent;
    // A host that says nothing of a turn does not end it either.
    if (fate === "ignored" && action.type !== "chat/turnStarted") this.#ignored.add(clientSeq);
    else this.#commit(fate === "amended" && amended ? amended : action, clientSeq, fate === "refused");
  }

  #commit(action: StateAction, ownClientSeq: number | undefined, isRejected: boolean): void {
    if (!isRejected) this.#host = this.#fold(this.#host, action);
    this.#down.push({ serverSeq: ++this.#seq, action, isRejected, ownClientSeq });
  }

  #deliver(): void {
    const arrival = this.#down.shift();
    if (arrival === undefined) return;
    this.#past.push(arrival);
    this.#receive(arrival);
  }

  #receive(arrival: Arrival): void {
    const step = receive(this.#mirror, deepFreeze(arrival), this.#fold);
    if (step?.isDoubtful === true) this.#renew();
    else if (step) this.#take(step);
  }

  #renew(): void {
    this.#take({ mirror: renew(this.#mirror, this.#host, this.#seq, this.#fold), applied: undefined });
  }

  #giveUp(): void {
    for (const clientSeq of this.#ignored) this.#take(withdraw(this.#mirror, clientSeq, this.#fold));
    this.#ignored.clear();
  }

  #take({ mirror, applied }: MirrorStep<ChannelState>): void {
    this.#mirror = deepFreeze(mirror);
    this.#view = applied === undefined ? mirror.shown : applied.reduce(this.#fold, this.#view);
    const expected = mirror.pending.reduce((state, { action }) => this.#fold(state, action), mirror.confirmed);
    if (!isSame(mirror.shown, expected)) expect(mirror.shown).toEqual(expected);
    if (!isSame(this.#view, mirror.shown)) expect(this.#view).toEqual(mirror.shown);
  }
}

function steps(kind: ChannelKind): fc.Arbitrary<Step[]> {
  const action = arbitraryAction(kind);
  const at = fc.nat(5);
  const fate = fc.constantFrom<Fate[]>("taken", "taken", "taken", "amended", "refused", "ignored");
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("own" as const), action }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("foreign" as const), action }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("host" as const), at, fate, amended: action }) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant("deliver" as const), at }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constantFrom("again" as const, "snapshot" as const, "giveUp" as const), at }),
      },
    ),
    { maxLength: 40 },
  );
}

describe("what is shown converges with the host", () => {
  it.each(channelKinds)("%s: for any interleaving, and nothing that was given is changed", (kind) => {
    const version = fc.constantFrom("0.9.0", "1.0.0");
    const holds = fc.property(arbitraryState(kind), steps(kind), version, (state, list, protocolVersion) => {
      const pair = new Pair(kind, deepFreeze(state), reducerOf(protocolVersion));
      for (const step of list) pair.do(deepFreeze(step));
      pair.finish();
    });
    fc.assert(holds, { numRuns: 300, seed: 1 });
  });
});
