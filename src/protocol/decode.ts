import * as z from "zod/mini";
import { isRecord } from "../base/isRecord.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Form, forms, glances } from "./schema.ts";

/**
 * Reading values of the wire by their schemas at a small part of the cost of `JSON.parse`: from each schema, once, a tree
 * of functions that copy nothing unless a `null` stands for absent. They accept what the schema accepts; when they refuse,
 * the schema itself says where the value departs from it.
 */

/** The value, or a copy with `undefined` for each `null` that means absent; `refused` if it is not of the schema. */
type Read = (value: unknown) => unknown;

const refused = Symbol("refused");
const reads = new WeakMap<z.core.$ZodType, Read>();

/** The error is the path of the first member that is wrong, such as `turns.0.id`; empty for the value as a whole. */
export function decode<T>(schema: z.core.$ZodType<T>, value: unknown): Result<T, string> {
  const read = readerOf(schema)(value);
  if (read !== refused) return ok(read as T);
  const parsed = z.safeParse(schema, value);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues[0]?.path.join(".") ?? "");
}

function readerOf(schema: z.core.$ZodType): Read {
  const known = reads.get(schema);
  if (known) return known;
  const form = forms.get(schema);
  const careful = form ? readForm(form) : readSchema(schema);
  const glance = glances.get(schema);
  const read: Read = glance ? (value) => (glance(value) ? value : careful(value)) : careful;
  reads.set(schema, read);
  return read;
}

function readForm(form: Form): Read {
  switch (form.kind) {
    case "nullIsAbsent": {
      const inner = readerOf(form.inner);
      return (value) => (value === undefined || value === null ? undefined : inner(value));
    }
    case "openUnion": {
      const { key } = form;
      const options = new Map(Array.from(form.options(), ([kind, option]) => [kind, readerOf(option)]));
      const shared = readerOf(form.shared);
      return (value) => {
        const kind: unknown = isRecord(value) ? value[key] : undefined;
        return typeof kind === "string" ? (options.get(kind) ?? shared)(value) : refused;
      };
    }
    case "openEnum":
      return isString;
    case "decodedBy": {
      const { decode: decodeIt } = form;
      return (value) => {
        const decoded = decodeIt(value);
        return decoded.ok ? decoded.value : refused;
      };
    }
    default:
      return form satisfies never;
  }
}

const asItIs: Read = (value) => value;

const isString: Read = (value) => (typeof value === "string" ? value : refused);

function readSchema(schema: z.core.$ZodType): Read {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.checks && def.checks.length > 0) return readSlowly(schema);
  switch (def.type) {
    case "string":
      return isString;
    case "number":
      return (value) => (Number.isFinite(value) ? value : refused);
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : refused);
    case "unknown":
      return asItIs;
    case "literal":
      return oneOf(def.values);
    case "enum":
      return oneOf(Object.values(def.entries));
    case "optional": {
      const inner = readerOf(def.innerType);
      return (value) => (value === undefined ? undefined : inner(value));
    }
    case "nullable": {
      const inner = readerOf(def.innerType);
      return (value) => (value === null ? null : inner(value));
    }
    case "array":
      return readArray(readerOf(def.element));
    case "record":
      return readRecord(readerOf(def.valueType));
    case "object":
      return readObject(def.shape);
    case "union":
      return readUnion(def.options.map(readerOf));
    default:
      return readSlowly(schema);
  }
}

/** For the few schemas of which nothing better is known. */
function readSlowly(schema: z.core.$ZodType): Read {
  return (value) => {
    const parsed = z.safeParse(schema, value);
    return parsed.success ? parsed.data : refused;
  };
}

function oneOf(values: readonly unknown[]): Read {
  const allowed = new Set(values);
  return (value) => (allowed.has(value) ? value : refused);
}

function readArray(element: Read): Read {
  return (value) => {
    if (!Array.isArray(value)) return refused;
    let changed: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const read = element(value[index]);
      if (read === refused) return refused;
      if (read !== value[index]) (changed ??= Array.from<unknown>(value))[index] = read;
    }
    return changed ?? value;
  };
}

function readRecord(member: Read): Read {
  return (value) => {
    if (!isRecord(value)) return refused;
    if (member === asItIs) return value;
    let changed: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      const read = member(value[key]);
      if (read === refused) return refused;
      if (read !== value[key]) (changed ??= { ...value })[key] = read;
    }
    return changed ?? value;
  };
}

function readObject(shape: z.core.$ZodShape): Read {
  const keys = Object.keys(shape);
  const reads = Object.values(shape).map(readerOf);
  const mayLack = Object.values(shape).map((schema) => schema._zod.optin === "optional");
  return (value) => {
    if (!isRecord(value)) return refused;
    let changed: Record<string, unknown> | undefined;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      const member = value[key];
      if (member === undefined) {
        if (mayLack[index]) continue;
        if (!Object.hasOwn(value, key)) return refused;
      }
      const decoded = reads[index]!(member);
      if (decoded === refused) return refused;
      if (decoded !== member) (changed ??= { ...value })[key] = decoded;
    }
    return changed ?? value;
  };
}

function readUnion(options: readonly Read[]): Read {
  return (value) => {
    for (const option of options) {
      const read = option(value);
      if (read !== refused) return read;
    }
    return refused;
  };
}
