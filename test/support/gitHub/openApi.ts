import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import * as z from "zod/mini";
import type { Answer } from "./answers.ts";
import { OpenApiAnswers } from "./openApiAnswers.ts";

/**
 * GitHub's published OpenAPI description (npm `@octokit/openapi`): which operation a request is, whether its parameters and
 * body are what GitHub documents, and whether an answer is.
 */
const Schema = z.record(z.string(), z.unknown());
type Schema = z.infer<typeof Schema>;

const Parameter = z.looseObject({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.optional(z.boolean()),
  schema: Schema,
});

const Operation = z.looseObject({
  operationId: z.string(),
  parameters: z.optional(z.array(z.unknown())),
  requestBody: z.optional(z.unknown()),
  responses: z.record(z.string(), z.unknown()),
});

const Response = z.looseObject({
  content: z.optional(z.record(z.string(), z.looseObject({ schema: z.optional(z.unknown()) }))),
});

const RequestBody = z.looseObject({
  required: z.optional(z.boolean()),
  content: z.record(z.string(), z.looseObject({ schema: z.optional(Schema) })),
});

const Description = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

interface Template {
  readonly template: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

/** The operation that a request addresses, with the values of its path parameters (decoded). */
export interface MatchedOperation {
  readonly operationId: string;
  readonly method: string;
  readonly template: string;
  readonly pathParameters: Readonly<Record<string, string>>;
}

export interface RequestToCheck {
  readonly query: URLSearchParams;
  /** Parsed JSON, or `undefined` without a body. */
  readonly body: unknown;
}

/** Parameters that may hold slashes: branch names and file paths. */
const SLASH_PARAMETERS = new Set(["ref", "path", "branch", "basehead", "base", "head"]);

export class OpenApi {
  static #shared: OpenApi | undefined;
  readonly #document: z.infer<typeof Description>;
  readonly #templates: readonly Template[];
  readonly #ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #answers: OpenApiAnswers;

  private constructor(document: z.infer<typeof Description>) {
    this.#document = document;
    const ajv = new Ajv({ strict: false, validateFormats: false });
    this.#answers = new OpenApiAnswers(ajv, document, (value) => this.#resolve(value));
    this.#templates = Object.keys(document.paths)
      .map(toTemplate)
      // The most literal template wins: `/pulls/comments` before `/pulls/{pull_number}`.
      .toSorted((a, b) => a.names.length - b.names.length || b.template.length - a.template.length);
  }

  /** The description of api.github.com. 13 MB, so it is read once for each process. */
  static gitHub(): OpenApi {
    if (OpenApi.#shared === undefined) {
      const file = createRequire(import.meta.url).resolve("@octokit/openapi/generated/api.github.com.json");
      OpenApi.#shared = new OpenApi(Description.parse(JSON.parse(readFileSync(file, "utf8"))));
    }
    return OpenApi.#shared;
  }

