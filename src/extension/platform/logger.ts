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

type Channel = Pick<vscode.LogOutputChannel, "debug" | "info" | "warn" | "error" | "show" | "dispose">;

const keptProblems = 50;

/** The "Muster" output channel as a `Logger`. Its level is the one that the user chose for the channel. */
export class OutputLogger implements Logger, vscode.Disposable {
  readonly #channel: Channel;
  readonly #scope: string;
  readonly #bound: () => LogFields;
  /** Shared with all children. */
  readonly #problems: string[];

  constructor(channel: Channel, scope = "", bound: () => LogFields = () => ({}), problems: string[] = []) {
    this.#channel = channel;
    this.#scope = scope;
    this.#bound = bound;
    this.#problems = problems;
  }

  static create(): OutputLogger {
    return new OutputLogger(vscode.window.createOutputChannel("Muster", { log: true }));
  }

  /** A log of its own, in a channel that people see beside this one. */
  beside(name: string, scope: string): OutputLogger {
    const channel = vscode.window.createOutputChannel(name, { log: true });
    return new OutputLogger(channel, scope, undefined, this.#problems);
  }

  debug(message: string, fields?: LogFields): void {
    this.#channel.debug(this.#line(message, fields));
  }

  info(message: string, fields?: LogFields): void {
    this.#channel.info(this.#line(message, fields));
  }

  warn(message: string, fields?: LogFields): void {
    const line = this.#line(message, fields);
    this.#channel.warn(line);
    this.#keep("warning", line);
  }

  error(message: string, fields?: LogFields): void {
    const line = this.#line(message, fields);
    this.#channel.error(line);
    this.#keep("error", line);
  }

  /** The latest warnings and errors whatever the channel's level, oldest first, redacted as they are in the channel. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  child(scope: string, fields: () => LogFields = () => ({})): Logger {
    const name = this.#scope === "" ? scope : `${this.#scope}.${scope}`;
    return new OutputLogger(this.#channel, name, () => ({ ...this.#bound(), ...fields() }), this.#problems);
  }

  /** Brings the channel to the front, for "Show log". */
  show(): void {
    this.#channel.show(true);
  }

  dispose(): void {
    this.#channel.dispose();
  }

  #keep(level: string, line: string): void {
    this.#problems.push(`${new Date().toISOString()} [${level}] ${line}`);
    if (this.#problems.length > keptProblems) this.#problems.shift();
  }

  #line(message: string, own: LogFields = {}): string {
    const fields = { ...this.#bound(), ...own };
    const scope = this.#scope === "" ? "" : `[${this.#scope}] `;
    const facts = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(redact(fields))}`;
    return `${scope}${message}${facts}`;
  }
}
