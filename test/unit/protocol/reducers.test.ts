import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelKinds } from "../../../src/protocol/actions.ts";
import { parseState, reduce, reducerOf } from "../../../src/protocol/reduce.ts";
import { arbitraryActions, arbitraryState } from "../../support/arbitraries.ts";
import { deepFreeze } from "./builders.ts";

/** Per kind of channel; each is a sequence of up to 30 actions. */
const numRuns = Number(process.env["MUSTER_PROPERTY_RUNS"] ?? 300);

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.each(channelKinds)("any sequence of actions on %s", (kind) => {
  it("never throws, writes into nothing, and tells by the same object that nothing changed", () => {
    let [changed, kept] = [0, 0];
    fc.assert(
      fc.property(arbitraryState(kind), arbitraryActions(kind), (initial, actions) => {
        let state = deepFreeze(initial);
        for (const action of actions) {
          const before = state;
          state = deepFreeze(reduce(kind, before, deepFreeze(action)));
          if (state === before) kept++;
          else changed++;
          const isKept = isDeepStrictEqual(asJson(state), asJson(before));
          if (isKept !== (state === before)) throw new Error(`${action.type}: another object, but nothing changed`);
        }
      }),
      { numRuns },
    );
    // The property is worth something only if the actions do both.
    expect(kept).toBeGreaterThan(100);
    expect(changed).toBeGreaterThan(kind === "resourceWatch" ? -1 : 100);
  });

  it("leads to a state that another peer can read", () => {
    fc.assert(
      fc.property(
        arbitraryState(kind),
        arbitraryActions(kind),
        fc.constantFrom("0.9.0", "1.0.0"),
        (initial, actions, version) => {
          const fold = reducerOf(version);
          const state = actions.reduce((before, action) => fold(kind, before, action), initial);
          expect(asJson(parseState(kind, asJson(state)))).toEqual(asJson(state));
        },
      ),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });
});
