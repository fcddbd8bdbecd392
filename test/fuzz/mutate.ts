import type { Dice } from "../support/dice.ts";

/** Makes messages malformed, in their structure and in their bytes. */

const huge = "9".repeat(400);
/** Stands in a message where JSON has no value for it; replaced in the text. */
const placeholder = "@@raw@@";
/** What `JSON.stringify` would never write. */
const raw = [`-${huge}`, "1e999", "-0", "1e-999", '{"__proto__":{"polluted":1}}', '{"a":1,"a":2}', "NaN", "undefined"];

function deep(depth: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at++) value = at % 2 === 0 ? [value] : { a: value };
  return value;
}

const nasty: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 1.5,
  () => 2 ** 53,
  () => -(2 ** 63),
  () => 1e308,
  () => "",
  () => "x".repeat(5_000),
  () => "\ud800",
  () => "\udc00\ud800",
  () => "line\r\nbreak\u0000nul",
  () => "\u202egnp.exe",
  () => "../../../etc/passwd",
  () => "__proto__",
  () => "constructor",
  () => "ahp-root://",
  () => [],
  () => [[]],
  () => ({}),
  () => ({ length: -1 }),
  () => Object.fromEntries(["toString", "valueOf", "then", "toJSON"].map((name) => [name, 1])),
  () => Array.from({ length: 300 }, (_, at) => at),
  () => deep(20),
  () => deep(80),
  () => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as unknown,
  () => placeholder,
];

const keys = ["__proto__", "constructor", "prototype", "id", "method", "params", "result", "error", "jsonrpc", "x", ""];

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

function placesOf(value: unknown, places: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return places;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    places.push({ holder, key });
    placesOf(holder[key], places);
  }
  return places;
}

/** A message with one to three members wrong: of another type, missing, doubled, foreign, huge, deep. */
function mutateMembers(text: string, corpus: readonly string[], dice: Dice): string {
  const value: unknown = JSON.parse(text);
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const places = placesOf(value);
    const place = places[dice.below(places.length)];
    if (place === undefined) break;
    change(place, corpus, dice);
  }
  const written = JSON.stringify(value) ?? "";
  return written.includes(placeholder)
    ? written.replaceAll(`"${placeholder}"`, () => raw[dice.below(raw.length)] ?? "null")
    : written;
}

function change({ holder, key }: Place, corpus: readonly string[], dice: Dice): void {
  const set = (value: unknown) => Reflect.set(holder, key, value);
  switch (dice.below(8)) {
    case 0:
      Reflect.deleteProperty(holder, key);
      return;
    case 1: {
      const added = keys[dice.below(keys.length)] ?? "x";
      const value = nasty[dice.below(nasty.length)]?.();
      Object.defineProperty(holder, added, { value, enumerable: true, configurable: true, writable: true });
      return;
    }
    case 2: {
      // A piece of another message.
      const places = placesOf(JSON.parse(corpus[dice.below(corpus.length)] ?? "{}"));
      const other = places[dice.below(places.length)];
      set(other === undefined ? null : Reflect.get(other.holder, other.key));
      return;
    }
    case 3: {
      const present: unknown = Reflect.get(holder, key);
      set([present, present]);
      return;
    }
    case 4: {
      const present: unknown = Reflect.get(holder, key);
      set(
        typeof present === "string"
          ? `${present}\u0000${present}`
          : typeof present === "number"
            ? -present
            : JSON.stringify(present),
      );
      return;
    }
    default:
      set(nasty[dice.below(nasty.length)]?.());
  }
}

/** A message with wrong bytes: flipped, cut off, spliced with another, a piece repeated, two in one. */
function mutateBytes(text: string, corpus: readonly string[], dice: Dice): string {
  const other = corpus[dice.below(corpus.length)] ?? "";
  const at = dice.below(text.length);
  switch (dice.below(7)) {
    case 0: {
      const bytes = Buffer.from(text);
      for (let left = 1 + dice.below(4); left > 0; left--) {
        const index = dice.below(bytes.length);
        bytes[index] = (bytes[index] ?? 0) ^ (1 << dice.below(8));
      }
      return bytes.toString();
    }
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(at);
    case 3:
      return text.slice(0, at) + other.slice(dice.below(other.length));
    case 4: {
      const piece = text.slice(at, at + 1 + dice.below(40));
      return text.slice(0, at) + piece.repeat(1 + dice.below(30)) + text.slice(at);
    }
    case 5:
      return dice.chance(0.5) ? `[${text},${other}]` : `${text}\n${other}`;
    default:
      return text.slice(0, at) + String.fromCharCode(dice.below(0x1_00_00)) + text.slice(at);
  }
}

/** Now and then something that no message is the model of. */
function fromNothing(dice: Dice): string {
  switch (dice.below(6)) {
    case 0:
      return "";
    case 1:
      return "[".repeat(dice.below(100_000));
    case 2:
      return `{"jsonrpc":"2.0","id":1,"method":"ping","params":{${Array.from({ length: 20_000 }, (_, at) => `"k${at}":0`).join(",")}}}`;
    case 3:
      return `{"jsonrpc":"2.0","id":${huge},"method":"ping"}`;
    case 4:
      return `{"jsonrpc":"2.0","id":1,"method":${JSON.stringify("m".repeat(dice.below(3_000_000)))}}`;
    default:
      return String.fromCharCode(...Array.from({ length: dice.below(200) }, () => dice.below(0x1_00_00)));
  }
}

/** Mostly malformed; a valid one now and then, so that there is a state to break. */
export function malformed(corpus: readonly string[], dice: Dice): string {
  const model = corpus[dice.below(corpus.length)] ?? "{}";
  const sort = dice.below(1_000);
  if (dice.chance(0.0005)) return fromNothing(dice);
  if (sort < 100) return model;
  return sort < 650 ? mutateMembers(model, corpus, dice) : mutateBytes(model, corpus, dice);
}
