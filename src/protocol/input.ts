import * as z from "zod/mini";
import { loose, openUnion, opt } from "./schema.ts";

const question = { id: z.string(), title: opt(z.string()), message: z.string(), required: opt(z.boolean()) };
const numeric = { min: opt(z.number()), max: opt(z.number()), defaultValue: opt(z.number()) };

export const InputOption = loose({ id: z.string(), label: z.string(), description: opt(z.string()) });
export type InputOption = z.infer<typeof InputOption>;

export const InputQuestion = openUnion(
  "kind",
  [
    loose({
      ...question,
      kind: z.literal("text"),
      format: opt(z.string()),
      min: opt(z.number()),
      max: opt(z.number()),
      defaultValue: opt(z.string()),
    }),
    loose({ ...question, kind: z.literal("number"), ...numeric }),
    loose({ ...question, kind: z.literal("integer"), ...numeric }),
    loose({ ...question, kind: z.literal("boolean"), defaultValue: opt(z.boolean()) }),
    loose({
      ...question,
      kind: z.literal("single-select"),
      options: z.array(InputOption),
      allowFreeformInput: opt(z.boolean()),
    }),
    loose({
      ...question,
      kind: z.literal("multi-select"),
      options: z.array(InputOption),
      allowFreeformInput: opt(z.boolean()),
      min: opt(z.number()),
      max: opt(z.number()),
    }),
  ],
  {},
);
export type InputQuestion = z.infer<typeof InputQuestion>;

const freeform = { freeformValues: opt(z.array(z.string())) };

export const InputValue = openUnion(
  "kind",
  [
    loose({ kind: z.literal("text"), value: z.string() }),
    loose({ kind: z.literal("number"), value: z.number() }),
    loose({ kind: z.literal("boolean"), value: z.boolean() }),
    loose({ kind: z.literal("selected"), value: z.string(), ...freeform }),
    loose({ kind: z.literal("selected-many"), value: z.array(z.string()), ...freeform }),
  ],
  {},
);
export type InputValue = z.infer<typeof InputValue>;

export const InputAnswer = openUnion(
  "state",
  [
    loose({ state: z.literal("draft"), value: InputValue }),
    loose({ state: z.literal("submitted"), value: InputValue }),
    loose({ state: z.literal("skipped"), ...freeform }),
  ],
  {},
);
export type InputAnswer = z.infer<typeof InputAnswer>;

/** A question of the agent to a person. `answers` is by question id and holds drafts until the request completes. */
export const InputRequest = loose({
  id: z.string(),
  message: opt(z.string()),
  /** A page to visit instead of, or beside, the questions. */
  url: opt(z.string()),
  questions: opt(z.array(InputQuestion)),
  answers: opt(z.record(z.string(), InputAnswer)),
});
export type InputRequest = z.infer<typeof InputRequest>;

export const InputResponse = z.enum(["accept", "decline", "cancel"]);
export type InputResponse = z.infer<typeof InputResponse>;
