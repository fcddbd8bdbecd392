import * as z from "zod/mini";

/**
 * What every schema of the wire is made of. Peers of a later version send keys, variants and action types that we do
 * not know: they survive parsing untouched, and the types say where they may turn up.
 */

/**
 * An object whose unknown keys survive parsing. They are left out of the inferred type, so that a misspelt property
 * does not compile.
 */
export function loose<T extends z.core.$ZodShape>(shape: T): z.ZodMiniObject<T> {
  return z.looseObject(shape) as z.ZodMiniObject<T>;
}

/** An optional member. `null` means absent on this wire, whichever of the two a peer writes. */
export function opt<T extends z.core.$ZodType>(schema: T) {
  return z.optional(
    z.pipe(
      z.nullable(schema),
      z.transform((value) => value ?? undefined),
    ),
  );
}

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
  const knownKinds = new Set<unknown>(options.flatMap((option) => Array.from(option._zod.propValues?.[key] ?? [])));
  const sharedMembers = loose(shared);
  type Unknown = Record<K, UnknownKind> & z.infer<z.ZodMiniObject<Shared>>;
  const unknown = z.custom<Unknown>((value) => {
    if (typeof value !== "object" || value === null) return false;
    const kind: unknown = Reflect.get(value, key);
    return typeof kind === "string" && !knownKinds.has(kind) && sharedMembers.safeParse(value).success;
  });
  return z.union([known, unknown]);
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

/** A copy without the members that are `undefined`, so that a cleared member is an absent one. */
export function compact<T extends object>(value: T): T {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(entries) as T;
}

/** The list with `item` in the place of the one that has the same id, or else at the end. */
export function upsert<T>(list: readonly T[], item: T, idOf: (item: T) => unknown): T[] {
  const id = idOf(item);
  const index = list.findIndex((other) => idOf(other) === id);
  return index === -1 ? [...list, item] : list.with(index, item);
}
