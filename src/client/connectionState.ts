import { type AppError, assertNever } from "../base/appError.ts";

/**
 *  offline ──connect→ opening ──opened→ handshaking ──established→ live
 *     ↑ stop             │  └──opened(resume)→ resuming ──established─↗
 *     │                  │                        └─unknownClient→ handshaking
 *     │                  └── lost ──→ waiting ──tick past retryAtMs, or connect→ opening
 *     └── from every state; refused ──connect→ opening: only a person can help there
 */
export type ConnectionState =
  /** Nobody wants a connection. */
  | { readonly kind: "offline" }
  /** Reaching the host. `attempt` counts from 1 and starts over after each connection that lasted. */
  | { readonly kind: "opening"; readonly attempt: number }
  /** Introducing ourselves: every channel comes as a snapshot. */
  | { readonly kind: "handshaking"; readonly attempt: number }
  /** Asking for what was missed since the last frame. */
  | { readonly kind: "resuming"; readonly attempt: number }
  /** `attempt` is the one that brought it up. */
  | { readonly kind: "live"; readonly attempt: number; readonly sinceMs: number }
  /** `error` is why the last attempt or connection ended; `retryAtMs` is on the client's clock. */
  | { readonly kind: "waiting"; readonly attempt: number; readonly retryAtMs: number; readonly error: AppError }
  /** Trying again would give the same answer: wrong token, other protocol version, address that may not be used. */
  | { readonly kind: "refused"; readonly error: AppError };

export type ConnectionEvent =
  | { readonly kind: "connect" }
  | { readonly kind: "opened"; readonly resume: boolean }
  | { readonly kind: "unknownClient" }
  | { readonly kind: "established" }
  | { readonly kind: "lost"; readonly delayMs: number; readonly error: AppError }
  | { readonly kind: "refused"; readonly error: AppError }
  | { readonly kind: "tick" }
  | { readonly kind: "stop" };

export const OFFLINE: ConnectionState = { kind: "offline" };

/** Returns the same object when the event means nothing in this state, so callers can compare by identity. */
export function reduceConnection(state: ConnectionState, event: ConnectionEvent, nowMs: number): ConnectionState {
  switch (event.kind) {
    case "connect":
      if (state.kind === "waiting") return { kind: "opening", attempt: state.attempt + 1 };
      return state.kind === "offline" || state.kind === "refused" ? { kind: "opening", attempt: 1 } : state;
    case "opened":
      if (state.kind !== "opening") return state;
      return { kind: event.resume ? "resuming" : "handshaking", attempt: state.attempt };
    case "unknownClient":
      return state.kind === "resuming" ? { kind: "handshaking", attempt: state.attempt } : state;
    case "established":
      return state.kind === "handshaking" || state.kind === "resuming"
        ? { kind: "live", attempt: state.attempt, sinceMs: nowMs }
        : state;
    case "lost":
      if (!isConnected(state)) return state;
      return {
        kind: "waiting",
        attempt: failedAttempts(state, nowMs),
        retryAtMs: nowMs + event.delayMs,
        error: event.error,
      };
    case "refused":
      return isConnected(state) ? { kind: "refused", error: event.error } : state;
    case "tick":
      if (state.kind !== "waiting" || nowMs < state.retryAtMs) return state;
      return { kind: "opening", attempt: state.attempt + 1 };
    case "stop":
      return state.kind === "offline" ? state : OFFLINE;
    default:
      return assertNever(event);
  }
}

type Connected = Extract<ConnectionState, { kind: "opening" | "handshaking" | "resuming" | "live" }>;

/** There is a socket, or one is being opened. */
export function isConnected(state: ConnectionState): state is Connected {
  return state.kind !== "offline" && state.kind !== "waiting" && state.kind !== "refused";
}

/** A host that drops its clients as soon as they are there gets no peace from a backoff that starts over each time. */
const lastingMs = 10_000;

/** How many tries have failed in a row when this state ends by a loss. The first retry after a lasting connection comes soon. */
export function failedAttempts(state: ConnectionState, nowMs: number): number {
  if (state.kind === "live") return nowMs - state.sinceMs < lastingMs ? state.attempt : 0;
  return "attempt" in state ? state.attempt : 0;
}
