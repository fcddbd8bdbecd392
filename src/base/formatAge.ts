import type { Translate } from "./l10n.ts";

/** "12s", "3m", "2h", "5d". */
export function formatAge(ms: number): string {
  if (!Number.isFinite(ms)) return "";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** "just now", "40s ago", "5m ago". */
export function formatAgo(ms: number, t: Translate): string {
  return ms < 10_000 ? t("just now") : t("{0} ago", formatAge(ms));
}
