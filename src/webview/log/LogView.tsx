import { useEffect, useRef, useState } from "preact/hooks";
import { FollowArea } from "../kit/FollowArea.tsx";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { TerminalOutput } from "./TerminalOutput.tsx";
import { type ToolLog, toolLogsOf } from "./toolLogs.ts";

/** Everything that the tools printed, in order, following its end. */
export function LogView() {
  const panel = usePanel();
  const logs = toolLogsOf(panel.store.chat.value);
  return (
    <FollowArea label="Tool output" column="log-column">
      {logs.map((log) => (
        <LogSection key={log.key} log={log} />
      ))}
      {logs.length === 0 ? (
        <p class="empty">
          <Icon name="terminal" /> No tool has printed anything yet.
        </p>
      ) : null}
    </FollowArea>
  );
}

function LogSection({ log }: { log: ToolLog }) {
  const panel = usePanel();
  const section = useRef<HTMLElement>(null);
  const isNear = useIsNear(section);
  const { icon, state, tone, exitCode } = log.view;
  return (
    <section ref={section} class={`log-section tone-${tone}`} aria-label={log.title}>
      <header class="log-head">
        <Icon name={icon} label={state} class={icon === "loading" ? "codicon-modifier-spin" : ""} />
        <h2 class="mono">{log.title}</h2>
        {exitCode === undefined ? null : <span class={exitCode === 0 ? "log-exit" : "tool-exit"}>exit {exitCode}</span>}
        <button
          type="button"
          class="icon-button"
          title="Open in the editor"
          aria-label={`Open the log of ${log.title} in the editor`}
          onClick={() => panel.act("openLog", { terminal: log.terminal })}
        >
          <Icon name="go-to-file" />
        </button>
      </header>
      {isNear ? (
        <TerminalOutput terminal={log.terminal} preview={log.preview} isDone={log.isDone} />
      ) : (
        <div class="terminal placeholder" />
      )}
    </section>
  );
}

/** True while the element is on the screen or close to it: only those terminals are watched. */
function useIsNear(element: { readonly current: HTMLElement | null }): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (!element.current) return undefined;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: "600px 0px",
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return isNear;
}
