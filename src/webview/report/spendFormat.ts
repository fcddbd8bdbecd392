import { formatUsd } from "../../base/formatUsd.ts";
import type { Coordination, Infrastructure } from "../../protocol/fleetSpend.ts";
import type { SpendChoice, SpendLine } from "../../protocol/report.ts";
import { t } from "../kit/l10n.ts";

/** What the chart shows of a line; nothing where nobody knows. */
export function measureOf(
  { coordination, infrastructure }: Pick<SpendLine, "coordination" | "infrastructure">,
  measure: SpendChoice["measure"],
): number | undefined {
  return measure === "cost" ? coordination.costUsd : infrastructure.wallMs;
}

export function partMeasure(part: SpendLine["parts"][number], measure: SpendChoice["measure"]): number {
  return (measure === "cost" ? part.costUsd : part.wallMs) ?? 0;
}

export function formatMeasure(value: number | undefined, measure: SpendChoice["measure"]): string {
  return measure === "cost" ? formatCost(value) : formatTime(value);
}

/** A cost that nobody knows is no cost of nothing. */
export function formatCost(usd: number | undefined): string {
  return usd === undefined ? "–" : formatUsd(usd);
}

/** "12 s", "3 min", "2.5 h". */
export function formatTime(ms: number | undefined): string {
  if (ms === undefined) return "–";
  const seconds = ms / 1000;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return `${hours < 100 ? hours.toFixed(1) : Math.round(hours).toLocaleString("en")} h`;
}

export function formatTokens(count: number | undefined): string {
  return count === undefined ? "–" : new Intl.NumberFormat("en", { notation: "compact" }).format(count);
}

export function formatMemory(bytes: number | undefined): string {
  if (bytes === undefined) return "–";
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

/** All that went in, caches included. */
export function inputOf({ inputTokens, cachedReadTokens, cachedWriteTokens }: Coordination): number | undefined {
  const known = [inputTokens, cachedReadTokens, cachedWriteTokens].filter((tokens) => tokens !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, tokens) => sum + tokens, 0);
}

export function outputOf({ outputTokens, thoughtTokens }: Coordination): number | undefined {
  return outputTokens === undefined && thoughtTokens === undefined
    ? undefined
    : (outputTokens ?? 0) + (thoughtTokens ?? 0);
}

/** "3 turns have no known cost", or nothing. */
export function unknownsOf({ unpricedTurns = 0, partialTurns = 0, computedUsd }: Coordination): readonly string[] {
  return [
    ...(unpricedTurns > 0 ? [t("{0} without a known cost", turnCount(unpricedTurns))] : []),
    ...(partialTurns > 0 ? [t("tokens of {0} known in part", turnCount(partialTurns))] : []),
    ...(computedUsd ? [t("{0} of it by the host's prices", formatCost(computedUsd))] : []),
  ];
}

export function turnCount(count: number): string {
  return count === 1 ? t("1 turn") : t("{0} turns", count.toLocaleString("en"));
}

export function isEmpty({ coordination, infrastructure }: Pick<SpendLine, "coordination" | "infrastructure">): boolean {
  return Object.keys(coordination).length === 0 && Object.keys(infrastructure satisfies Infrastructure).length === 0;
}

/** "23 Nov" of `2026-11-23`. */
export function formatDay(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return day;
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

/** A round number that is not below the greatest value, for the top of a chart. */
export function niceTop(greatest: number): number {
  if (greatest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(greatest));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((top) => top >= greatest) ?? greatest;
}
