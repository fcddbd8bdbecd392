import { useCallback, useState } from "preact/hooks";
import type { LogRow } from "../../protocol/panelLog.ts";
import { toVisibleText } from "../../base/visibleText.ts";
import { LogLine } from "./LogLine.tsx";
import { LogRows } from "./LogRows.tsx";
import { useLog } from "./useLog.ts";
import { t } from "../kit/l10n.ts";

/** The output of one terminal, in the place of its tool call. */
export function TerminalOutput({ terminal, preview }: { terminal: string; preview: string | undefined }) {
  const model = useLog(terminal);
  const [isFollowing, setFollowing] = useState(true);
  const draw = useCallback((row: LogRow | undefined, index: number) => {
    if (row?.kind !== "line") return <Filler key={index} text={row?.kind === "note" ? row.text : ""} />;
    return (
      <LogLine
        key={index}
        line={row}
        row={index}
        finding={undefined}
        isCurrent={false}
        isSelected={false}
        onNumber={undefined}
      />
    );
  }, []);
  // What the tool call itself says of the output, until the terminal's own has come.
  if (model.rows.value === 0 && preview !== undefined) {
    return (
      <pre class="tool-text" tabIndex={0}>
        {toVisibleText(preview)}
      </pre>
    );
  }
  return (
    <div class="terminal" style={{ "--rows": Math.max(1, model.rows.value) }}>
      <LogRows model={model} label={t("Output")} isFollowing={isFollowing} onFollow={setFollowing} draw={draw} />
    </div>
  );
}

/** Stands where no line is: something that is said about the log, or a row that has not come yet. */
export function Filler({ text }: { text: string }) {
  return <div class="log-row log-note muted">{toVisibleText(text)}</div>;
}
