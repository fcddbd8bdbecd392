import { toVisibleText } from "../../base/visibleText.ts";
import type { PendingMessage } from "../../protocol/chatState.ts";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { useOpenedField } from "../kit/useOpenedField.ts";
import { useTyped } from "../kit/useTyped.ts";
import { t } from "../kit/l10n.ts";

/** Messages that wait for the turn to end, and the one that is on its way into it. */
export function Queue() {
  const chat = usePanel().store.chat.value;
  const queued = chat?.queuedMessages ?? [];
  if (chat?.steeringMessage === undefined && queued.length === 0) return null;
  return (
    <ul class="queue" aria-label={t("Messages that wait")}>
      {chat?.steeringMessage ? <Steering message={chat.steeringMessage} /> : null}
      {queued.map((message, index) => (
        <Queued key={message.id} message={message} isFirst={index === 0} />
      ))}
    </ul>
  );
}

function Steering({ message: { id, message } }: { message: PendingMessage }) {
  return (
    <li class="queued">
      <Icon name="compass" label={t("On its way to the agent")} />
      <span class="queued-text">{toVisibleText(message.text)}</span>
      <Remove id={id} />
    </li>
  );
}

function Queued({ message: { id, message }, isFirst }: { message: PendingMessage; isFirst: boolean }) {
  const panel = usePanel();
  const [text, setText] = useTyped(`queued ${id}`);
  const field = useOpenedField(text !== undefined);
  const save = async () => {
    if (text === undefined || text.trim() === "") return;
    if (text === message.text || (await panel.attempt("editQueued", { id, text }))) setText(undefined);
  };
  if (text !== undefined) {
    return (
      <li class="queued">
        <textarea
          ref={field}
          rows={2}
          value={text}
          aria-label={t("Queued message")}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setText(undefined);
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            void save();
          }}
        />
        <button
          type="button"
          class="icon-button"
          title={t("Save (Enter)")}
          aria-label={t("Save the queued message")}
          onClick={() => void save()}
        >
          <Icon name="check" />
        </button>
        <button
          type="button"
          class="icon-button"
          title={t("Discard (Escape)")}
          aria-label={t("Discard the edit")}
          onClick={() => setText(undefined)}
        >
          <Icon name="discard" />
        </button>
      </li>
    );
  }
  return (
    <li class="queued">
      <Icon name="clock" label={t("Queued")} />
      <span class="queued-text">{toVisibleText(message.text)}</span>
      {isFirst ? null : (
        <button
          type="button"
          class="icon-button"
          title={t("Send earlier")}
          aria-label={t("Send earlier")}
          onClick={() => panel.act("advanceQueued", { id })}
        >
          <Icon name="arrow-up" />
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        title={t("Edit")}
        aria-label={t("Edit the queued message")}
        onClick={() => setText(message.text)}
      >
        <Icon name="edit" />
      </button>
      <Remove id={id} />
    </li>
  );
}

function Remove({ id }: { id: string }) {
  const panel = usePanel();
  return (
    <button
      type="button"
      class="icon-button"
      title={t("Remove from the queue")}
      aria-label={t("Remove from the queue")}
      onClick={() => panel.act("removeQueued", { id })}
    >
      <Icon name="close" />
    </button>
  );
}
