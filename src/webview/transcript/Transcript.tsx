import { useState } from "preact/hooks";
import { toVisibleText } from "../../base/visibleText.ts";
import { FollowArea } from "../kit/FollowArea.tsx";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { TurnView } from "./TurnView.tsx";

/** The conversation, oldest first, following its end. */
export function Transcript() {
  const panel = usePanel();
  const chat = panel.store.chat.value;
  const queued = [...(chat?.steeringMessage ? [chat.steeringMessage] : []), ...(chat?.queuedMessages ?? [])];
  return (
    <FollowArea label="Transcript" column="column">
      {panel.store.facts.value?.hasOlder ? <OlderButton /> : null}
      {chat?.turns.map((turn, index) => (
        <TurnView key={turn.id} turn={turn} isLast={index === chat.turns.length - 1 && chat.activeTurn === undefined} />
      ))}
      {chat?.activeTurn ? <TurnView key={chat.activeTurn.id} turn={chat.activeTurn} isLast={false} /> : null}
      {queued.map(({ id, message }) => (
        <div key={id} class="user-message queued">
          <Icon name="clock" label="Queued" />
          <div class="user-text">{toVisibleText(message.text)}</div>
          <button
            type="button"
            class="icon-button"
            title="Remove from the queue"
            aria-label="Remove from the queue"
            onClick={() => panel.act("removeQueued", { id })}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {chat === undefined ? <Loading /> : null}
      {chat !== undefined && chat.turns.length === 0 && chat.activeTurn === undefined ? (
        <p class="empty">
          <Icon name="comment-discussion" /> Nothing has been said yet. Write a prompt below to set the agent to work.
        </p>
      ) : null}
    </FollowArea>
  );
}

function Loading() {
  const facts = usePanel().store.facts.value;
  if (facts?.problem !== undefined) return <p class="empty">{facts.problem}</p>;
  return (
    <p class="empty" role="status">
      <Icon name="loading" class="codicon-modifier-spin" />{" "}
      {facts?.connection === "live" ? "Loading the conversation" : "Waiting for the host"}
    </p>
  );
}

function OlderButton() {
  const panel = usePanel();
  const [isLoading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    await panel.attempt("loadOlder", {});
    setLoading(false);
  };
  return (
    <p class="older">
      <button type="button" class="link-button" disabled={isLoading} onClick={() => void load()}>
        <Icon name={isLoading ? "loading" : "fold-up"} {...(isLoading ? { class: "codicon-modifier-spin" } : {})} />{" "}
        Show earlier turns
      </button>
    </p>
  );
}
