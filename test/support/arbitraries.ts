import * as fc from "fast-check";
import type * as z from "zod/mini";
import {
  actionTables,
  type ChannelKind,
  channelKinds,
  parseAction,
  type StateAction,
} from "../../src/protocol/actions.ts";
import { type ChannelStates, parseState, reduce, stateSchemas } from "../../src/protocol/reduce.ts";
import { forms } from "../../src/protocol/schema.ts";

/**
 * Random values of the wire, made from the schemas themselves, so that whatever a schema gains is generated at once.
 *
 * - `arbitraryValue(schema)`: any value of a schema as `JSON.parse` would give it: optional members now and then,
 *   variants, enum values and members of a later version among the known ones, never `undefined`.
 * - `arbitraryAction(kind)`, `arbitraryActions(kind)`: parsed actions of all types that the kind of channel folds, and a
 *   few that it must leave alone.
 * - `arbitraryState(kind)`: a state as a host may send it, reached by folding random actions over a random snapshot.
 *
 * Ids, URIs and times come from pools of three or four, the same for everything, so that the actions of a sequence meet
 * each other's turns, parts, calls, files and sessions.
 */

/** What a peer of a later version says where we know a few words. */
const LATER = "x-later";

/** Mostly the same one, so that most actions find what they name. */
const id = fc.constantFrom("a", "a", "a", "a", "b", "c");
const text = fc.constantFrom("", "x", "some text", "\u001b[32mok\u001b[0m\r\n", "é😀", "__proto__");
const time = fc.constantFrom("2026-01-01T00:00:00.000Z", "2026-01-01T00:01:00.000Z", "no time");
const number = fc.constantFrom(0, 1, 2, 80, 1500, -1, 0.5, 2 ** 40);
/** All known bits in all combinations, with and without one that nobody knows. */
const status = fc.tuple(fc.nat(127), fc.constantFrom(0, 2 ** 12, 2 ** 31)).map(([known, later]) => known + later);
const anything = fc.constantFrom<unknown[]>(null, true, 3, "x", [], [{ a: [1] }], {}, { a: { b: null } });

const idMember =
  /(?:^|I)ds?$|^(?:resource|uri|chat|session|channel|directory|replacement|defaultChat|order|files|automation)$/;
const timeMember = /At$|^at$|^timestamp$/;

/** A value of the schema. `member` names what holds it: ids and times are told by their names. */
export function arbitraryValue<T>(schema: z.core.$ZodType<T>, member = ""): fc.Arbitrary<T> {
  return fromSchema(schema, member) as fc.Arbitrary<T>;
}

const made = new WeakMap<z.core.$ZodType, Map<string, fc.Arbitrary<unknown>>>();

function fromSchema(schema: z.core.$ZodType, member: string): fc.Arbitrary<unknown> {
  const byMember = made.get(schema) ?? new Map<string, fc.Arbitrary<unknown>>();
  made.set(schema, byMember);
  const known = byMember.get(member) ?? fromForm(schema, member) ?? fromDefinition(schema, member);
  byMember.set(member, known);
  return known;
}

function fromForm(schema: z.core.$ZodType, member: string): fc.Arbitrary<unknown> | undefined {
  const form = forms.get(schema);
  switch (form?.kind) {
    case "nullIsAbsent":
      return fromSchema(form.inner, member);
    case "openEnum":
      return mostly(fc.constantFrom(...form.values), fc.constant(LATER));
    case "openUnion": {
      const options = Array.from(new Set(form.options().values()), (option) => fromSchema(option, member));
      const later = fc
        .tuple(fromSchema(form.shared, member), anything)
        .map(([shared, more]) => ({ ...(shared as object), [form.key]: LATER, more }));
      return mostly(fc.oneof(...options), later);
    }
    case "decodedBy":
      return anyWireAction;
    default:
      return undefined;
  }
}

function fromDefinition(schema: z.core.$ZodType, member: string): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return idMember.test(member) ? id : timeMember.test(member) ? time : text;
    case "number":
      return member === "status" ? status : number;
    case "boolean":
      return fc.boolean();
    case "unknown":
      return anything;
    case "literal":
      return fc.constantFrom(...def.values);
    case "enum":
      return fc.constantFrom(...Object.values(def.entries));
    case "optional":
    case "nullable":
      return fromSchema(def.innerType, member);
    case "array":
      return fc.array(fromSchema(def.element, member), { maxLength: 2 });
    case "record":
      return fc.dictionary(id, fromSchema(def.valueType, member), { maxKeys: 2 });
    case "union":
      return fc.oneof(...def.options.map((option) => fromSchema(option, member)));
    case "object":
      return fromShape(def.shape);
    default:
      throw new Error(`No arbitrary for a schema of type ${def.type}.`);
  }
}

function fromShape(shape: z.core.$ZodShape): fc.Arbitrary<object> {
  const members = Object.entries(shape).map(([key, schema]) => {
    const value = fromSchema(schema, key);
    const isOptional = (schema as z.core.$ZodTypes)._zod.def.type === "optional";
    return fc.tuple(fc.constant(key), isOptional ? fc.option(value, { nil: undefined, freq: 2 }) : value);
  });
  const later = fc.tuple(fc.constant(LATER), mostly(fc.constant(undefined), anything));
  return fc
    .tuple(...members, later)
    .map((entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

function mostly<A, B>(often: fc.Arbitrary<A>, seldom: fc.Arbitrary<B>): fc.Arbitrary<A | B> {
  return fc.oneof({ weight: 9, arbitrary: often }, { weight: 1, arbitrary: seldom });
}

const wireActions = new Map<ChannelKind, fc.Arbitrary<unknown>>();

function wireAction(kind: ChannelKind): fc.Arbitrary<unknown> {
  const known = wireActions.get(kind);
  if (known) return known;
  const types = Object.values(actionTables[kind]).map((schema) => fc.constant(schema));
  const made = fc.oneof(...types).chain((schema) => fromSchema(schema, ""));
  wireActions.set(kind, made);
  return made;
}

const laterAction = fc
  .tuple(fc.constantFrom("later/action", "chat/later", "x-other/action"), id, anything)
  .map(([type, turnId, more]) => ({ type, turnId, more }));

const anyWireAction: fc.Arbitrary<unknown> = mostly(fc.constantFrom(...channelKinds).chain(wireAction), laterAction);

/** Nine of ten are of types that the kind folds; the others are of other kinds, or of no type that we know. */
export function arbitraryAction(kind: ChannelKind): fc.Arbitrary<StateAction> {
  return mostly(wireAction(kind), anyWireAction).map((action) => {
    const parsed = parseAction(action);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
}

/** Up to `maxLength` actions, 30 unless told. */
export function arbitraryActions(kind: ChannelKind, maxLength = 30): fc.Arbitrary<StateAction[]> {
  return fc.array(arbitraryAction(kind), { maxLength, size: "max" });
}

/** Folded from a random snapshot by up to ten random actions. */
export function arbitraryState<K extends ChannelKind>(kind: K): fc.Arbitrary<ChannelStates[K]> {
  const snapshot = fromSchema(stateSchemas[kind], "");
  return fc
    .tuple(snapshot, arbitraryActions(kind, 10))
    .map(([value, actions]) => actions.reduce((state, action) => reduce(kind, state, action), parseState(kind, value)));
}
