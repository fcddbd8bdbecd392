import * as vscode from "vscode";
import type { LogFields, Logger } from "../../base/logger.ts";
import { redactText } from "../../base/redactText.ts";

const secretKeys = /token|secret|password|authorization|cookie|credential/i;

/** What may be written down of a value: secrets by the name of their key and by their look are replaced. */
export function redact(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, secretKeys.test(key) ? "(redacted)" : redactValue(value)]),
  );
}

function redactValue(value: unknown): unknown {
  if (typeof value === "string") return redactText(value, "(redacted)");
  if (value instanceof Error) return redactValue(value.message);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value === "object" && value !== null) return redact({ ...value });
  return value;
}

/** The "Muster" output channel as a `Logger`. Its level is the one that the user chose for the channel. */
export class OutputLogger implements Logger, vscode.Disposable {
  readonly #channel: vscode.LogOutputChannel;
  readonly #scope: string;
  readonly #bound: () => LogFields;

  constructor(channel: vscode.LogOutputChannel, scope = "", bound: () => LogFields = () => ({})) {
    this.#channel = channel;
    this.#scope = scope;
    this.#bound = bound;
  }

  static create(): OutputLogger {
    return new OutputLogger(vscode.window.createOutputChannel("Muster", { log: true }));
  }

  debug(message: string, fields?: LogFields): void {
    this.#channel.debug(this.#line(message, fields));
  }

  info(message: string, fields?: LogFields): void {
    this.#channel.info(this.#line(message, fields));
  }

  warn(message: string, fields?: LogFields): void {
    this.#channel.warn(this.#line(message, fields));
  }

  error(message: string, fields?: LogFields): void {
    this.#channel.error(this.#line(message, fields));
  }

  child(scope: string, fields: () => LogFields = () => ({})): Logger {
    const name = this.#scope === "" ? scope : `${this.#scope}.${scope}`;
    return new OutputLogger(this.#channel, name, () => ({ ...this.#bound(), ...fields() }));
  }

  /** Brings the channel to the front, for "Show log". */
  show(): void {
    this.#channel.show(true);
  }

  dispose(): void {
    this.#channel.dispose();
  }

  #line(message: string, own: LogFields = {}): string {
    const fields = { ...this.#bound(), ...own };
    const scope = this.#scope === "" ? "" : `[${this.#scope}] `;
    const facts = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(redact(fields))}`;
    return `${scope}${message}${facts}`;
  }
}