  /** @param pathname still percent-encoded, so that an encoded slash stays part of its parameter */
  match(method: string, pathname: string): MatchedOperation | undefined {
    for (const { template, pattern, names } of this.#templates) {
      const found = pattern.exec(pathname);
      const operation = found === null ? undefined : this.#operation(template, method);
      if (found === null || operation === undefined) continue;
      const pathParameters = Object.fromEntries(
        names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? "")]),
      );
      return { operationId: operation.operationId, method, template, pathParameters };
    }
    return undefined;
  }

  /** What of the request is not as documented; empty when all is. */
  check(matched: MatchedOperation, request: RequestToCheck): string[] {
    const operation = this.#operation(matched.template, matched.method);
    if (operation === undefined) return [`${matched.operationId} is not described`];
    const parameters = (operation.parameters ?? []).map((parameter) => Parameter.parse(this.#resolve(parameter)));
    return [
      ...parameters.flatMap((parameter) => this.#checkParameter(matched, parameter, request.query)),
      ...unknownQuery(request.query, parameters),
      ...this.#checkBody(matched, operation, request.body),
    ];
  }

  /** The answer with all that GitHub's has, and what of it is not as documented. */
  answer(matched: MatchedOperation, answer: Answer): { readonly answer: Answer; readonly problems: readonly string[] } {
    const described = this.#operation(matched.template, matched.method)?.responses[String(answer.status)];
    // Limits, failures of the server and refused tokens are not described for each operation.
    if (described === undefined) {
      const isGeneral = [304, 401, 403, 404, 429].includes(answer.status) || answer.status >= 500;
      return { answer, problems: isGeneral ? [] : [`${matched.operationId} has no answer ${answer.status}`] };
    }
    const schema = Response.parse(this.#resolve(described)).content?.["application/json"]?.schema;
    const body = this.#answers.complete(schema, answer.body);
    const problems = this.#answers.check(`${matched.operationId} ${answer.status}`, schema, body);
    return { answer: { ...answer, body }, problems: problems.map((problem) => `${matched.operationId}: ${problem}`) };
  }

  #checkParameter(matched: MatchedOperation, parameter: z.infer<typeof Parameter>, query: URLSearchParams): string[] {
    if (parameter.in === "header") return [];
    const { name } = parameter;
    const value = parameter.in === "path" ? matched.pathParameters[name] : (query.get(name) ?? undefined);
    if (value === undefined)
      return parameter.required === true ? [`${parameter.in} parameter "${name}" is missing`] : [];
    const validate = this.#validator(`${matched.operationId}:${parameter.in}:${name}`, parameter.schema);
    if (validate(fromText(value, this.#resolve(parameter.schema)))) return [];
    return [`${parameter.in} parameter "${name}" ${this.#ajv.errorsText(validate.errors, { dataVar: "" })}`];
  }

  #checkBody(matched: MatchedOperation, operation: z.infer<typeof Operation>, body: unknown): string[] {
    if (operation.requestBody === undefined) {
      return body === undefined ? [] : [`${matched.operationId} takes no body`];
    }
    const described = RequestBody.parse(this.#resolve(operation.requestBody));
    if (body === undefined) return described.required === true ? ["the body is missing"] : [];
    const schema = described.content["application/json"]?.schema;
    if (schema === undefined) return [];
    const validate = this.#validator(`${matched.operationId}:body`, schema);
    if (!validate(body)) return [this.#ajv.errorsText(validate.errors, { dataVar: "body" })];
    return unknownProperties(body, Schema.parse(this.#expand(schema, [])));
  }

  #operation(template: string, method: string): z.infer<typeof Operation> | undefined {
    const described = this.#document.paths[template]?.[method.toLowerCase()];
    return described === undefined ? undefined : Operation.parse(described);
  }

  #validator(key: string, schema: Schema): ValidateFunction {
    const known = this.#validators.get(key);
    if (known !== undefined) return known;
    const validate = this.#ajv.compile(Schema.parse(this.#expand(schema, [])));
    this.#validators.set(key, validate);
    return validate;
  }

  /** The schema with references written out and OpenAPI 3.0's `nullable` said in JSON Schema's words. */
  #expand(value: unknown, path: readonly string[]): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#expand(item, path));
    const parsed = Schema.safeParse(value);
    if (!parsed.success) return value;
    const { $ref } = parsed.data;
    if (typeof $ref === "string") {
      // A schema that contains itself is cut: no request body is that deep.
      return path.includes($ref) ? {} : this.#expand(this.#resolve(value), [...path, $ref]);
    }
    const { nullable, example: _, ...rest } = parsed.data;
    const expanded = Object.fromEntries(Object.entries(rest).map(([key, member]) => [key, this.#expand(member, path)]));
    return nullable === true ? { anyOf: [expanded, { type: "null" }] } : expanded;
  }

  #resolve(value: unknown): unknown {
    const parsed = z.looseObject({ $ref: z.string() }).safeParse(value);
    if (!parsed.success) return value;
    let node: unknown = this.#document;
    for (const key of parsed.data.$ref.slice(2).split("/")) {
      node = Schema.parse(node)[key.replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    return this.#resolve(node);
  }
}

function toTemplate(template: string): Template {
  const names: string[] = [];
  const source = template.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    names.push(name);
    return SLASH_PARAMETERS.has(name) ? "(.+)" : "([^/]+)";
  });
  return { template, pattern: new RegExp(`^${source.join("")}$`), names };
}

/** Text of a path or query as the type that its schema asks for; left as it is if it does not fit. */
function fromText(text: string, schema: unknown): unknown {
  const type = Schema.safeParse(schema).data?.["type"];
  if ((type === "integer" || type === "number") && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

function unknownQuery(query: URLSearchParams, parameters: readonly z.infer<typeof Parameter>[]): string[] {
  const known = new Set(parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name));
  return [...query.keys()].filter((name) => !known.has(name)).map((name) => `query parameter "${name}" is unknown`);
}

/** GitHub ignores properties that it does not know; a client that sends one means something that will not happen. */
function unknownProperties(body: unknown, schema: Schema): string[] {
  const properties = Schema.safeParse(schema["properties"]);
  const sent = Schema.safeParse(body);
  if (!properties.success || !sent.success || Array.isArray(body) || schema["additionalProperties"] === true) return [];
  return Object.keys(sent.data)
    .filter((name) => !(name in properties.data))
    .map((name) => `body property "${name}" is unknown`);
}
