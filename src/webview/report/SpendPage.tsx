import type { SpendChoice, SpendPeriod, SpendState } from "../../protocol/report.ts";
import { Icon } from "../kit/Icon.tsx";
import { Choice } from "./Choice.tsx";
import { DayChart, seriesOf } from "./DayChart.tsx";
import { Notes } from "./Notes.tsx";
import {
  formatCost,
  formatDay,
  formatMemory,
  formatTime,
  formatTokens,
  inputOf,
  isEmpty,
  outputOf,
  unknownsOf,
} from "./spendFormat.ts";
import { kindNames, SpendTable } from "./SpendTable.tsx";
import { t } from "../kit/l10n.ts";

const periods: readonly (readonly [SpendPeriod, string])[] = [
  ["month", t("This month")],
  ["lastMonth", t("Last month")],
  ["week", t("7 days")],
  ["days30", t("30 days")],
  ["days90", t("90 days")],
];
const kinds = (["day", "repository", "agent", "model", "user", "session"] as const).map(
  (kind) => [kind, kindNames[kind]] as const,
);
const measures = [
  ["cost", t("Model cost")],
  ["machine", t("Machine time")],
] as const;

interface SpendPageProps {
  state: SpendState;
  choose: (choice: SpendChoice) => void;
  reconnect: (hostId: string) => void;
}

/** What agents cost: models and machine, which are never added up. */
export function SpendPage({ state, choose, reconnect }: SpendPageProps) {
  const { choice, total, hosts, notes, isLoading, from, to } = state;
  const change = (part: Partial<SpendChoice>) => choose({ ...choice, ...part });
  return (
    <main class="report" aria-busy={isLoading}>
      <header>
        <h1>{t("Spend")}</h1>
        <span class="muted">
          {formatDay(from)} – {formatDay(to)} {to.slice(0, 4)} (UTC)
        </span>
        {isLoading && <Icon name="loading" class="codicon-modifier-spin" label={t("Asking the hosts")} />}
      </header>
      <div class="controls">
        <Choice name={t("Period")} options={periods} value={choice.period} onChoose={(period) => change({ period })} />
        {hosts.length > 1 && (
          <Choice
            name={t("Host")}
            options={[["", t("All hosts")] as const, ...hosts.map(({ id, name }) => [id, name] as const)]}
            value={choice.hostId}
            onChoose={(hostId) => change({ hostId })}
          />
        )}
      </div>
      <Notes notes={notes} reconnect={reconnect} />
      {!isEmpty(total) && <Totals total={total} />}
      <div class="controls">
        <Choice name={t("By")} options={kinds} value={choice.by} onChoose={(by) => change({ by })} />
        <Choice
          name={t("Shown in the chart")}
          options={measures}
          value={choice.measure}
          onChoose={(measure) => change({ measure })}
        />
      </div>
      <Body state={state} />
    </main>
  );
}

function Totals({ total }: { total: SpendState["total"] }) {
  const { coordination, infrastructure } = total;
  const [input, output] = [inputOf(coordination), outputOf(coordination)];
  const areTold = input !== undefined || output !== undefined;
  const tokens = [
    areTold ? t("{0} tokens in, {1} out", formatTokens(input), formatTokens(output)) : t("no tokens reported"),
    ...unknownsOf(coordination),
  ];
  return (
    <div class="totals">
      <section aria-label={t("Models")}>
        <h2>{t("Models")}</h2>
        <strong>{formatCost(coordination.costUsd)}</strong>
        <span class="muted">{tokens.join(" · ")}</span>
      </section>
      <section aria-label={t("Machine")}>
        <h2>{t("Machine")}</h2>
        <strong>{formatTime(infrastructure.wallMs)}</strong>
        <span class="muted">
          {t(
            "at work · {0} of CPU · {1} at most",
            formatTime(infrastructure.cpuMs),
            formatMemory(infrastructure.peakMemoryBytes),
          )}
        </span>
      </section>
    </div>
  );
}

function Body({ state }: { state: SpendState }) {
  const { lines, hosts, choice, isLoading } = state;
  if (lines.every(isEmpty)) {
    const nothing =
      hosts.length === 0 ? t("No connected host keeps accounts.") : t("No agent has worked in this time.");
    return <p class="empty">{isLoading ? t("Asking the hosts…") : nothing}</p>;
  }
  const isStacked = choice.by === "day" && choice.hostId === "" && hosts.length > 1;
  return (
    <>
      {choice.by === "day" && <DayChart state={state} />}
      {isStacked && (
        <ul class="legend">
          {hosts.map(({ id, name }) => (
            <li key={id}>
              <svg width="10" height="10" aria-hidden="true">
                <rect class={`series-${seriesOf(hosts, id)}`} width="10" height="10" rx="2" />
              </svg>
              {name}
            </li>
          ))}
        </ul>
      )}
      <div class="scroll">
        <SpendTable state={state} />
      </div>
    </>
  );
}
