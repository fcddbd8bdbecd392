import { $constructor } from "zod/v4/core";
import * as z from "zod/mini";
import { isSame } from "../base/isSame.ts";
import type { Result } from "../base/result.ts";

/**
 * What every schema of the wire is made of. Peers of a later version send keys, variants, enum values and action types
 * that we do not know: they survive parsing untouched, and the types say where they may turn up.
 */

/** What a schema made here means, for those that read schemas: `decode.ts` and the generators of the tests. */
export type Form =
  | { readonly kind: "nullIsAbsent"; readonly inner: z.core.$ZodType }
  | {
      readonly kind: "openUnion";
      readonly key: string;
      readonly options: () => ReadonlyMap<string, z.core.$ZodType>;
      readonly shared: z.core.$ZodType;
    }
  | { readonly kind: "openEnum"; readonly values: readonly string[] }
  | { readonly kind: "decodedBy"; readonly decode: (value: unknown) => Result<unknown, string> };

export const forms = new WeakMap<z.core.$ZodType, Form>();

/**
 * An object whose unknown keys survive parsing. They are left out of the inferred type, so that a misspelt property
 * does not compile.
 */
export function loose<T extends z.core.$ZodShape>(shape: T): z.ZodMiniObject<T> {
  return new z.ZodMiniObject({ type: "object", shape, catchall: anything }) as z.ZodMiniObject<T>;
}

/** One for all: hundreds of objects have it. */
const anything = z.unknown();

/** An optional member. `null` means absent on this wire, whichever of the two a peer writes. */
export function opt<T extends z.core.$ZodType>(schema: T): z.ZodMiniOptional<T> {
  const nullIsAbsent = new NullIsAbsent({ type: "optional", innerType: schema }) as z.ZodMiniOptional<T>;
  forms.set(nullIsAbsent, { kind: "nullIsAbsent", inner: schema });
  return nullIsAbsent;
}

const optional: z.core.$constructor<z.ZodMiniOptional> = z.ZodMiniOptional;

/** `optional` that takes a `null` for `undefined`. One object instead of four, and there are hundreds of them to be made. */
const NullIsAbsent: z.core.$constructor<z.ZodMiniOptional, z.core.$ZodOptionalDef> = $constructor(
  "NullIsAbsent",
  (schema, definition) => {
    optional.init(schema, definition);
    const parse = schema._zod.parse.bind(schema._zod);
    schema._zod.parse = (payload, context) => {
      if (payload.value === null) payload.value = undefined;
      return parse(payload, context);
    };
  },
);

/**
 * Stands in the types for "a discriminator that this version does not know". At run time it is any other string, so a
 * `switch` over a union that contains it ends in `case "(unknown)": default:`.
 */
export type UnknownKind = "(unknown)";

/**
 * A union on `key` in which an unknown value of `key` passes through with all its members, while a known one must have
 * its shape. `shared` are the members that every variant has, unknown ones too.
 */
export function openUnion<
  const K extends string,
  const Options extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
  Shared extends z.core.$ZodShape,
>(key: K, options: Options, shared: Shared) {
  const known = z.discriminatedUnion(key, options);
  // To look into the options takes longer than to make them, and most are never used.
  let map: ReadonlyMap<string, z.core.$ZodType> | undefined;
  const byKind = () => (map ??= kindsOf(key, options));
  const sharedMembers = loose(shared);
  type Unknown = Record<K, UnknownKind> & z.infer<z.ZodMiniObject<Shared>>;
  const unknown = z.custom<Unknown>((value) => {
    if (typeof value !== "object" || value === null) return false;
    const kind: unknown = Reflect.get(value, key);
    return typeof kind === "string" && !byKind().has(kind) && sharedMembers.safeParse(value).success;
  });
  const union = z.union([known, unknown]);
  forms.set(union, { kind: "openUnion", key, options: byKind, shared: sharedMembers });
  return union;
}

