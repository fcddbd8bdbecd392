import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { ActionEnvelope, actionTables } from "../../../src/protocol/actions.ts";
import { decode } from "../../../src/protocol/decode.ts";
import { arbitraryValue } from "../../support/arbitraries.ts";
import { deepFreeze } from "./builders.ts";
import { wireSchemas } from "./wireSchemas.ts";

/** Every object and array in a value, with the way to it. */
function containers(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(containers)];
}

const damage = fc.record({
  at: fc.nat(),
  member: fc.nat(),
  value: fc.constantFrom<unknown[]>(
    null,
    undefined,
    5,
    "x",
    true,
    Number.POSITIVE_INFINITY,
    [],
    {},
    { type: "x" },
    [3],
  ),
});

/** The value with some members replaced; `undefined` takes a member away. */
function damaged(value: unknown, wounds: readonly { at: number; member: number; value: unknown }[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const { at, member, value: other } of wounds) {
    const all = containers(copy).filter((one) => Object.keys(one).length > 0);
    const target = all[at % all.length];
    const key = target && Object.keys(target)[member % Object.keys(target).length];
    if (!target || key === undefined) continue;
    if (other === undefined && !Array.isArray(target)) Reflect.deleteProperty(target, key);
    else Reflect.set(target, key, structuredClone(other ?? null));
  }
  return copy;
}

describe("reading a value", () => {
  it.each(wireSchemas)("%s: accepts what the schema accepts, and reads the same", (_name, schema) => {
    fc.assert(
      fc.property(arbitraryValue(schema), fc.array(damage, { maxLength: 2 }), (value, wounds) => {
        const given = deepFreeze(damaged(value, wounds));
        const expected = z.safeParse(schema, given);
        const decoded = decode(schema, given);
        expect(decoded.ok).toBe(expected.success);
        if (decoded.ok) expect(decoded.value).toEqual(expected.data);
      }),
      { numRuns: 40 },
    );
  });

  it("copies nothing that is as it should be", () => {
    fc.assert(
      fc.property(arbitraryValue(ActionEnvelope), (envelope) => {
        const decoded = decode(ActionEnvelope, envelope);
        expect(decoded.ok && decoded.value).toBe(envelope);
      }),
    );
  });

  it("takes null for absent, in a copy", () => {
    const given = deepFreeze({
      channel: "c",
      action: { type: "session/ready" },
      serverSeq: 1,
      origin: null,
      later: null,
    });
    const decoded = decode(ActionEnvelope, given);
    expect(decoded.ok && JSON.parse(JSON.stringify(decoded.value))).toEqual({
      channel: "c",
      action: { type: "session/ready" },
      serverSeq: 1,
      later: null,
    });
  });

  it("names the first member that is wrong, and none of its content", () => {
    const turns = [{ id: "t", message: { text: "secret", origin: { kind: 5 } }, responseParts: [], state: "complete" }];
    const given = { type: "chat/turnsLoaded", turns };
    expect(decode(actionTables.chat["chat/turnsLoaded"]!, given)).toEqual({
      ok: false,
      error: "turns.0.message.origin.kind",
    });
    expect(decode(z.string(), 5)).toEqual({ ok: false, error: "" });
  });
});
