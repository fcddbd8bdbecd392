import { useState } from "preact/hooks";
import type {
  CoordinatedAgent,
  CoordinatedPair,
  CoordinationState,
  Overlap,
  PairChoice,
} from "../../protocol/coordinationReport.ts";
import { t } from "../kit/l10n.ts";
import { overlapClasses, overlapLetters, overlapMeaning, overlapName, overlapText } from "./overlapWords.ts";

interface MatrixProps {
  state: Pick<CoordinationState, "agents" | "pairs" | "chosen">;
  choose: (pair: PairChoice) => void;
}

const nothing: Overlap = { overlap: "none", files: [], fileCount: 0 };

/** Agents by agents, and by their base: a cell where two meet. */
export function ConflictMatrix({ state: { agents, pairs, chosen }, choose }: MatrixProps) {
  const [pointed, setPointed] = useState<string>();
  const met = overlaps(pairs);
  const isChosen = (a: string, b: string) =>
    chosen !== undefined && [chosen.first, chosen.second].every((session) => session === a || session === b);
  const cell = (row: CoordinatedAgent, rowAt: number, column: CoordinatedAgent | undefined, columnAt: number) => {
    if (column === row) return <td key={columnAt} class="self" aria-label={t("itself")} />;
    const overlap = column === undefined ? row : (met.get(`${row.session}\n${column.session}`) ?? nothing);
    const second = column?.session ?? "";
    return (
      <Cell
        key={columnAt}
        overlap={overlap}
        names={t("{0} and {1}", row.title, column?.title ?? row.baseBranch)}
        isChosen={isChosen(row.session, second)}
        isFirst={rowAt === firstRow(agents, met) && columnAt === firstColumn(agents, met, rowAt)}
        point={setPointed}
        choose={() => choose({ first: row.session, second })}
      />
    );
  };
  return (
    <div class="matrix-area">
      <div class="matrix-scroll">
        <table class="matrix" onKeyDown={moveInGrid}>
          <caption class="sr-only">{t("Which branches meet, and how")}</caption>
          <thead>
            <tr>
              <td />
              <th scope="col">{t("Base")}</th>
              {agents.map(({ session, title }, index) => (
                <th key={session} scope="col" title={title}>
                  <span aria-hidden="true">{index + 1}</span>
                  <span class="sr-only">{title}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {agents.map((row, rowAt) => (
              <tr key={row.session}>
                <th scope="row" title={row.title}>
                  <span class="muted" aria-hidden="true">
                    {rowAt + 1}
                  </span>{" "}
                  {row.title}
                </th>
                {[undefined, ...agents].map((column, columnAt) => cell(row, rowAt, column, columnAt))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="matrix-words">{pointed ?? t("Point at a cell to see the files, choose it to see the lines.")}</p>
      <ul class="matrix-legend">
        {overlapClasses.map((overlap) => (
          <li key={overlap}>
            <span class={`meets ${overlap}`} aria-hidden="true">
              {overlapLetters[overlap]}
            </span>{" "}
            {overlapName(overlap)}
            <span class="muted">: {overlapMeaning(overlap)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface CellProps {
  overlap: Overlap;
  names: string;
  isChosen: boolean;
  isFirst: boolean;
  point: (words: string | undefined) => void;
  choose: () => void;
}

function Cell({ overlap, names, isChosen, isFirst, point, choose }: CellProps) {
  const letter = overlapLetters[overlap.overlap];
  if (overlap.overlap === "none") {
    return (
      <td class="none">
        <span aria-hidden="true">{letter}</span>
        <span class="sr-only">{overlapName("none")}</span>
      </td>
    );
  }
  const words = `${names}: ${overlapText(overlap)}`;
  return (
    <td>
      <button
        type="button"
        class={`meets ${overlap.overlap}`}
        tabIndex={isFirst ? 0 : -1}
        aria-label={words}
        aria-pressed={isChosen}
        onMouseEnter={() => point(words)}
        onMouseLeave={() => point(undefined)}
        onFocus={() => point(words)}
        onBlur={() => point(undefined)}
        onClick={choose}
      >
        {letter}
      </button>
    </td>
  );
}

function overlaps(pairs: readonly CoordinatedPair[]): ReadonlyMap<string, Overlap> {
  return new Map(
    pairs.flatMap((pair) => [
      [`${pair.first}\n${pair.second}`, pair] as const,
      [`${pair.second}\n${pair.first}`, pair] as const,
    ]),
  );
}

/** Where Tab enters the matrix. */
function firstRow(agents: readonly CoordinatedAgent[], met: ReadonlyMap<string, Overlap>): number {
  return agents.findIndex((_, rowAt) => firstColumn(agents, met, rowAt) !== -1);
}

function firstColumn(agents: readonly CoordinatedAgent[], met: ReadonlyMap<string, Overlap>, rowAt: number): number {
  const row = agents[rowAt];
  if (row === undefined) return -1;
  return [undefined, ...agents].findIndex((column) =>
    column === undefined ? row.overlap !== "none" : met.has(`${row.session}\n${column.session}`),
  );
}

const steps: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Arrow keys go to the next cell in that direction in which something meets. */
function moveInGrid(event: KeyboardEvent): void {
  const step = steps[event.key];
  const from = event.target instanceof Element ? event.target.closest("td") : null;
  const rows = Array.from(from?.closest("tbody")?.children ?? []);
  if (step === undefined || from === null || event.altKey || event.ctrlKey || event.metaKey) return;
  let rowAt = rows.findIndex((row) => row === from.parentElement);
  let columnAt = Array.from(from.parentElement?.children ?? []).indexOf(from);
  for (;;) {
    rowAt += step[0];
    columnAt += step[1];
    const cell = rows[rowAt]?.children[columnAt];
    if (cell === undefined || cell.tagName === "TH") return;
    const button = cell.querySelector("button");
    if (button === null) continue;
    event.preventDefault();
    for (const other of rows.flatMap((row) => Array.from(row.querySelectorAll("button")))) other.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
    return;
  }
}
