import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { Choices } from "./Choices.tsx";
import { commandsFor, SlashCommands } from "./SlashCommands.tsx";
import { t } from "../kit/l10n.ts";

/** Where a person writes to the agent. What is typed outlives the page and is let go of only when the host has it. */
export function Composer() {
  const panel = usePanel();
  const [text, setText] = useState(panel.memory.draft ?? "");
  const [model, setModel] = useState<string | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const [chosen, setChosen] = useState(0);
  const [isDismissed, setDismissed] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const { chat, facts, session, about } = panel.store;
  const isWorking = chat.value?.activeTurn !== undefined;
  const isLive = facts.value?.connection === "live";
  const canWrite = chat.value !== undefined && session.value?.lifecycle !== "failed";
  const canSend = isLive && canWrite && !isSending && text.trim() !== "";
  const canSteer = isWorking && facts.value?.canSteer === true;
  const commands = isDismissed ? [] : commandsFor(text, about.value.commands ?? []);
  const isChoosing = commands.length > 0;

  useEffect(() => panel.remember({ draft: text }), [panel, text]);

  const write = (next: string) => {
    setText(next);
    setChosen(0);
    setDismissed(false);
  };
  const send = async (how: "sendPrompt" | "steer") => {
    if (!canSend) return;
    setSending(true);
    const arrived =
      how === "steer"
        ? await panel.attempt("steer", { text })
        : await panel.attempt("sendPrompt", { text, ...(model !== undefined && { model }) });
    setSending(false);
    if (arrived) write("");
    field.current?.focus();
  };
  const take = (index: number) => {
    const command = commands[index];
    if (command === undefined) return;
    write(`/${command.name} `);
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // A key that ends the input of a character (IME) is not a command.
    if (event.isComposing) return;
    if (isChoosing) {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step !== 0) setChosen((chosen + step + commands.length) % commands.length);
      else if (event.key === "Tab" || event.key === "Enter") take(chosen);
      else if (event.key === "Escape") setDismissed(true);
      else return;
      event.preventDefault();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    void send(canSteer && (event.ctrlKey || event.metaKey) ? "steer" : "sendPrompt");
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send("sendPrompt");
      }}
    >
      {isChoosing ? <SlashCommands commands={commands} chosen={chosen} onTake={take} /> : null}
      <div class="composer-box">
        <textarea
          ref={field}
          value={text}
          rows={1}
          disabled={!canWrite}
          placeholder={isWorking ? t("Write the next message; it waits for the turn to end") : t("Message the agent")}
          aria-label={t("Message to the agent")}
          aria-autocomplete="list"
          aria-expanded={isChoosing}
          aria-controls="slash-commands"
          aria-activedescendant={isChoosing ? `slash-${chosen}` : undefined}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <div class="composer-buttons">
          {isWorking ? (
            <button
              type="button"
              class="icon-button strong"
              title={t("Stop the agent")}
              aria-label={t("Stop the agent")}
              disabled={!isLive}
              onClick={() => panel.act("stop", {})}
            >
              <Icon name="debug-stop" />
            </button>
          ) : null}
          {canSteer ? (
            <button
              type="button"
              class="icon-button"
              title={t("Steer: tell the agent now (Ctrl+Enter)")}
              aria-label={t("Steer the agent now")}
              disabled={!canSend}
              onClick={() => void send("steer")}
            >
              <Icon name="compass" />
            </button>
          ) : null}
          <button
            type="submit"
            class="icon-button primary"
            title={isWorking ? t("Queue (Enter)") : t("Send (Enter)")}
            aria-label={isWorking ? t("Queue message") : t("Send message")}
            disabled={!canSend}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
      <p class="composer-hint muted">
        {isLive ? (
          <>
            <Keys text={isWorking ? t("{0} queues") : t("{0} sends")}>Enter</Keys>,{" "}
            <Keys text={t("{0} for a line break")}>Shift+Enter</Keys>
            {canSteer ? (
              <>
                , <Keys text={t("{0} tells it now")}>Ctrl+Enter</Keys>
              </>
            ) : null}
          </>
        ) : (
          t("Not connected: what you write is kept")
        )}
        <Choices model={model} onModel={setModel} isLive={isLive} />
      </p>
    </form>
  );
}

/**
 * For whoever has answered what the agent asked: the buttons are gone, and the keyboard would be back at the top of the page.
 * Not to the next request: a key that is pressed twice must not answer what nobody has read.
 */
export function focusComposer(): void {
  document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
}

/** What keys do, with the keys themselves in the place of `{0}`. */
function Keys({ text, children }: { text: string; children: string }) {
  const [before = "", after = ""] = text.split("{0}");
  return (
    <>
      {before}
      <kbd>{children}</kbd>
      {after}
    </>
  );
}
