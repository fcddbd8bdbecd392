import type { AppError } from "../base/appError.ts";
import { type BackoffOptions, backoffMs } from "../base/backoff.ts";

const backoff: BackoffOptions = { firstMs: 500, maxMs: 30_000 };
const maxHintedMs = 5 * 60_000;
/** Clients that were told the same time must not come back at the same time. */
const leastSpreadMs = 1000;

/**
 * How long to wait before the next attempt: doubling waits with jitter, or as long as the host or its door has asked for
 * (`details.retryAfterMs` of the error that ended the last one) and up to half as long again, at most five minutes.
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(failedAttempts: number, error: AppError, random: number): number {
  const ownMs = backoffMs(failedAttempts, backoff, random);
  const hintMs = hintOf(error.details["retryAfterMs"]);
  if (hintMs === undefined) return ownMs;
  const spreadMs = random * Math.max(leastSpreadMs, hintMs / 2);
  return Math.max(ownMs, Math.min(maxHintedMs, Math.round(hintMs + spreadMs)));
}

/** What a host says of time, as far as it can be meant. */
export function hintOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.min(value, maxHintedMs) : undefined;
}
