import { AppError } from "../../base/appError.ts";

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `15m`, `12h` or `30d`. Throws `request.invalid` for anything else. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && (unit === "m" || unit === "h" || unit === "d")) return Number(count) * units[unit];
  throw new AppError("request.invalid", `"${text}" is no span of time. Write it like 15m, 12h or 30d.`);
}

/** Milliseconds since the Unix epoch: of an ISO 8601 time, or of so long ago. Throws `request.invalid`. */
export function parseSince(text: string, nowMs: number): number {
  const time = Date.parse(text);
  return /^\d{4}-/.test(text) && !Number.isNaN(time) ? time : nowMs - parseDuration(text);
}