function kindsOf(key: string, options: readonly z.core.$ZodTypeDiscriminable[]): ReadonlyMap<string, z.core.$ZodType> {
  const named = options.flatMap((option) =>
    Array.from(option._zod.propValues?.[key] ?? [], (kind) => [String(kind), option as z.core.$ZodTypes] as const),
  );
  return new Map(named);
}

/** One of the strings, or one that a later version has added: that passes as it is. */
export function openEnum<const Values extends readonly string[]>(values: Values) {
  const schema = z.string() as z.core.$ZodType as z.ZodMiniType<Values[number] | UnknownKind>;
  forms.set(schema, { kind: "openEnum", values });
  return schema;
}

/** A value that a function of ours reads. Its error is a sentence. */
export function decodedBy<T>(decode: (value: unknown) => Result<T, string>) {
  const schema = z.pipe(
    z.unknown(),
    z.transform((value, context): T => {
      const decoded = decode(value);
      if (decoded.ok) return decoded.value;
      context.issues.push({ code: "custom", message: decoded.error, input: value });
      return z.NEVER;
    }),
  );
  forms.set(schema, { kind: "decodedBy", decode });
  return schema;
}

/** Functions that know some values of a schema at a glance. */
export const glances = new WeakMap<z.core.$ZodType, (value: unknown) => boolean>();

/** `glance` may say true only for values that the schema accepts as they are. */
export function recognisedBy<T extends z.core.$ZodType>(glance: (value: unknown) => boolean, schema: T): T {
  glances.set(schema, glance);
  return schema;
}

/** Free-form producer data. Keys are namespaced by producer; ours is `META_NS` of fleet.ts. */
export const Meta = z.record(z.string(), z.unknown());
export type Meta = z.infer<typeof Meta>;

/** A resource or channel identifier. Opaque except to uris.ts. */
export const Uri = z.string();

/** ISO 8601 with time zone. */
export const Timestamp = z.string();

type ActionSchema<Type extends string, Shape extends z.core.$ZodShape> = z.ZodMiniObject<
  { type: z.ZodMiniLiteral<Type> } & Shape
>;

/** Schemas of a channel's actions by their `type`, from the shapes of their other members. */
export function defineActions<const T extends Record<string, z.core.$ZodShape>>(
  shapes: T,
): { [K in keyof T & string]: ActionSchema<K, T[K]> } {
  const schemas = Object.entries(shapes).map(([type, shape]) => [type, loose({ type: z.literal(type), ...shape })]);
  return Object.fromEntries(schemas);
}

/** The union of the actions that a table of schemas describes. */
export type ActionOf<Table extends Record<string, z.core.$ZodType>> = z.infer<Table[keyof Table]>;

/** An action whose type this version does not know. Reducers return the same state for it. */
export interface UnknownAction {
  readonly type: UnknownKind;
}

/** The object without the members that are `undefined`. */
export function compact<T extends object>(value: T): T {
  for (const key in value) {
    if (value[key] !== undefined) continue;
    return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
  }
  return value;
}

/**
 * The target with its members changed, or the target itself if they are that already: reducers tell by the same object
 * that nothing happened. `undefined` and `null` take a member away; what is not named stays as it is.
 */
export function set<T extends object>(target: T, changes: { readonly [K in keyof T]?: T[K] | undefined }): T {
  let changed: { [K in keyof T]?: T[K] | undefined } | undefined;
  for (const key in changes) {
    if (isSame(target[key], changes[key])) continue;
    changed ??= { ...target };
    if (changes[key] === undefined || changes[key] === null) delete changed[key];
    else changed[key] = changes[key];
  }
  return (changed ?? target) as T;
}

/** The list with `item` in the place of the one that has the same id, or else at the end. */
export function upsert<T>(list: readonly T[], item: T, idOf: (item: T) => unknown): T[] {
  const id = idOf(item);
  const index = list.findIndex((other) => idOf(other) === id);
  return index === -1 ? [...list, item] : list.with(index, item);
}
