export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured logging port. `info` is what a support person needs once per session; a poll or a frame is `debug`.
 * Fields never hold tokens, query strings, prompt or file text.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** `fields` are asked for at every line and precede its own: which session, which turn. */
  child(scope: string, fields?: () => LogFields): Logger;
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
