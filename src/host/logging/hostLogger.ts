import { pino, type DestinationStream, type Logger as PinoLogger } from "pino";
import type { Logger, LogFields } from "../../base/logger.ts";
import type { Redactor } from "./redactor.ts";
import { requestFields } from "./requestContext.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface HostLogger {
  readonly logger: Logger;
  /** Of every line from here on, children's included. */
  level: LogLevel;
  /** How many lines were written, by level. */
  readonly lines: Readonly<Record<LogLevel, number>>;
}

/**
 * One JSON object a line: `level`, `time` (ISO 8601), `pid`, `scope`, `msg`, then the fields; `request`, `connection`,
 * `client`, `session` and `turn` where a line concerns one. Every text goes through `redactor`.
 */
export function createHostLogger(destination: DestinationStream, level: LogLevel, redactor: Redactor): HostLogger {
  const root = pino(
    {
      level: "debug",
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const shown = { level };
  const lines = { debug: 0, info: 0, warn: 0, error: 0 };
  const wrap = (log: PinoLogger, scope: string | undefined, bound: () => LogFields): Logger => {
    const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(shown.level)) return;
      lines[level] += 1;
      log[level](named(scope, redactor.fields({ ...requestFields(), ...bound(), ...fields })), redactor.text(message));
    };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: (name, own = () => ({})) =>
        wrap(log, scope === undefined ? name : `${scope}.${name}`, () => ({ ...bound(), ...own() })),
    };
  };
  return {
    logger: wrap(root, undefined, () => ({})),
    lines,
    get level() {
      return shown.level;
    },
    set level(next) {
      shown.level = next;
    },
  };
}

/** What the line itself says of itself is not for a field to say. */
const reserved = ["level", "time", "pid", "scope", "msg"];

function named(scope: string | undefined, fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [reserved.includes(key) ? `${key}_` : key, value]);
  return { ...(scope !== undefined && { scope }), ...Object.fromEntries(entries) };
}

/**
 * Standard error, written before the call returns: what a crash logs last is there. When nobody reads it any more, or the
 * disk that it goes to is full, the host goes on without.
 */
export function standardError(): DestinationStream {
  const stream = pino.destination({ fd: 2, sync: true });
  stream.on("error", () => {});
  return stream;
}
