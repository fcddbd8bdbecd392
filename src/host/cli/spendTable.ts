import { formatUsd } from "../../base/formatUsd.ts";
import { silentLogger } from "../../base/logger.ts";
import type { FleetSpendState, SpendItem } from "../../protocol/fleetLedger.ts";
import { fleetSpendUri, parseFleetSpendUri } from "../../protocol/uris.ts";
import { LoadedChannels } from "../channels/loadedChannels.ts";
import type { EventLog } from "../log/log.ts";
import { daysAsked, ledgerDays, spendReport } from "../spend/spendReport.ts";
import type { CliOptions } from "./arguments.ts";
import { openForReading } from "./inspect.ts";

/** What agents have cost, from the ledger in the log: a table, or the answer of `x-fleet/spend`. The host may be running. */
export async function spendTable(
  options: Pick<CliOptions, "data" | "spend" | "token" | "session" | "json">,
  nowMs: number,
  print: (line: string) => void,
): Promise<number> {
  const { by } = options.spend;
  const days = daysAsked(options.spend, nowMs);
  const log = openForReading(options.data);
  try {
    const { user } = options.token;
    const { session } = options;
    const rows = await readLedger(log, days);
    const report = wholeReport(rows, { by, ...days, user, session });
    if (options.json) print(JSON.stringify(report));
    else for (const line of tableOf(by, report.items, report.total)) print(line);
    return 0;
  } finally {
    await log.close();
  }
}

async function readLedger(log: EventLog, days: ReturnType<typeof daysAsked>) {
  const channels = new LoadedChannels(log, silentLogger, () => 0);
  const periods = (await log.channels()).flatMap((uri) => parseFleetSpendUri(uri) ?? []);
  const rows = await Promise.all(
    ledgerDays(periods, days).map(async (day) => {
      const uri = fleetSpendUri(day);
      await channels.load(uri);
      const ledger = channels.get(uri)?.state as FleetSpendState | undefined;
      return (ledger?.rows ?? []).map((row) => ({ day, row }));
    }),
  );
  return rows.flat();
}

function wholeReport(
  rows: Parameters<typeof spendReport>[0],
  asked: Parameters<typeof spendReport>[1],
): ReturnType<typeof spendReport> {
  const { nextCursor: cursor, ...page } = spendReport(rows, asked);
  if (cursor === undefined) return page;
  const { items } = wholeReport(rows, { ...asked, cursor });
  return { ...page, items: [...page.items, ...items] };
}

/** Columns of a report, models first, then the machine. */
const columns: readonly (readonly [title: string, value: (item: SpendItem) => string])[] = [
  ["turns", ({ coordination }) => count(coordination.turns)],
  ["models", ({ coordination }) => (coordination.costUsd === undefined ? "-" : formatUsd(coordination.costUsd))],
  ["unknown", ({ coordination }) => count(coordination.unpricedTurns || undefined)],
  ["input", ({ coordination }) => count(coordination.inputTokens)],
  ["output", ({ coordination }) => count(coordination.outputTokens)],
  ["CPU", ({ infrastructure }) => time(infrastructure.cpuMs)],
  ["at work", ({ infrastructure }) => time(infrastructure.wallMs)],
  ["memory", ({ infrastructure }) => memory(infrastructure.peakMemoryBytes)],
];

function tableOf(by: string, items: readonly SpendItem[], total: SpendItem): readonly string[] {
  const line = (name: string, item: SpendItem) => [name, ...columns.map(([, value]) => value(item))];
  const cells = [
    [by, ...columns.map(([title]) => title)],
    ...items.map((item) => line(printable(item.key) || "(unknown)", item)),
    line("total", total),
  ];
  const widths = cells[0]?.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0))) ?? [];
  return cells.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join("  "),
  );
}

/** Names of models and users come from outside. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}

function count(value: number | undefined): string {
  return value === undefined ? "-" : String(value);
}

function time(ms: number | undefined): string {
  if (ms === undefined) return "-";
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

function memory(bytes: number | undefined): string {
  return bytes === undefined ? "-" : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
