import { useState } from "preact/hooks";
import { CHECK_COMMAND } from "../../base/checkCommand.ts";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import type { ErrorInfo } from "../../protocol/content.ts";
import type { ActiveTurn, Attachment, Message, ResponsePart, Turn } from "../../protocol/chatState.ts";
import { CopyButton } from "../kit/CopyButton.tsx";
import { formatDuration, plainOf } from "../kit/format.ts";
import { ActionButton } from "../kit/ActionButton.tsx";
import { EmbeddedPicture, isPicture, Picture } from "../kit/Picture.tsx";
import { Icon } from "../kit/Icon.tsx";
import { memo } from "../kit/memo.ts";
import { usePanel } from "../kit/panelContext.ts";
import { ApprovalCard } from "./ApprovalCard.tsx";
import { Markdown } from "./Markdown.tsx";
import { QuestionCard } from "./QuestionCard.tsx";
import { ToolCard } from "./ToolCard.tsx";
import { t } from "../kit/l10n.ts";

interface TurnProps {
  turn: Turn | ActiveTurn;
  /** The last turn of the chat: only that one can be resumed. */
  isLast: boolean;
}

/** Parts that are drawn of a turn, the last ones, until somebody wants more. */
const partsAtOnce = 200;

/** A prompt and all that followed. */
export const TurnView = memo(function TurnView({ turn, isLast }: TurnProps) {
  const isActive = !("state" in turn);
  const [drawn, setDrawn] = useState(partsAtOnce);
  const first = Math.max(0, turn.responseParts.length - drawn);
  return (
    <article class="turn" aria-label={t("Turn")} aria-busy={isActive}>
      <UserMessage message={turn.message} />
      {first === 0 ? null : (
        <button type="button" class="link-button" onClick={() => setDrawn(drawn + partsAtOnce)}>
          {t("Show earlier steps ({0})", first.toLocaleString("en"))}
        </button>
      )}
      {turn.responseParts.slice(first).map((part, at) => (
        <Part
          key={partKey(part, first + at)}
          part={part}
          turnId={turn.id}
          isActive={isActive}
          canResume={isLast && !isActive && turn.state === "error" && first + at === turn.responseParts.length - 1}
        />
      ))}
      {isActive && turn.responseParts.length === 0 ? (
        <p class="thinking-dots muted">
          <Icon name="loading" class="codicon-modifier-spin" /> {t("Waiting for the agent")}
        </p>
      ) : null}
      {isActive ? null : <TurnEnd turn={turn} />}
    </article>
  );
});

/** Parts keep their place; those with an id keep their identity too. */
function partKey(part: ResponsePart, index: number): string {
  if (part.kind === "toolCall" && "toolCallId" in part.toolCall) return part.toolCall.toolCallId;
  return "id" in part ? part.id : String(index);
}

function UserMessage({ message }: { message: Message }) {
  const isUser = message.origin.kind === "user";
  return (
    <div class={isUser ? "user-message" : "user-message other"}>
      <Icon name={isUser ? "account" : "robot"} label={isUser ? t("You") : t("From: {0}", message.origin.kind)} />
      <div class="user-text">
        {toVisibleText(message.text)}
        {message.attachments?.map((item, index) => (
          <AttachmentView key={index} item={item} />
        ))}
      </div>
    </div>
  );
}

function AttachmentView({ item }: { item: Attachment }) {
  const label = "label" in item ? toLine(item.label, 200) : "";
  if (item.type === "resource" && isPicture(item.contentType)) return <Picture uri={item.uri} name={label} />;
  if (item.type === "embeddedResource" && item.contentType !== undefined && isPicture(item.contentType)) {
    return <EmbeddedPicture data={item.data} contentType={item.contentType} name={label} />;
  }
  return (
    <p class="attachment muted">
      <Icon name="paperclip" label={t("Attached")} /> {label}
    </p>
  );
}

interface PartProps {
  part: ResponsePart;
  turnId: string;
  isActive: boolean;
  canResume: boolean;
}

const Part = memo(function Part({ part, turnId, isActive, canResume }: PartProps) {
  switch (part.kind) {
    case "markdown":
      return part.content.trim() === "" ? null : <Markdown source={part.content} />;
    case "reasoning":
      return <Thinking text={part.content} />;
    case "toolCall":
      return isActive && part.toolCall.status === "pending-confirmation" ? (
        <ApprovalCard turnId={turnId} toolCall={part.toolCall} />
      ) : (
        <ToolCard toolCall={part.toolCall} />
      );
    case "systemNotification":
      return (
        <div class="system-note" role="note">
          <Icon name="info" /> <Markdown source={plainOf(part.content)} />
        </div>
      );
    case "inputRequest":
      return isActive && part.response === undefined ? (
        <QuestionCard request={part.request} />
      ) : (
        <p class="muted">
          <Icon name="question" /> {toVisibleText(part.request.message ?? t("The agent asked a question"))}:{" "}
          {part.response === "accept" ? t("answered") : part.response === undefined ? t("not answered") : t("declined")}
        </p>
      );
    case "error":
      return <TurnError error={part.error} resumable={canResume && part.resumable === true} turnId={turnId} />;
    case "contentRef":
      if (isPicture(part.contentType)) return <Picture uri={part.uri} name={t("Picture of the agent")} />;
      return <p class="muted">{t("Content kept on the host.")}</p>;
    default:
      return null;
  }
});

function Thinking({ text }: { text: string }) {
  if (text.trim() === "") return null;
  return (
    <details class="thinking">
      <summary>
        <Icon name="lightbulb-sparkle" /> {t("Thinking")}
      </summary>
      <Markdown source={text} />
    </details>
  );
}

/** What the host's machine lacks, its own check tells. */
const isMissing: ReadonlySet<string> = new Set(["isolation.missing", "agent.missing"]);

function TurnError({ error, resumable, turnId }: { error: ErrorInfo; resumable: boolean; turnId: string }) {
  const panel = usePanel();
  const facts = panel.store.facts.value;
  const isLive = facts?.connection === "live";
  return (
    <div class="turn-error" role="alert">
      <Icon name="error" />
      <div class="turn-error-text">
        {toVisibleText(error.message)}
        {isMissing.has(error.errorType) ? (
          <p class="muted">
            {t("Run on the host, this says what is missing:")} <code>{CHECK_COMMAND}</code>{" "}
            <CopyButton text={CHECK_COMMAND} label={t("Copy the command")} />
          </p>
        ) : null}
      </div>
      {resumable && isLive && facts.needsSignIn ? (
        <ActionButton method="signIn" params={{}} icon="key">
          {t("Sign In")}
        </ActionButton>
      ) : null}
      {resumable ? (
        <ActionButton method="resume" params={{ turnId }} icon="debug-continue" disabled={!isLive}>
          {t("Resume")}
        </ActionButton>
      ) : null}
    </div>
  );
}

function TurnEnd({ turn }: { turn: Turn }) {
  const { duration = 0 } = turn;
  const tokens = (turn.usage?.inputTokens ?? 0) + (turn.usage?.outputTokens ?? 0);
  const facts = [
    turn.state === "cancelled" ? t("Stopped") : undefined,
    duration < 100 ? undefined : formatDuration(duration),
    tokens > 0 ? t("{0} tokens", tokens.toLocaleString("en")) : undefined,
  ].filter((fact) => fact !== undefined);
  return facts.length === 0 ? null : <p class="turn-end muted">{facts.join(" · ")}</p>;
}
