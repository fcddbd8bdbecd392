import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSame } from "../../../src/base/isSame.ts";
import { type Mirror, mirrorOf, propose, receive, withdraw } from "../../../src/client/mirror.ts";
import type { StateAction } from "../../../src/protocol/actions.ts";
import type { TerminalState } from "../../../src/protocol/terminal.ts";
import { reduce } from "../../../src/protocol/reduce.ts";

const empty: TerminalState = {
  title: "t",
  content: [],
  lifecycle: { status: "running" },
  claim: { kind: "client", clientId: "x" },
};
const fold = (state: TerminalState, action: StateAction) => reduce("terminal", state, action);
const data = (text: string): StateAction => ({ type: "terminal/data", data: text });
const title = (text: string): StateAction => ({ type: "terminal/titleChanged", title: text });
const from = (serverSeq: number, action: StateAction, own?: number, isRejected = false) => ({
  serverSeq,
  action,
  ownClientSeq: own,
  isRejected,
});

describe("a mirror", () => {
  it("forwards what the host appends", () => {
    const step = receive(mirrorOf(empty, 4), from(5, data("a")), fold);
    expect(step?.applied).toEqual([data("a")]);
    expect(step?.mirror.shown.content).toEqual([{ type: "unclassified", value: "a" }]);
  });

  it("ignores what its snapshot already holds", () => {
    expect(receive(mirrorOf(empty, 5), from(5, data("a")), fold)).toBeUndefined();
  });

  it("shows an own action at once and says nothing again when it is echoed", () => {
    const proposed = propose(mirrorOf(empty, 0), { clientSeq: 1, action: title("mine") }, fold);
    expect(proposed.applied).toEqual([title("mine")]);
    expect(proposed.mirror.shown.title).toBe("mine");
    const echoed = receive(proposed.mirror, from(1, title("mine"), 1), fold);
    expect(echoed?.applied).toEqual([]);
    expect(echoed?.mirror).toMatchObject({ pending: [], confirmed: { title: "mine" } });
  });

  it("takes a refused action back and asks views to take the whole state", () => {
    const { mirror } = propose(mirrorOf(empty, 0), { clientSeq: 1, action: title("mine") }, fold);
    const step = receive(mirror, from(1, title("mine"), 1, true), fold);
    expect(step?.applied).toBeUndefined();
    expect(step?.mirror).toMatchObject({ pending: [], shown: { title: "t" } });
  });

  it("puts a foreign action under its own pending ones", () => {
    const { mirror } = propose(mirrorOf(empty, 0), { clientSeq: 1, action: title("mine") }, fold);
    const step = receive(mirror, from(1, title("theirs")), fold);
    expect(step?.applied).toBeUndefined();
    expect(step?.mirror).toMatchObject({ confirmed: { title: "theirs" }, shown: { title: "mine" } });
  });

  it("takes the host's version of its own action when the two differ", () => {
    const { mirror } = propose(mirrorOf(empty, 0), { clientSeq: 1, action: title("mine") }, fold);
    const step = receive(mirror, from(1, title("MINE"), 1), fold);
    expect(step?.applied).toBeUndefined();
    expect(step?.mirror.shown.title).toBe("MINE");
  });

  it("shows the order that the host chose for its own actions", () => {
    const first = propose(mirrorOf(empty, 0), { clientSeq: 1, action: title("first") }, fold);
    const second = propose(first.mirror, { clientSeq: 2, action: title("second") }, fold);
    const step = receive(second.mirror, from(1, title("second"), 2), fold);
    expect(step?.applied).toBeUndefined();
    expect(step?.mirror).toMatchObject({ confirmed: { title: "second" }, shown: { title: "first" } });
  });

  it("ends the wait for an action whose answer lies before the snapshot", () => {
    const { mirror } = propose(mirrorOf(empty, 9), { clientSeq: 1, action: title("mine") }, fold);
    const step = receive(mirror, from(7, title("mine"), 1), fold);
    expect(step?.mirror.pending).toEqual([]);
  });

  it("converges with the host for any interleaving of own, foreign and refused actions", () => {
    type Step = { kind: "own" | "foreign"; text: string; isRefused: boolean };
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom("own", "foreign"),
        text: fc.string({ maxLength: 3 }),
        isRefused: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.boolean()), (list: Step[], deliver) => {
        let host = empty;
        let seq = 0;
        let mirror: Mirror<TerminalState> = mirrorOf(empty, 0);
        const wire: ReturnType<typeof from>[] = [];
        let view = mirror.shown;
        const take = (step: { mirror: Mirror<TerminalState>; applied: readonly StateAction[] | undefined }) => {
          mirror = step.mirror;
          view = step.applied === undefined ? mirror.shown : step.applied.reduce(fold, view);
          expect(isSame(view, mirror.shown)).toBe(true);
        };
        const arrive = () => {
          const next = wire.shift();
          const step = next && receive(mirror, next, fold);
          if (step) take(step);
        };
        for (const [index, { kind, text, isRefused }] of list.entries()) {
          const action = index % 2 === 0 ? data(text) : title(text);
          if (kind === "own") take(propose(mirror, { clientSeq: index, action }, fold));
          const rejected = kind === "own" && isRefused;
          if (!rejected) host = fold(host, action);
          wire.push(from(++seq, action, kind === "own" ? index : undefined, rejected));
          if (deliver.next().value) arrive();
        }
        while (wire.length > 0) arrive();
        expect(mirror.pending).toEqual([]);
        expect(isSame(mirror.shown, host)).toBe(true);
        expect(isSame(mirror.confirmed, host)).toBe(true);
      }),
    );
  });

  it("withdraws one action and keeps the others", () => {
    const first = propose(mirrorOf(empty, 0), { clientSeq: 1, action: data("a") }, fold);
    const second = propose(first.mirror, { clientSeq: 2, action: data("b") }, fold);
    expect(withdraw(second.mirror, 1, fold).mirror.shown.content).toEqual([{ type: "unclassified", value: "b" }]);
  });
});
