import type { Ajv, ValidateFunction } from "ajv";
import * as z from "zod/mini";

const Schema = z.record(z.string(), z.unknown());
type Schema = z.infer<typeof Schema>;

const ROOT = "gitHub";
const maxDepth = 12;

/**
 * Answers as GitHub's description has them. This server says only what matters; the rest of what the description
 * requires is filled in with neutral values, and the whole is then held against it.
 */
export class OpenApiAnswers {
  readonly #ajv: Ajv;
  readonly #resolve: (value: unknown) => unknown;
  readonly #validators = new Map<string, ValidateFunction>();

  /** @param document GitHub's description @param resolve follows a reference into it */
  constructor(ajv: Ajv, document: Schema, resolve: (value: unknown) => unknown) {
    this.#ajv = ajv;
    this.#resolve = resolve;
    ajv.addSchema({ $id: ROOT, components: { schemas: rooted(Schema.parse(document["components"])["schemas"]) } });
  }

  /** What of the answer is not as described; `undefined` as schema means that the status has no body. */
  check(key: string, schema: unknown, body: unknown): string[] {
    if (schema === undefined)
      return body === undefined || body === null ? [] : ["an answer with this status has no body"];
    let validate = this.#validators.get(key);
    if (validate === undefined) this.#validators.set(key, (validate = this.#ajv.compile(Schema.parse(rooted(schema)))));
    return validate(body) ? [] : [this.#ajv.errorsText(validate.errors, { dataVar: "answer" })];
  }

  /** The value with everything in it that its schema requires. */
  complete(schema: unknown, value: unknown, depth = 0): unknown {
    const resolved = Schema.safeParse(this.#resolve(schema)).data;
    if (resolved === undefined || typeof value !== "object" || value === null || depth > maxDepth) return value;
    const variant = this.#variants(resolved).find((part) => this.#fits(part, value));
    if (Array.isArray(value)) {
      const items = resolved["items"] ?? variant?.["items"];
      return value.map((item) => this.complete(items, item, depth + 1));
    }
    const described = [resolved, ...this.#parts(resolved["allOf"]), ...(variant ? [variant] : [])];
    const properties: Schema = {};
    for (const part of described) Object.assign(properties, part["properties"]);
    const all: Schema = {};
    for (const [name, member] of Object.entries(value)) all[name] = this.complete(properties[name], member, depth + 1);
    for (const name of described.flatMap((part) => z.array(z.string()).parse(part["required"] ?? []))) {
      if (!(name in all)) all[name] = this.#neutral(properties[name], depth + 1);
    }
    return all;
  }

  #variants(schema: Schema): readonly Schema[] {
    return this.#parts(schema["oneOf"] ?? schema["anyOf"]);
  }

  #parts(value: unknown): readonly Schema[] {
    if (!Array.isArray(value)) return [];
    return value.map((part) => Schema.parse(this.#resolve(part)));
  }

  /** As far as what is given tells: lists are lists, and no word is another than the schema has. */
  #fits(schema: Schema, value: object): boolean {
    if (Array.isArray(value) !== (schema["type"] === "array")) return false;
    const properties = Schema.safeParse(schema["properties"]).data ?? {};
    return Object.entries(value).every(([name, member]) => {
      const choices = Schema.safeParse(this.#resolve(properties[name])).data?.["enum"];
      return !Array.isArray(choices) || choices.includes(member);
    });
  }

  #neutral(schema: unknown, depth: number): unknown {
    const resolved = Schema.safeParse(this.#resolve(schema)).data;
    if (resolved === undefined || resolved["nullable"] === true || depth > maxDepth) return null;
    const choices = resolved["enum"];
    if (Array.isArray(choices)) return choices[0];
    switch (resolved["type"]) {
      case "string":
        return resolved["format"] === "date-time" ? "2026-01-05T09:00:00Z" : "";
      case "integer":
      case "number":
        return resolved["minimum"] ?? 0;
      case "boolean":
        return false;
      case "array":
        return [];
      default:
        return this.#variants(resolved)[0]?.["type"] === "string" ? "" : this.complete(resolved, {}, depth);
    }
  }
}

/** The description's schemas in JSON Schema's words: references as seen from outside, and what may be null. */
function rooted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rooted);
  if (typeof value !== "object" || value === null) return value;
  const all: Schema = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === "example" || key === "examples" || key === "description") {
      // A property may have one of these names.
      if (typeof member === "object" && member !== null && "type" in member) all[key] = rooted(member);
    } else all[key] = key === "$ref" && typeof member === "string" ? `${ROOT}${member}` : rooted(member);
  }
  if (all["nullable"] !== true) return all;
  const { nullable: _, ...rest } = all;
  return { anyOf: [rest, { type: "null" }] };
}
