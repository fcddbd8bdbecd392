import { isRecord } from "../base/isRecord.ts";
import { err, ok, type Result } from "../base/result.ts";

/** The text frames of the wire: JSON-RPC 2.0, one message a frame, no batches. */

export type RpcId = number | string;

export type Frame =
  | { readonly kind: "request"; readonly id: RpcId; readonly method: string; readonly params: unknown }
  | { readonly kind: "notification"; readonly method: string; readonly params: unknown }
  | { readonly kind: "result"; readonly id: RpcId; readonly result: unknown }
  | { readonly kind: "error"; readonly id: RpcId | null; readonly error: FrameError };

export interface FrameError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** `parse`: no JSON, or too large or too deep to try. `invalid`: JSON that is no message; `id` if it had one. */
export type FrameFault =
  | { readonly kind: "parse"; readonly message: string }
  | { readonly kind: "invalid"; readonly message: string; readonly id: RpcId | null };

export interface FrameLimits {
  /** Of the frame as UTF-8. */
  readonly maxBytes: number;
  /** Nested arrays and objects. */
  readonly maxDepth: number;
  /** Members of all objects together. */
  readonly maxKeys: number;
}

/** What a client takes: a host may list ten thousand sessions, of some forty members each, in one answer. */
export const defaultFrameLimits: FrameLimits = { maxBytes: 32 * 1024 * 1024, maxDepth: 64, maxKeys: 1_000_000 };

/** Up to this length a frame is cheaper to parse than to look through, whatever it holds. In UTF-16 units. */
const smallFrame = 16 * 1024;
const tooDeep = "The message is nested deeper than this peer accepts.";
const tooManyKeys = "The message has more members than this peer accepts.";

/**
 * One message of the wire. What is too large, too deep or has too many members is refused, the larger ones of them before
 * they are parsed; keys that could reach a prototype go.
 */
export function parseFrame(text: string, limits: FrameLimits = defaultFrameLimits): Result<Frame, FrameFault> {
  if (isLongerThan(text, limits.maxBytes)) return fault("The message is larger than this peer accepts.");
  const excess = text.length > smallFrame ? excessOf(text, limits) : undefined;
  if (excess !== undefined) return fault(excess);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault("The message is not JSON.");
  }
  const walk = { keys: 0, limits };
  if (!clean(value, 0, walk)) return fault(walk.keys > limits.maxKeys ? tooManyKeys : tooDeep);
  return toFrame(value);
}

function fault(message: string): Result<never, FrameFault> {
  return err({ kind: "parse", message });
}

function toFrame(value: unknown): Result<Frame, FrameFault> {
  if (!isRecord(value)) return err({ kind: "invalid", message: "A message must be one object.", id: null });
  const id = isId(value["id"]) ? value["id"] : null;
  const invalid = (message: string): Result<never, FrameFault> => err({ kind: "invalid", message, id });
  if (value["jsonrpc"] !== "2.0") return invalid('A message must say jsonrpc "2.0".');
  if ("method" in value) {
    const { method, params } = value;
    if (typeof method !== "string") return invalid("A method must be a string.");
    if (params !== undefined && (typeof params !== "object" || params === null)) {
      return invalid("Params must be an object.");
    }
    if (!("id" in value)) return ok({ kind: "notification", method, params });
    return id === null ? invalid("An id must be a number or a string.") : ok({ kind: "request", id, method, params });
  }
  if ("error" in value) {
    const error = toFrameError(value["error"]);
    return error ? ok({ kind: "error", id, error }) : invalid("An error must have a code and a message.");
  }
  if (!("result" in value)) return invalid("A message must have a method, a result or an error.");
  return id === null ? invalid("A result must have an id.") : ok({ kind: "result", id, result: value["result"] });
}

function toFrameError(value: unknown): FrameError | undefined {
  if (!isRecord(value)) return undefined;
  const { code, message, data } = value;
  if (typeof code !== "number" || typeof message !== "string") return undefined;
  return data === undefined ? { code, message } : { code, message, data };
}

function isId(value: unknown): value is RpcId {
  return (typeof value === "number" && Number.isFinite(value)) || typeof value === "string";
}

/** Counts bytes only where the number of UTF-16 units leaves a doubt (one unit is one to three bytes). */
function isLongerThan(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  if (text.length * 3 <= maxBytes) return false;
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
    bytes += unit < 0x80 ? 1 : unit < 0x800 || isSurrogate ? 2 : 3;
  }
  return bytes > maxBytes;
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** What there is too much of, as a sentence. */
function excessOf(text: string, { maxDepth, maxKeys }: FrameLimits): string | undefined {
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      at = endOfString(text, at);
    } else if (unit === colon) {
      if (++keys > maxKeys) return tooManyKeys;
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maxDepth) return tooDeep;
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--;
    }
  }
  return undefined;
}

/** The index of the quote that closes the string opened at `start`; the end of the text if none does. */
function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at !== -1) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

/** Drops prototype keys in place, for `value` comes fresh from `JSON.parse`. False as soon as a limit is passed. */
function clean(value: unknown, depth: number, walk: { keys: number; readonly limits: FrameLimits }): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === walk.limits.maxDepth) return false;
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === "object" && !clean(element, depth + 1, walk)) return false;
    return true;
  }
  const members = value as Record<string, unknown>;
  for (const key in members) {
    if (++walk.keys > walk.limits.maxKeys) return false;
    if (key === "__proto__" || key === "constructor" || key === "prototype") delete members[key];
    else if (typeof members[key] === "object" && !clean(members[key], depth + 1, walk)) return false;
  }
  return true;
}
