import * as z from "zod/mini";
import type { InputAnswer, InputOption, InputQuestion, InputRequest, InputValue } from "../../../protocol/input.ts";
import type { InputResult } from "../provider.ts";
import { maybe } from "./acpMessages.ts";
import { cut, oneLine } from "./toolOutput.ts";

/** An agent's question to a person: a form of simple fields, or a page to visit. Read as leniently as updates are. */
const Choice = z.looseObject({ const: z.string(), title: maybe(z.string()), description: maybe(z.string()) });
const Items = z.looseObject({
  enum: maybe(z.array(z.string())),
  anyOf: maybe(z.array(Choice)),
  oneOf: maybe(z.array(Choice)),
});

const Field = z.looseObject({
  type: maybe(z.string()),
  title: maybe(z.string()),
  description: maybe(z.string()),
  format: maybe(z.string()),
  default: z.optional(z.unknown()),
  enum: maybe(z.array(z.string())),
  enumNames: maybe(z.array(z.string())),
  oneOf: maybe(z.array(Choice)),
  anyOf: maybe(z.array(Choice)),
  items: maybe(Items),
  minLength: maybe(z.number()),
  maxLength: maybe(z.number()),
  minimum: maybe(z.number()),
  maximum: maybe(z.number()),
  minItems: maybe(z.number()),
  maxItems: maybe(z.number()),
});
type Field = z.infer<typeof Field>;

export const AcpElicitation = z.looseObject({
  sessionId: maybe(z.string()),
  mode: z.catch(z.string(), "form"),
  message: maybe(z.string()),
  url: maybe(z.string()),
  elicitationId: maybe(z.string()),
  requestedSchema: maybe(
    z.looseObject({ properties: maybe(z.record(z.string(), Field)), required: maybe(z.array(z.string())) }),
  ),
});
export type AcpElicitation = z.infer<typeof AcpElicitation>;

export interface ElicitationAnswer {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Record<string, string | number | boolean | string[]>;
}

const maxQuestions = 50;
const maxOptions = 200;
const maxMessage = 8_000;

/** The question as AHP shows it; `undefined` for one that cannot be shown. */
export function toInputRequest(id: string, asked: AcpElicitation): InputRequest | undefined {
  const message = cut(asked.message ?? "", maxMessage).trim() || "The agent asks for your input.";
  if (asked.mode === "url") {
    const url = asked.url ?? "";
    return /^https?:\/\//.test(url) && URL.canParse(url) ? { id, message, url } : undefined;
  }
  if (asked.mode !== "form") return undefined;
  const required = new Set(asked.requestedSchema?.required);
  const fields = Object.entries(asked.requestedSchema?.properties ?? {}).slice(0, maxQuestions);
  return { id, message, questions: fields.map(([name, field]) => toQuestion(name, field, required.has(name))) };
}

function toQuestion(name: string, field: Field, isRequired: boolean): InputQuestion {
  const title = oneLine(field.title ?? name, 200) || name;
  const base = {
    id: name,
    title,
    message: cut(field.description ?? title, maxMessage),
    ...(isRequired && { required: true }),
  };
  const range = { ...given("min", field.minimum), ...given("max", field.maximum) };
  const initial = field.default;
  const number = typeof initial === "number" ? { defaultValue: initial } : {};
  switch (field.type) {
    case "boolean":
      return { ...base, kind: "boolean", ...(typeof initial === "boolean" && { defaultValue: initial }) };
    case "integer":
      return { ...base, kind: "integer", ...range, ...number };
    case "number":
      return { ...base, kind: "number", ...range, ...number };
    case "array": {
      const options = optionsOf(field.items?.anyOf ?? field.items?.oneOf, field.items?.enum);
      return {
        ...base,
        kind: "multi-select",
        options,
        ...given("min", field.minItems),
        ...given("max", field.maxItems),
      };
    }
    default: {
      const options = optionsOf(field.oneOf ?? field.anyOf, field.enum, field.enumNames);
      if (options.length > 0) return { ...base, kind: "single-select", options };
      const lengths = { ...given("min", field.minLength), ...given("max", field.maxLength) };
      const text = typeof initial === "string" ? { defaultValue: initial } : {};
      return { ...base, kind: "text", ...lengths, ...text, ...(field.format != null && { format: field.format }) };
    }
  }
}

function given<K extends string>(key: K, value: number | null | undefined): { [key in K]?: number } {
  return value == null ? {} : ({ [key]: value } as { [key in K]?: number });
}

function optionsOf(
  choices: readonly z.infer<typeof Choice>[] | null | undefined,
  values: readonly string[] | null | undefined,
  names?: readonly string[] | null,
): InputOption[] {
  if (choices) {
    return choices.slice(0, maxOptions).map((choice) => ({
      id: choice.const,
      label: oneLine(choice.title ?? choice.const, 200),
      ...(choice.description != null && { description: cut(choice.description, 1_000) }),
    }));
  }
  return (values ?? [])
    .slice(0, maxOptions)
    .map((value, index) => ({ id: value, label: oneLine(names?.[index] ?? value, 200) }));
}

/** A person's answer in the shapes that the form asked for. What was skipped is left out. */
export function toElicitationAnswer(asked: AcpElicitation, result: InputResult): ElicitationAnswer {
  if (result.response !== "accept") return { action: result.response };
  if (asked.mode === "url") return { action: "accept" };
  const content: Record<string, string | number | boolean | string[]> = {};
  for (const name of Object.keys(asked.requestedSchema?.properties ?? {})) {
    const value = valueOf(result.answers?.[name]);
    if (value !== undefined) content[name] = value;
  }
  return { action: "accept", content };
}

function valueOf(answer: InputAnswer | undefined): string | number | boolean | string[] | undefined {
  if (answer?.state !== "submitted" && answer?.state !== "draft") return undefined;
  const value: InputValue = answer.value;
  switch (value.kind) {
    case "text":
    case "number":
    case "boolean":
      return value.value;
    case "selected":
      return value.value === "" ? value.freeformValues?.[0] : value.value;
    case "selected-many":
      return [...value.value, ...(value.freeformValues ?? [])];
    case "(unknown)":
    default:
      return undefined;
  }
}
