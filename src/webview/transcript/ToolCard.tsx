import { useState } from "preact/hooks";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import type { ToolCall, ToolContent } from "../../protocol/toolCall.ts";
import { filePathOf, fileStatusOf } from "../changes/filePath.ts";
import { Counts } from "../kit/Counts.tsx";
import { plainOf } from "../kit/format.ts";
import { Icon } from "../kit/Icon.tsx";
import { memo } from "../kit/memo.ts";
import { usePanel } from "../kit/panelContext.ts";
import { TerminalOutput } from "../log/TerminalOutput.tsx";
import { Markdown } from "./Markdown.tsx";
import { toolCardView } from "./toolCardView.ts";
import { runsCommand } from "./toolInput.ts";
import { ToolInput } from "./ToolInput.tsx";

const maxTextChars = 20_000;

/** One tool call as a row that opens: what it did, with what, and what came out. */
export const ToolCard = memo(function ToolCard({ toolCall }: { toolCall: ToolCall }) {
  const view = toolCardView(toolCall);
  const [choice, setOpen] = useState<boolean | undefined>(undefined);
  // A failure shows itself; everything else waits until somebody wants to know.
  const isOpen = choice ?? view.tone === "failed";
  const spin = view.icon === "loading" ? "codicon-modifier-spin" : "";
  return (
    <div class={`tool tone-${view.tone}`}>
      <button type="button" class="tool-row" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name={isOpen ? "chevron-down" : "chevron-right"} class="twistie" />
        <Icon name={view.icon} label={view.state} class={`tool-state ${spin}`} />
        <span class="tool-title">{view.title}</span>
        {view.summary === "" ? null : <span class="tool-summary">{view.summary}</span>}
        {view.edits === undefined ? null : <Counts {...view.edits} />}
        {view.exitCode === undefined || view.exitCode === 0 ? null : (
          <span class="tool-exit">exit {view.exitCode}</span>
        )}
      </button>
      {isOpen ? <ToolBody toolCall={toolCall} /> : null}
    </div>
  );
});

function ToolBody({ toolCall }: { toolCall: ToolCall }) {
  const input =
    toolCall.status === "streaming" ? toolCall.partialInput : "toolInput" in toolCall ? toolCall.toolInput : undefined;
  const content = ("content" in toolCall ? toolCall.content : undefined) ?? [];
  const error = toolCall.status === "completed" ? toolCall.error?.message : undefined;
  const said = toolCall.status === "cancelled" ? toolCall.userSuggestion || plainOf(toolCall.reasonMessage) : undefined;
  return (
    <div class="tool-body">
      <ToolInput input={input} isCommand={runsCommand(toolCall)} />
      {content.map((item, index) => (
        <Output key={index} item={item} />
      ))}
      {error === undefined ? null : <pre class="tool-error">{toVisibleText(error.slice(0, maxTextChars))}</pre>}
      {said ? <p class="muted">Note: {toVisibleText(said)}</p> : null}
      {input === undefined && content.length === 0 && error === undefined ? (
        <p class="muted">There is no output.</p>
      ) : null}
    </div>
  );
}

function Output({ item }: { item: ToolContent }) {
  const panel = usePanel();
  switch (item.type) {
    case "text":
      return <TextOutput text={item.text} />;
    case "terminal":
      return (
        <div class="tool-terminal">
          <TerminalOutput terminal={item.resource} preview={item.result?.preview} isDone={item.result !== undefined} />
          <button type="button" class="link-button" onClick={() => panel.act("openLog", { terminal: item.resource })}>
            Open the log in the editor
          </button>
        </div>
      );
    case "fileEdit":
      return (
        <p class="tool-edit">
          <Icon name={fileStatusOf(item) === "added" ? "diff-added" : "diff-modified"} />{" "}
          {toLine(filePathOf(item, panel.store.session.value?.workingDirectories), 300)}{" "}
          {item.diff ? <Counts added={item.diff.added ?? 0} removed={item.diff.removed ?? 0} /> : null}
        </p>
      );
    case "subagent":
      return (
        <p class="muted">
          <Icon name="type-hierarchy-sub" /> Sub-agent: {toLine(item.agentName ?? item.title, 120)}
        </p>
      );
    case "resource":
      return <p class="muted">Content kept on the host ({toLine(item.contentType ?? "unknown kind", 60)}).</p>;
    case "embeddedResource":
      return <p class="muted">Embedded content ({toLine(item.contentType ?? "unknown kind", 60)}).</p>;
    default:
      return null;
  }
}

/** Short text of several paragraphs is most often prose; output of programs stays as it was printed. */
function TextOutput({ text }: { text: string }) {
  const isProse = /^#{1,4} |\n```|\n- |\*\*/.test(text) && text.length < maxTextChars;
  if (isProse) return <Markdown source={text} />;
  return (
    <pre class="tool-text" tabIndex={0}>
      {toVisibleText(text.slice(0, maxTextChars))}
      {text.length > maxTextChars ? `\n… ${(text.length - maxTextChars).toLocaleString("en")} more characters` : ""}
    </pre>
  );
}
