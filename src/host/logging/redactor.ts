import { redactText } from "../../base/redactText.ts";

/** Keys whose values never reach a log line or a file that is handed on, wherever they turn up. Numbers are counts. */
const secretKey =
  /token(?!Env|File)|secret|passw|passphrase|authorization|credential|cookie|tkn|(?:api|private|access).?key|prompt|message_text/i;
const minSecretLength = 8;
const redacted = "[redacted]";
/** What ends or reorders a line for some who show it, though JSON writes it as it is. */
const unsafe = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export interface RedactorLimits {
  /** Characters of one text. */
  readonly maxText: number;
  /** Members of one object or list. */
  readonly maxItems: number;
  readonly maxDepth: number;
}

/** What a line of a log may hold. */
const lineLimits: RedactorLimits = { maxText: 8 * 1024, maxItems: 100, maxDepth: 6 };

/** Takes credentials out of what the host writes for its operators: those that it knows, and what looks like one. */
export class Redactor {
  readonly #known = new Set<string>();
  readonly #limits: RedactorLimits;

  /** @param secrets values that are secrets, whatever they look like. Short ones are words, which would be missed everywhere. */
  constructor(secrets: Iterable<string> = [], limits: RedactorLimits = lineLimits) {
    this.#limits = limits;
    for (const secret of secrets) if (secret.length >= minSecretLength) this.#known.add(secret);
  }

  /** One line that nobody can mistake for two, without secrets, bounded. */
  text(text: string): string {
    const { maxText } = this.#limits;
    let clean = text.length > maxText ? `${text.slice(0, maxText)}… (${text.length} characters)` : text;
    for (const secret of this.#known) clean = clean.replaceAll(secret, redacted);
    return redactText(clean).replaceAll(
      unsafe,
      (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  }

  /** The fields without secrets: by the name of the key, and by the look of the text. */
  fields(fields: object, depth = 0): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(fields)
        .slice(0, this.#limits.maxItems)
        .map(([key, value]) => [
          this.text(key),
          secretKey.test(key) && typeof value !== "number" ? redacted : this.value(value, depth),
        ]),
    );
  }

  value(value: unknown, depth = 0): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= this.#limits.maxDepth) return "…";
    if (Array.isArray(value)) return value.slice(0, this.#limits.maxItems).map((item) => this.value(item, depth + 1));
    if (value instanceof Error) return this.text(value.message);
    return this.fields(value, depth + 1);
  }
}
