export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The wait before attempt `attempt` (1 is the first retry): doubles from `firstMs` to `maxMs`, then "equal jitter":
 * half is certain, half is random, so that a fleet of clients does not return in step.
 * @param random uniform in [0, 1)
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: number): number {
  const full = Math.min(options.maxMs, options.firstMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(full / 2 + (full / 2) * random);
}
