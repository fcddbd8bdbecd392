import * as z from "zod/mini";
import { HostConfig } from "./config.ts";

/** As much of JSON Schema as zod writes. */
interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly anyOf?: readonly object[];
}

/**
 * The JSON Schema of the configuration file, for editors: docs/muster-host.schema.json, which a test holds to this. Name
 * it as `"$schema"` in the file.
 */
export function configSchema(): JsonSchema {
  const written = z.toJSONSchema(HostConfig, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const { agents, ...others } = written.properties ?? {};
  const agent: JsonSchema = { ...agents?.items };
  const items = { ...agent, required: [], anyOf: [{ required: ["use"] }, { required: [...(agent.required ?? [])] }] };
  const properties = { $schema: { type: "string" }, agents: { ...agents, items }, ...others };
  return closed({ ...written, properties });
}

/** An editor marks what is not known; the host warns of it. */
function closed(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties } = schema;
  const isMap = properties === undefined && typeof additionalProperties === "object";
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, closed(member)])),
      additionalProperties: false,
    }),
    ...(isMap && { additionalProperties: closed(additionalProperties) }),
    ...(items && { items: closed(items) }),
  };
}

export interface UnknownMember {
  readonly path: readonly (string | number)[];
  /** The known name that looks most like it. */
  readonly meant: string | undefined;
}

/** Members of a configuration that the host has no use for. */
export function unknownMembers(
  value: unknown,
  schema: JsonSchema = configSchema(),
  path: readonly (string | number)[] = [],
): UnknownMember[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => (schema.items ? unknownMembers(item, schema.items, [...path, index]) : []));
  }
  if (typeof value !== "object" || value === null) return [];
  const { properties, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, member]) => {
    const known = properties?.[name] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (known) return unknownMembers(member, known, [...path, name]);
    if (properties === undefined) return [];
    return [{ path: [...path, name], meant: nearest(name, Object.keys(properties)) }];
  });
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((each) => ({ each, distance: distance(name.toLowerCase(), each.toLowerCase()) }));
  const best = ranked.toSorted((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= Math.max(2, name.length / 3) ? best.each : undefined;
}

/** How many letters have to be added, taken away or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
