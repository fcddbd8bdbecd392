import { readFileSync } from "node:fs";
import type * as z from "zod/mini";
import { describe, expect, it } from "vitest";
import { type ChannelKind, channelKindOfAction } from "../../../src/protocol/actions.ts";
import { decode } from "../../../src/protocol/decode.ts";
import { HostNotifications, Methods } from "../../../src/protocol/methods.ts";
import { parseState } from "../../../src/protocol/reduce.ts";

/**
 * Messages of VS Code 1.139.1's agent host, recorded with an account and made anonymous; long lists and texts are cut.
 * The suites against the host itself need it installed; this needs nothing.
 */
type Recorded =
  | { readonly answer: keyof typeof Methods; readonly value: unknown }
  | { readonly state: ChannelKind; readonly value: unknown }
  | { readonly notification: string; readonly value: unknown };

const file = new URL("recorded/vscodeAgentHost.jsonl", import.meta.url);
const recorded = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line): Recorded => JSON.parse(line));

const nameOf = (message: Recorded): string => {
  if ("answer" in message) return `the answer to ${message.answer}`;
  if ("state" in message) return `the state of a ${message.state}`;
  const { action } = message.value as { action?: { type: string } };
  return action?.type ?? message.notification;
};

function read(message: Recorded): unknown {
  if ("state" in message) return parseState(message.state, message.value);
  const schemas: Readonly<Record<string, z.core.$ZodType>> = HostNotifications;
  const schema = "answer" in message ? Methods[message.answer].result : schemas[message.notification];
  if (schema === undefined) throw new Error(`There is no schema of ${nameOf(message)}.`);
  const decoded = decode(schema, message.value);
  if (!decoded.ok) throw new Error(`Wrong at ${decoded.error}`);
  return decoded.value;
}

describe("messages of VS Code's agent host", () => {
  it.each(recorded.map((message): [string, Recorded] => [nameOf(message), message]))(
    "%s is read, and nothing of it is lost",
    (_name, message) => {
      expect(read(message)).toEqual(message.value);
    },
  );

  it("bring no action that this version does not know", () => {
    const types = recorded
      .filter((message) => "notification" in message && message.notification === "action")
      .map(nameOf);
    expect(types.length).toBeGreaterThan(30);
    expect(types.filter((type) => channelKindOfAction(type) === undefined)).toEqual([]);
  });
});
