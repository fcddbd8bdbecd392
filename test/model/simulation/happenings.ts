import * as fc from "fast-check";

/** Mostly the first one: things must meet to go wrong. */
function mostlyFirst(count: number): fc.Arbitrary<number> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(count - 1) });
}

const common = {
  /** Which client. */
  who: fc.constantFrom(1, 1, 1, 2, 2, 0),
  /** Which session, and which of its channels. */
  where: mostlyFirst(4),
  which: fc.nat(6),
  choice: fc.nat(60),
  pauseMs: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 3, arbitrary: fc.constantFrom(200, 700, 3_000) },
    { weight: 1, arbitrary: fc.constantFrom(40_000, 400_000) },
  ),
};

function happening<const K extends string>(weight: number, kind: K) {
  return { weight, arbitrary: fc.record({ kind: fc.constant(kind), ...common }) };
}

/** What may happen between clients and a host. */
const happenings = fc.oneof(
  happening(12, "act"),
  happening(2, "burst"),
  happening(10, "dispatch"),
  happening(4, "open"),
  happening(2, "close"),
  happening(6, "cut"),
  happening(2, "freeze"),
  happening(3, "stall"),
  happening(1, "disconnect"),
  happening(3, "connect"),
  happening(2, "create"),
  happening(1, "dispose"),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("endHost" as const),
      how: fc.constantFrom("stop" as const, "kill" as const, "kill" as const, "replace" as const),
      ...common,
    }),
  },
);
export type Happening = typeof happenings extends fc.Arbitrary<infer T> ? T : never;

/** A whole run: `seed` decides delays and everything else that the happenings leave open. */
export const schedule = fc.record({
  seed: fc.integer(),
  /** Actions that the host keeps for those who come back: few, so that many come back to snapshots. */
  windowSize: fc.constantFrom(3, 40, 1_000),
  /** Bytes that may wait for a slow reader. */
  maxQueuedBytes: fc.constantFrom(2_000, 20_000, 8_000_000),
  happenings: fc.array(happenings, { maxLength: 60, size: "max" }),
});
export type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;
