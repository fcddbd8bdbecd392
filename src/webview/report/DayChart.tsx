import type { SpendState } from "../../protocol/report.ts";
import { formatDay, formatMeasure, measureOf, niceTop, partMeasure } from "./spendFormat.ts";
import { t } from "../kit/l10n.ts";

const height = 180;
const labelsHeight = 20;
/** So many days get a name under their column. */
const maxLabels = 12;

/** A column a day, split by host where there are several. The table beside it says the same to whoever cannot see it. */
export function DayChart({ state }: { state: SpendState }) {
  const { lines, hosts, choice } = state;
  const { measure } = choice;
  const values = lines.map((line) => measureOf(line, measure) ?? 0);
  const greatest = Math.max(0, ...values);
  const top = measure === "cost" ? niceTop(greatest) : niceTop(greatest / 60_000) * 60_000;
  const best = lines[values.indexOf(greatest)];
  const width = 100 / Math.max(1, lines.length);
  const labelled = Math.ceil(lines.length / maxLabels);
  const what = measure === "cost" ? t("Model cost") : t("Machine time");
  const summary =
    greatest === 0 || best === undefined
      ? t("{0} by day: nothing.", what)
      : t(
          "{0} by day. Most on {1}: {2}. The table has every day.",
          what,
          formatDay(best.key),
          formatMeasure(greatest, measure),
        );
  const y = (value: number) => height - (value / top) * height;
  return (
    <div class="day-chart">
      <div class="axis" aria-hidden="true">
        <span>{formatMeasure(top, measure)}</span>
        <span>{formatMeasure(top / 2, measure)}</span>
        <span>{formatMeasure(0, measure)}</span>
      </div>
      <svg role="img" aria-label={summary} width="100%" height={height + labelsHeight}>
        {[0, 0.5, 1].map((share) => (
          <line key={share} class="grid" x1="0" x2="100%" y1={height * share + 0.5} y2={height * share + 0.5} />
        ))}
        {lines.map((line, index) => {
          let below = 0;
          return (
            <g key={line.key}>
              <title>{`${formatDay(line.key)}: ${formatMeasure(measureOf(line, measure), measure)}`}</title>
              <rect class="hit" x={`${index * width}%`} width={`${width}%`} y="0" height={height} />
              {line.parts.map((part) => {
                const value = partMeasure(part, measure);
                below += value;
                return (
                  <rect
                    key={part.hostId}
                    class={`series-${seriesOf(hosts, part.hostId)}`}
                    x={`${index * width + width * 0.15}%`}
                    width={`${width * 0.7}%`}
                    y={y(below)}
                    height={Math.max(0, y(0) - y(value))}
                  />
                );
              })}
              {index % labelled === 0 && (
                <text x={`${(index + 0.5) * width}%`} y={height + 15} text-anchor="middle">
                  {formatDay(line.key)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** Which of the six colours of the theme's charts. */
export function seriesOf(hosts: SpendState["hosts"], hostId: string): number {
  return (
    Math.max(
      0,
      hosts.findIndex(({ id }) => id === hostId),
    ) % 6
  );
}
