import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type LogRow, WHOLE_LOG } from "../../protocol/panelLog.ts";
import { toLine } from "../../base/visibleText.ts";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { FindBar } from "./FindBar.tsx";
import { type Finding, LogLine } from "./LogLine.tsx";
import { LogRows, type RowsControl } from "./LogRows.tsx";
import { Filler } from "./TerminalOutput.tsx";
import { type ToolLog, toolLogsOf } from "./toolLogs.ts";
import { useLog } from "./useLog.ts";
import { t } from "../kit/l10n.ts";

interface Selection {
  readonly anchor: number;
  readonly head: number;
}

/** Everything that the tools printed, in the order of their calls. */
export function LogView() {
  const panel = usePanel();
  const { facts, chat } = panel.store;
  const tools = toolLogsOf(chat.value);
  const model = useLog(WHOLE_LOG);
  const rows = useRef<RowsControl | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [finding, setFinding] = useState<Finding | undefined>(undefined);
  const [current, setCurrent] = useState<number | undefined>(undefined);
  const [selection, setSelection] = useState<Selection | undefined>(undefined);

  const take = useCallback((control: RowsControl | undefined) => {
    rows.current = control;
  }, []);
  const show = useCallback((row: number) => {
    setFollowing(false);
    setCurrent(row);
    rows.current?.show(row);
  }, []);
  const find = useCallback(
    async ({ text, matchCase }: Finding, direction: 1 | -1 | 0) => {
      const from = current ?? rows.current?.top ?? 0;
      const found = await panel
        .request("findLog", { log: WHOLE_LOG, text, matchCase, from, direction })
        .catch(() => undefined);
      if (found?.row !== undefined) show(found.row);
      return found;
    },
    [panel, current, show],
  );
  // Somebody came here from a tool call of the transcript.
  const wanted = panel.wantedTerminal.value;
  useEffect(() => {
    if (wanted === undefined) return;
    panel.wantedTerminal.value = undefined;
    void panel.request("locateLog", { terminal: wanted }).then(
      ({ row }) => row !== undefined && show(row),
      () => undefined,
    );
  }, [panel, wanted, show]);
  const select = useCallback((row: number, extend: boolean) => {
    setFollowing(false);
    setSelection((before) => (extend && before ? { ...before, head: row } : { anchor: row, head: row }));
  }, []);

  const [from, to] =
    selection === undefined
      ? [0, 0]
      : [Math.min(selection.anchor, selection.head), Math.max(selection.anchor, selection.head) + 1];
  const copy = () => panel.act("copyLog", { log: WHOLE_LOG, ...(selection && { from, to }) });
  const draw = (row: LogRow | undefined, index: number) => {
    if (row === undefined) return <Filler key={index} text="" />;
    if (row.kind === "note") return <Filler key={index} text={row.text} />;
    if (row.kind === "head") {
      return <Head key={index} row={row} tool={tools.find(({ terminal }) => terminal === row.terminal)} />;
    }
    return (
      <LogLine
        key={index}
        line={row}
        row={index}
        finding={finding}
        isCurrent={index === current && finding !== undefined}
        isSelected={index >= from && index < to}
        onNumber={select}
      />
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key === "f") field.current?.focus();
    else if (
      isCommand &&
      event.key === "c" &&
      selection !== undefined &&
      document.getSelection()?.isCollapsed !== false
    )
      copy();
    else if (event.key === "Escape" && selection !== undefined) setSelection(undefined);
    else return;
    event.preventDefault();
  };

  if (tools.length === 0) {
    return (
      <p class="empty">
        <Icon name="terminal" /> {t("No tool has printed anything yet.")}
      </p>
    );
  }
  return (
    <div class="log" onKeyDown={onKeyDown}>
      <div class="log-bar" role="toolbar" aria-label={t("Log")}>
        <FindBar field={field} find={find} onChange={setFinding} />
        <span class="log-total muted">
          {model.isReading.value ? <Icon name="loading" class="codicon-modifier-spin" label={t("Loading")} /> : null}{" "}
          {model.rows.value === 1 ? t("1 row") : t("{0} rows", model.rows.value.toLocaleString("en"))}
        </span>
        <button
          type="button"
          class="icon-button"
          aria-pressed={isFollowing}
          title={t("Follow the end")}
          aria-label={t("Follow the end")}
          onClick={() => setFollowing(!isFollowing)}
        >
          <Icon name="arrow-circle-down" />
        </button>
        <button
          type="button"
          class="icon-button"
          title={selection ? t("Copy the selected lines") : t("Copy all")}
          aria-label={selection ? t("Copy the selected lines") : t("Copy all")}
          onClick={copy}
        >
          <Icon name="copy" />
        </button>
        <button
          type="button"
          class="icon-button"
          title={t("Download")}
          aria-label={t("Download the log")}
          onClick={() => panel.act("saveLog", { log: WHOLE_LOG })}
        >
          <Icon name="save" />
        </button>
      </div>
      {facts.value?.hasOlder ? (
        <p class="log-older muted">
          {t("Output of earlier turns is not loaded.")}{" "}
          <button type="button" class="link-button" onClick={() => panel.act("loadOlder", {})}>
            {t("Load earlier turns")}
          </button>
        </p>
      ) : null}
      <div class="terminal whole">
        <LogRows
          model={model}
          label={t("Tool output")}
          isFollowing={isFollowing}
          onFollow={setFollowing}
          draw={draw}
          control={take}
        />
      </div>
    </div>
  );
}

function Head({ row, tool }: { row: Extract<LogRow, { kind: "head" }>; tool: ToolLog | undefined }) {
  const panel = usePanel();
  const { terminal } = row;
  const title = tool?.title ?? toLine(row.title, 200);
  const view = tool?.view;
  return (
    <div class={`log-row log-head tone-${view?.tone ?? "done"}`}>
      {view === undefined ? null : (
        <Icon name={view.icon} label={view.state} class={view.icon === "loading" ? "codicon-modifier-spin" : ""} />
      )}
      <h2>{title}</h2>
      {view?.exitCode === undefined ? null : (
        <span class={view.exitCode === 0 ? "log-exit" : "tool-exit"}>{t("exit {0}", view.exitCode)}</span>
      )}
      {tool === undefined ? null : (
        <button
          type="button"
          class="icon-button"
          title={t("Go to the turn")}
          aria-label={t("Go to the turn of {0}", title)}
          onClick={() => panel.goToTurn(tool.turnId)}
        >
          <Icon name="comment-discussion" />
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        title={t("Open in the editor")}
        aria-label={t("Open the log of {0} in the editor", title)}
        onClick={() => panel.act("openLog", { terminal })}
      >
        <Icon name="go-to-file" />
      </button>
      <button
        type="button"
        class="icon-button"
        title={t("Open as it was printed, with every control")}
        aria-label={t("Open what {0} printed, with every control", title)}
        onClick={() => panel.act("openLog", { terminal, isRaw: true })}
      >
        <Icon name="file-binary" />
      </button>
    </div>
  );
}
