import * as z from "zod/mini";
import { ActionEnvelope, channelKinds, StateActionSchema } from "../../src/protocol/actions.ts";
import { ChatSource } from "../../src/protocol/chatState.ts";
import { StringOrMarkdown } from "../../src/protocol/content.ts";
import { Customization } from "../../src/protocol/customization.ts";
import { decode } from "../../src/protocol/decode.ts";
import { parseFrame } from "../../src/protocol/frame.ts";
import { InputQuestion } from "../../src/protocol/input.ts";
import {
  ChangesetOperationTarget,
  HostNotifications,
  Implementation,
  InitializeResult,
  SessionSummary,
  SessionSummaryChanges,
} from "../../src/protocol/methods.ts";
import { reduce } from "../../src/protocol/reduce.ts";
import { Status } from "../../src/protocol/status.ts";

/** `ignored`: a JSON file that is no case at all. */
export interface Outcome {
  readonly kind: "passed" | "failed" | "skipped" | "ignored";
  readonly detail: string;
}

const ReducerCase = z.object({
  reducer: z.string(),
  initial: z.unknown(),
  actions: z.array(z.unknown()),
  expected: z.unknown(),
});

const RoundTripCase = z.object({
  type: z.string(),
  input: z.unknown(),
  acceptableOutputs: z.array(z.unknown()),
  /** For decoders that keep unknown keys, as ours do. */
  preservedOutput: z.optional(z.unknown()),
});

const decoders: Readonly<Record<string, z.core.$ZodType>> = {
  ActionEnvelope,
  StateAction: StateActionSchema,
  Customization,
  SessionStatus: Status,
  StringOrMarkdown,
  ChangesetOperationTarget,
  ChatInputQuestion: InputQuestion,
  ChatSource,
  SessionSummary,
  PartialSessionSummary: SessionSummaryChanges,
  SessionAddedParams: HostNotifications["root/sessionAdded"],
  Implementation,
  InitializeResult,
};

export function runCase(value: unknown): Outcome {
  const fold = ReducerCase.safeParse(value);
  if (fold.success) return runReducer(fold.data);
  const roundTrip = RoundTripCase.safeParse(value);
  if (roundTrip.success) return runRoundTrip(roundTrip.data);
  const claims = typeof value === "object" && value !== null && ("reducer" in value || "acceptableOutputs" in value);
  return claims ? failed("not a readable case") : { kind: "ignored", detail: "no case" };
}

function failed(detail: string): Outcome {
  return { kind: "failed", detail };
}

const passed: Outcome = { kind: "passed", detail: "ok" };

function runReducer(one: z.infer<typeof ReducerCase>): Outcome {
  const kind = channelKinds.find((known) => known === one.reducer);
  if (!kind) return failed(`no reducer "${one.reducer}"`);
  const before = JSON.stringify(one.initial);
  deepFreeze(one.initial);
  deepFreeze(one.actions);
  try {
    // Some fixtures are older than the shapes of this version on purpose: they test the reducers, not the schemas.
    const result = one.actions.reduce(
      (state, action) => deepFreeze(reduce(kind, state as never, action as never)),
      one.initial,
    );
    if (JSON.stringify(one.initial) !== before) return failed("the initial state was changed in place");
    const difference = firstDifference(withoutNulls(one.expected), withoutNulls(result), "");
    return difference === undefined ? passed : failed(difference);
  } catch (error) {
    return failed(`threw ${String(error)}`);
  }
}

function runRoundTrip(one: z.infer<typeof RoundTripCase>): Outcome {
  const encoded = one.type === "JsonRpcMessage" ? throughFrame(one.input) : throughSchema(one.type, one.input);
  if (encoded === undefined) return { kind: "skipped", detail: `no schema for the type ${one.type}` };
  if (!encoded.ok) return failed(encoded.error);
  const output: unknown = JSON.parse(encoded.text);
  const acceptable = "preservedOutput" in one ? [one.preservedOutput] : one.acceptableOutputs;
  const differences = acceptable.map((expected) => firstDifference(expected, output, ""));
  return differences.includes(undefined) ? passed : failed(differences[0] ?? "no acceptable output is given");
}

type Encoded = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string };

function throughSchema(type: string, input: unknown): Encoded | undefined {
  const schema = decoders[type];
  if (!schema) return undefined;
  const decoded = decode(schema, input);
  return decoded.ok
    ? { ok: true, text: JSON.stringify(decoded.value) }
    : { ok: false, error: `refused at ${decoded.error || "the value itself"}` };
}

function throughFrame(input: unknown): Encoded {
  const parsed = parseFrame(JSON.stringify(input));
  if (!parsed.ok) return { ok: false, error: parsed.error.message };
  const { kind: _kind, ...message } = parsed.value;
  return { ok: true, text: JSON.stringify({ jsonrpc: "2.0", ...message }) };
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member)]));
}

/** Where two JSON values differ first, in words; `undefined` if nowhere. */
function firstDifference(expected: unknown, actual: unknown, path: string): string | undefined {
  const areObjects = typeof expected === "object" && typeof actual === "object" && expected !== null && actual !== null;
  if (!areObjects || Array.isArray(expected) !== Array.isArray(actual)) {
    return Object.is(expected, actual)
      ? undefined
      : `${path || "value"}: expected ${brief(expected)}, got ${brief(actual)}`;
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  for (const key of keys) {
    const at = path === "" ? key : `${path}.${key}`;
    if (!Object.hasOwn(actual, key)) return `${at}: missing`;
    if (!Object.hasOwn(expected, key)) return `${at}: unexpected ${brief(Reflect.get(actual, key))}`;
    const difference = firstDifference(Reflect.get(expected, key), Reflect.get(actual, key), at);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
