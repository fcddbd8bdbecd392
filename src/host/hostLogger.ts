import { mkdirSync } from "node:fs";
import path from "node:path";
import { pino, type Logger as PinoLogger } from "pino";
import type { Logger, LogFields } from "../base/logger.ts";

export interface HostLogger {
  readonly logger: Logger;
  /** Everything is in the file. */
  readonly flush: () => void;
}

/** Keys whose values never reach a log file, wherever they turn up. */
const secretKey = /token|secret|password|authorization|credential|cookie|tkn|api.?key|prompt|message_text/i;
/** What looks like a credential inside a text. */
const secretText =
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|sk-[A-Za-z0-9_-]{16,}|Bearer\s+\S+)|([?&]tkn=)[^&\s]+|(\/\/)[^/\s:@]+:[^/\s@]+@/g;

/** JSON lines in `<directory>/host.log`. */
export function createHostLogger(directory: string, level: string): HostLogger {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const destination = pino.destination({
    dest: path.join(directory, "host.log"),
    mkdir: true,
    mode: 0o600,
    sync: true,
  });
  const root = pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return { logger: wrap(root), flush: () => destination.flushSync() };
}

type Pino = PinoLogger;

function wrap(log: Pino): Logger {
  const write = (level: "debug" | "info" | "warn" | "error") => (message: string, fields?: LogFields) =>
    log[level](redact(fields ?? {}), redactText(message));
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (scope) => wrap(log.child({ scope })),
  };
}

/** The fields without secrets: by the name of the key, and by the look of the text. */
export function redact(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, secretKey.test(key) ? "[redacted]" : redactValue(value)]),
  );
}

function redactValue(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (value instanceof Error) return redactText(value.message);
  if (typeof value === "object" && value !== null) return redact(value as LogFields);
  return value;
}

export function redactText(text: string): string {
  return text.replaceAll(
    secretText,
    (_whole, query?: string, slashes?: string) => `${query ?? slashes ?? ""}[redacted]${slashes ? "@" : ""}`,
  );
}
