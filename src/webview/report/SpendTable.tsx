import type { SpendLine, SpendState } from "../../protocol/report.ts";
import {
  formatCost,
  formatDay,
  formatMemory,
  formatTime,
  formatTokens,
  inputOf,
  isEmpty,
  measureOf,
  outputOf,
  turnCount,
} from "./spendFormat.ts";
import { t } from "../kit/l10n.ts";

export const kindNames: Readonly<Record<SpendState["choice"]["by"], string>> = {
  day: t("Day"),
  repository: t("Repository"),
  agent: t("Agent"),
  model: t("Model"),
  user: t("User"),
  session: t("Task"),
};

/** Of models first, then of the machine. */
const ofModels = 4;
const columns = [
  t("Cost"),
  t("Turns"),
  t("Tokens in"),
  t("Tokens out"),
  t("At work"),
  t("CPU"),
  t("Peak memory"),
] as const;

/** Every line with its numbers, models and machine apart. Lines that are no days have their bar here. */
export function SpendTable({ state }: { state: SpendState }) {
  const { choice, lines, total } = state;
  const isByDay = choice.by === "day";
  const shown = isByDay ? lines.filter((line) => !isEmpty(line)).toReversed() : lines;
  const greatest = Math.max(0, ...shown.map((line) => measureOf(line, choice.measure) ?? 0));
  return (
    <table class="numbers">
      <caption class="sr-only">{t("What agents cost, by {0}", kindNames[choice.by].toLowerCase())}</caption>
      <thead>
        <tr>
          <th rowSpan={2} scope="col">
            {kindNames[choice.by]}
          </th>
          {!isByDay && <td rowSpan={2} class="bar-cell" />}
          <th colSpan={ofModels} scope="colgroup" class="group">
            {t("Models")}
          </th>
          <th colSpan={columns.length - ofModels} scope="colgroup" class="group">
            {t("Machine")}
          </th>
        </tr>
        <tr>
          {columns.map((title, index) => (
            <th key={title} scope="col" class={index === 0 || index === ofModels ? "first" : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map((line) => (
          <tr key={line.key}>
            <th scope="row" title={line.key}>
              {isByDay ? formatDay(line.key) : line.label}
            </th>
            {!isByDay && <BarCell share={(measureOf(line, choice.measure) ?? 0) / (greatest || 1)} />}
            <Cells {...line} />
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{t("Total")}</th>
          {!isByDay && <td class="bar-cell" />}
          <Cells {...total} />
        </tr>
      </tfoot>
    </table>
  );
}

function BarCell({ share }: { share: number }) {
  return (
    <td class="bar-cell" aria-hidden="true">
      <svg width="100%" height="10">
        <rect class="series-0" width={`${share * 100}%`} height="10" rx="2" />
      </svg>
    </td>
  );
}

function Cells({ coordination, infrastructure }: Pick<SpendLine, "coordination" | "infrastructure">) {
  const { costUsd, turns, unpricedTurns = 0 } = coordination;
  const { wallMs, cpuMs, peakMemoryBytes } = infrastructure;
  return (
    <>
      <td class="first" title={unpricedTurns > 0 ? t("{0} without a known cost", turnCount(unpricedTurns)) : undefined}>
        {formatCost(costUsd)}
        {unpricedTurns > 0 && <span class="muted"> +?</span>}
      </td>
      <td>{turns?.toLocaleString("en") ?? "–"}</td>
      <td>{formatTokens(inputOf(coordination))}</td>
      <td>{formatTokens(outputOf(coordination))}</td>
      <td class="first">{formatTime(wallMs)}</td>
      <td>{formatTime(cpuMs)}</td>
      <td>{formatMemory(peakMemoryBytes)}</td>
    </>
  );
}
