import { untranslated } from "./l10n.ts";

/**
 * Every failure that crosses a module boundary or the wire, as a closed list. The extension's `presentError` holds one
 * sentence and one remedy for each, so a code that nobody has written a sentence for does not compile.
 */
export type ErrorCode =
  // reaching a host
  | "host.unreachable"
  | "host.unauthorized"
  | "host.incompatible"
  | "host.disconnected"
  | "host.untrustedAddress"
  | "host.untrustedCertificate"
  // agents and their lifecycle
  | "agent.unknown"
  | "agent.missing"
  | "agent.crashed"
  | "agent.failed"
  | "agent.interrupted"
  | "isolation.missing"
  // repositories and branches
  | "repository.invalid"
  | "repository.cloneFailed"
  | "setup.failed"
  | "branch.empty"
  | "branch.moved"
  | "push.refused"
  | "content.tooLarge"
  // GitHub
  | "github.noSession"
  | "github.notGitHub"
  | "github.refused"
  | "github.rateLimited"
  | "github.unreachable"
  // the demo fleet of this machine
  | "demo.failed"
  // requests
  | "auth.required"
  | "permission.denied"
  | "notFound"
  | "conflict"
  | "request.invalid"
  | "request.rejected"
  | "limit.exceeded"
  | "timeout"
  | "cancelled"
  | "internal";

export interface AppErrorOptions extends ErrorOptions {
  /** Facts for a log line or a decision (names, numbers); never a secret, a prompt or file text. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What stands in the places `{0}`, `{1}` of the text. */
  readonly values?: readonly (string | number)[];
}

/** The only error class thrown across a module boundary. Callers branch on `code`, never on `message`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  /** The message with its places unfilled: the key of its translation. */
  readonly text: string;
  readonly values: readonly (string | number)[];
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, text: string, { details = {}, values = [], ...options }: AppErrorOptions = {}) {
    super(untranslated(text, ...values), options);
    this.code = code;
    this.text = text;
    this.values = values;
    this.details = details;
  }

  static is(value: unknown, code?: ErrorCode): value is AppError {
    return value instanceof AppError && (code === undefined || value.code === code);
  }

  /** Anything thrown, as an `AppError`: a foreign error becomes `internal` and keeps its cause. */
  static from(value: unknown, during: string): AppError {
    if (value instanceof AppError) return value;
    const reason = value instanceof Error ? value.message : String(value);
    return new AppError("internal", `${during}: ${reason}`, { cause: value });
  }
}

/** In a `switch` over a closed union: a member that nobody handles does not compile. */
export function assertNever(value: never): never {
  throw new AppError("internal", `Unhandled case: ${JSON.stringify(value)}`);
}
