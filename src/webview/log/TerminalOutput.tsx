import { useEffect, useRef } from "preact/hooks";
import { count } from "../kit/format.ts";
import { usePanel } from "../kit/panelContext.ts";
import { AnsiLog } from "./ansiLog.ts";
import { AnsiBlock } from "./AnsiText.tsx";
import { TerminalLog } from "./terminalText.ts";

interface Props {
  terminal: string;
  /** What the tool call itself says of the output, shown until the terminal's own has come. */
  preview: string | undefined;
  isDone: boolean;
}

/** The output of one terminal. It is watched while this is on the page. */
export function TerminalOutput({ terminal, preview, isDone }: Props) {
  const panel = usePanel();
  const log = useRef<{ uri: string; log: TerminalLog } | undefined>(undefined);
  useEffect(() => {
    panel.act("watchTerminal", { terminal });
    return () => panel.act("unwatchTerminal", { terminal });
  }, [panel, terminal]);

  const view = panel.store.terminal(terminal).value;
  if (view === undefined) {
    if (preview === undefined) return <p class="muted">{isDone ? "Loading the output" : "No output yet"}</p>;
    return <Preview text={preview} />;
  }
  if (log.current?.uri !== terminal) log.current = { uri: terminal, log: new TerminalLog() };
  const { blocks, skippedLines, lineCount } = log.current.log.update(view.state);
  const isEmpty = lineCount === 1 && blocks[0]?.lines[0]?.length === 0;
  if (isEmpty) return <p class="muted">{isDone ? "It printed nothing." : "No output yet"}</p>;
  return (
    <div class="terminal" tabIndex={0} role="region" aria-label="Output">
      {skippedLines > 0 || view.skipped > 0 ? (
        <div class="log-skipped">
          {skippedLines > 0 ? count(skippedLines, "line") : count(view.skipped, "character")} skipped
        </div>
      ) : null}
      {blocks.map((block, index) => (
        <AnsiBlock key={block.key} block={block} isLast={index === blocks.length - 1} />
      ))}
    </div>
  );
}

function Preview({ text }: { text: string }) {
  const log = new AnsiLog(500);
  log.write(text);
  return (
    <div class="terminal" tabIndex={0} role="region" aria-label="Output">
      {log.blocks.map((block, index) => (
        <AnsiBlock key={block.key} block={block} isLast={index === log.blocks.length - 1} />
      ))}
    </div>
  );
}
