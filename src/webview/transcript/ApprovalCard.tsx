import { useState } from "preact/hooks";
import { remarksOn } from "../../base/requestRemarks.ts";
import { toLine } from "../../base/visibleText.ts";
import type { PendingToolCall } from "../../protocol/toolCall.ts";
import { filePathOf } from "../changes/filePath.ts";
import { plainOf } from "../kit/format.ts";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { useOpenedField } from "../kit/useOpenedField.ts";
import { useTyped } from "../kit/useTyped.ts";
import { ToolInput } from "./ToolInput.tsx";
import { runsCommand, textOf, toToolInputView } from "./toolInput.ts";
import { VisibleText } from "./VisibleText.tsx";
import { t } from "../kit/l10n.ts";
import { focusComposer } from "./Composer.tsx";

/**
 * A tool call that waits for a person. Drawn apart from anything the agent wrote: the question and the two buttons are
 * ours, what is asked for is shown exactly, and the agent's own words and options are marked as such.
 */
export function ApprovalCard({ turnId, toolCall }: { turnId: string; toolCall: PendingToolCall }) {
  const panel = usePanel();
  const [isSending, setSending] = useState(false);
  const { toolCallId } = toolCall;
  const [note, setNote] = useTyped(`note ${toolCallId}`);
  const isDenying = note !== undefined;
  const field = useOpenedField(isDenying);
  const isLive = panel.store.facts.value?.connection === "live";
  const isDisabled = isSending || !isLive;

  const answer = async (approved: boolean, optionId?: string) => {
    setSending(true);
    const option = optionId === undefined ? {} : { optionId };
    const typed = note?.trim() ?? "";
    const arrived = approved
      ? await panel.attempt("approve", { turnId, toolCallId, ...option })
      : await panel.attempt("deny", { turnId, toolCallId, ...option, ...(typed === "" ? {} : { note: typed }) });
    if (!arrived) return setSending(false);
    setNote(undefined);
    focusComposer();
  };

  const isCommand = runsCommand(toolCall);
  const input = toToolInputView(toolCall.toolInput, isCommand);
  const { command } = input;
  const said = plainOf(toolCall.confirmationTitle) || plainOf(toolCall.invocationMessage);
  const paths = toolCall.edits?.items.map((edit) => filePathOf(edit)) ?? [];
  const remarks = remarksOn([textOf(input), ...paths].join("\n"), t);
  const question = command === undefined ? t("Allow this tool call?") : t("Allow this command to run?");
  return (
    <section class="approval" aria-label={question}>
      <div class="approval-title">
        <Icon name="shield" />
        <h3>{question}</h3>
        <span class="approval-tool">{toLine(toolCall.displayName, 80)}</span>
      </div>
      {said === "" || said === command ? null : (
        <p class="approval-said">
          <span class="muted">{t("The agent says:")}</span> <VisibleText text={toLine(said, 500)} />
        </p>
      )}
      <ToolInput input={toolCall.toolInput} isCommand={isCommand} whole />
      {remarks.map((remark) => (
        <p key={remark} class="approval-warning">
          <Icon name="warning" /> {remark}
        </p>
      ))}
      {toolCall.edits ? <Edits items={toolCall.edits.items} /> : null}
      <div class="approval-buttons">
        <button type="button" class="button" disabled={isDisabled} onClick={() => void answer(true)}>
          <Icon name="check" /> {t("Approve")}
        </button>
        <button type="button" class="button secondary" disabled={isDisabled} onClick={() => void answer(false)}>
          <Icon name="close" /> {t("Deny")}
        </button>
        {isDenying ? null : (
          <button type="button" class="link-button" onClick={() => setNote("")}>
            {t("Deny with a note…")}
          </button>
        )}
        {toolCall.options && toolCall.options.length > 0 ? (
          <div class="approval-options" role="group" aria-label={t("Answers that the agent offers")}>
            <span class="muted">{t("Agent's own answers:")}</span>
            {toolCall.options.map((option) => (
              <button
                key={option.id}
                type="button"
                class="chip"
                disabled={isDisabled}
                title={option.kind === "approve" ? t("Approves") : t("Denies")}
                onClick={() => void answer(option.kind === "approve", option.id)}
              >
                <Icon name={option.kind === "approve" ? "check" : "close"} /> {toLine(option.label, 80)}
              </button>
            ))}
          </div>
        ) : null}
      </div>
      {isDenying ? (
        <textarea
          ref={field}
          class="approval-note"
          rows={2}
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
          placeholder={t("What the agent should do instead; sent when you press Deny")}
          aria-label={t("Note to the agent")}
        />
      ) : null}
      {isLive ? null : <p class="muted">{t("The host is not connected. You can answer as soon as it is.")}</p>}
    </section>
  );
}

function Edits({ items }: { items: NonNullable<PendingToolCall["edits"]>["items"] }) {
  return (
    <ul class="approval-edits" aria-label={t("Files that it would change")}>
      {items.map((edit, index) => (
        <li key={index}>
          <Icon name="file" /> <VisibleText text={filePathOf(edit)} />
          {edit.diff ? (
            <span class="counts">
              {" "}
              <span class="added">+{edit.diff.added ?? 0}</span> <span class="removed">−{edit.diff.removed ?? 0}</span>
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
