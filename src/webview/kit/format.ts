import type { StringOrMarkdown } from "../../protocol/content.ts";
import { t } from "./l10n.ts";

/** "0.8s", "12s", "3m 05s", "2h 04m". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

/** As `formatDuration`, to the second: for a time that runs. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return seconds < 60 ? `${seconds}s` : formatDuration(seconds * 1000);
}

export function plainOf(text: StringOrMarkdown | undefined): string {
  if (text === undefined) return "";
  return typeof text === "string" ? text : text.markdown;
}

export function fileCount(files: number): string {
  return files === 1 ? t("1 file") : t("{0} files", files.toLocaleString("en"));
}
