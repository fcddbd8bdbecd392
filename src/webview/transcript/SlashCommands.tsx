import { toLine } from "../../base/visibleText.ts";
import type { PanelAbout } from "../../protocol/panel.ts";
import { t } from "../kit/l10n.ts";

type Command = NonNullable<PanelAbout["commands"]>[number];

const maxShown = 8;

/** The agent's own commands that begin as the text does, while the text is one word after a slash. */
export function commandsFor(text: string, commands: readonly Command[]): readonly Command[] {
  const [, typed] = /^\/(\S*)$/.exec(text) ?? [];
  if (typed === undefined) return [];
  return commands.filter(({ name }) => name.toLowerCase().startsWith(typed.toLowerCase())).slice(0, maxShown);
}

interface SlashCommandsProps {
  commands: readonly Command[];
  chosen: number;
  onTake: (index: number) => void;
}

export function SlashCommands({ commands, chosen, onTake }: SlashCommandsProps) {
  return (
    <ul class="slash" role="listbox" id="slash-commands" aria-label={t("Commands of the agent")}>
      {commands.map(({ name, description, hint }, index) => (
        <li
          key={name}
          id={`slash-${index}`}
          role="option"
          aria-selected={index === chosen}
          class={index === chosen ? "chosen" : ""}
          onMouseDown={(event) => {
            event.preventDefault();
            onTake(index);
          }}
        >
          <span class="mono">/{toLine(name, 60)}</span>{" "}
          {hint === undefined ? null : <span class="muted">{toLine(hint, 60)} </span>}
          <span class="muted">{toLine(description, 160)}</span>
        </li>
      ))}
    </ul>
  );
}
