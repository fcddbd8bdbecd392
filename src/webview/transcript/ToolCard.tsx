import { useState } from "preact/hooks";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import type { ToolCall, ToolContent } from "../../protocol/toolCall.ts";
import { DiffView } from "../changes/DiffView.tsx";
import { filePathOf, fileStatusOf } from "../changes/filePath.ts";
import { Counts } from "../kit/Counts.tsx";
import { plainOf } from "../kit/format.ts";
import { Icon } from "../kit/Icon.tsx";
import { memo } from "../kit/memo.ts";
import { usePanel } from "../kit/panelContext.ts";
import { EmbeddedPicture, isPicture, Picture } from "../kit/Picture.tsx";
import { TerminalOutput } from "../log/TerminalOutput.tsx";
import { Markdown } from "./Markdown.tsx";
import { toolCardView } from "./toolCardView.ts";
import { runsCommand } from "./toolInput.ts";
import { ToolInput } from "./ToolInput.tsx";
import { t } from "../kit/l10n.ts";

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
          <span class="tool-exit">{t("exit {0}", view.exitCode)}</span>
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
        <Output
          key={index}
          item={item}
          index={index}
          toolCallId={"toolCallId" in toolCall ? toolCall.toolCallId : ""}
        />
      ))}
      {error === undefined ? null : <pre class="tool-error">{toVisibleText(error.slice(0, maxTextChars))}</pre>}
      {said ? <p class="muted">{t("Note: {0}", toVisibleText(said))}</p> : null}
      {input === undefined && content.length === 0 && error === undefined ? (
        <p class="muted">{t("There is no output.")}</p>
      ) : null}
    </div>
  );
}

interface OutputProps {
  item: ToolContent;
  index: number;
  toolCallId: string;
}

function Output({ item, index, toolCallId }: OutputProps) {
  const panel = usePanel();
  switch (item.type) {
    case "text":
      return <TextOutput text={item.text} />;
    case "terminal":
      return (
        <div class="tool-terminal">
          <TerminalOutput terminal={item.resource} preview={item.result?.preview} />
          <button type="button" class="link-button" onClick={() => panel.goToLog(item.resource)}>
            {t("Show in the log")}
          </button>
          <button type="button" class="link-button" onClick={() => panel.act("openLog", { terminal: item.resource })}>
            {t("Open the log in the editor")}
          </button>
        </div>
      );
    case "fileEdit":
      return <Edit item={item} index={index} toolCallId={toolCallId} />;
    case "subagent":
      return (
        <p class="muted">
          <Icon name="type-hierarchy-sub" /> {t("Sub-agent: {0}", toLine(item.agentName ?? item.title, 120))}
        </p>
      );
    case "resource":
      if (isPicture(item.contentType)) return <Picture uri={item.uri} name={t("Picture of a tool")} />;
      return <p class="muted">{t("Content kept on the host ({0}).", kindOf(item.contentType))}</p>;
    case "embeddedResource":
      if (item.contentType !== undefined && isPicture(item.contentType)) {
        return <EmbeddedPicture data={item.data} contentType={item.contentType} name={t("Picture of a tool")} />;
      }
      return <p class="muted">{t("Embedded content ({0}).", kindOf(item.contentType))}</p>;
    default:
      return null;
  }
}

function kindOf(contentType: string | undefined): string {
  return contentType === undefined ? t("unknown kind") : toLine(contentType, 60);
}

/** A file that the call changed; its lines when somebody wants to see them. */
function Edit({ item, index, toolCallId }: OutputProps & { item: Extract<ToolContent, { type: "fileEdit" }> }) {
  const panel = usePanel();
  const [isOpen, setOpen] = useState(false);
  const path = toLine(filePathOf(item, panel.store.session.value?.workingDirectories), 300);
  return (
    <div class="tool-edit">
      <button type="button" class="tool-row" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name={isOpen ? "chevron-down" : "chevron-right"} class="twistie" />
        <Icon name={fileStatusOf(item) === "added" ? "diff-added" : "diff-modified"} />
        <span class="tool-title">{path}</span>
        {item.diff ? <Counts added={item.diff.added ?? 0} removed={item.diff.removed ?? 0} /> : null}
      </button>
      {isOpen ? (
        <DiffView of={`${toolCallId} ${index}`} read={() => panel.request("readEdit", { toolCallId, index })} />
      ) : null}
    </div>
  );
}

/** Short text of several paragraphs is most often prose; output of programs stays as it was printed. */
function TextOutput({ text }: { text: string }) {
  const isProse = /^#{1,4} |\n```|\n- |\*\*/.test(text) && text.length < maxTextChars;
  if (isProse) return <Markdown source={text} />;
  return (
    <pre class="tool-text" tabIndex={0}>
      {toVisibleText(text.slice(0, maxTextChars))}
      {text.length > maxTextChars
        ? `\n${t("… {0} more characters", (text.length - maxTextChars).toLocaleString("en"))}`
        : ""}
    </pre>
  );
}
