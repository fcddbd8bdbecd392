import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";

/** Where a person writes to the agent. What is typed outlives the page and is let go of only when the host has it. */
export function Composer() {
  const panel = usePanel();
  const [text, setText] = useState(panel.memory.draft ?? "");
  const [isSending, setSending] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const { chat, facts, session } = panel.store;
  const isWorking = chat.value?.activeTurn !== undefined;
  const isLive = facts.value?.connection === "live";
  const canWrite = chat.value !== undefined && session.value?.lifecycle !== "failed";
  const canSend = isLive && canWrite && !isSending && text.trim() !== "";

  useEffect(() => panel.remember({ draft: text }), [panel, text]);

  const send = async () => {
    if (!canSend) return;
    setSending(true);
    const arrived = await panel.attempt("sendPrompt", { text });
    setSending(false);
    if (arrived) setText("");
    field.current?.focus();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="composer-box">
        <textarea
          ref={field}
          value={text}
          rows={1}
          disabled={!canWrite}
          placeholder={isWorking ? "Write the next message; it waits for the turn to end" : "Message the agent"}
          aria-label="Message to the agent"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            // A key that ends the input of a character (IME) is not a command.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <div class="composer-buttons">
          {isWorking ? (
            <button
              type="button"
              class="icon-button strong"
              title="Stop the agent"
              aria-label="Stop the agent"
              disabled={!isLive}
              onClick={() => panel.act("stop", {})}
            >
              <Icon name="debug-stop" />
            </button>
          ) : null}
          <button
            type="submit"
            class="icon-button primary"
            title={isWorking ? "Queue (Enter)" : "Send (Enter)"}
            aria-label={isWorking ? "Queue message" : "Send message"}
            disabled={!canSend}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
      <p class="composer-hint muted">
        {isLive ? (
          <>
            <kbd>Enter</kbd> {isWorking ? "queues" : "sends"}, <kbd>Shift+Enter</kbd> for a line break
          </>
        ) : (
          "Not connected: what you write is kept"
        )}
      </p>
    </form>
  );
}
