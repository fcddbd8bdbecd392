import { toLine } from "../../base/visibleText.ts";
import type { SessionChoice } from "../../protocol/sessionChoices.ts";
import { t } from "../kit/l10n.ts";
import { usePanel } from "../kit/panelContext.ts";

interface ChoicesProps {
  /** Of the next message, where that may name one. */
  model: string | undefined;
  onModel: (model: string | undefined) => void;
  isLive: boolean;
}

/** In what mode the agent works and with which model. What is chosen holds at once, or for the next message alone. */
export function Choices({ model, onModel, isLive }: ChoicesProps) {
  const panel = usePanel();
  const { choices, models } = panel.store.about.value;
  return (
    <span class="composer-choices">
      {choices.map((choice) => (
        <Select
          key={choice.id}
          label={titleOf(choice)}
          title={t("{0}, from now on", titleOf(choice))}
          options={choice.available}
          value={choice.current}
          disabled={!isLive}
          onChoose={(value) => value !== undefined && panel.act("choose", { property: choice.id, value })}
        />
      ))}
      {models.length === 0 ? null : (
        <Select
          label={t("Model")}
          title={t("Model of the next message")}
          options={models}
          value={model}
          isOptional
          onChoose={onModel}
        />
      )}
    </span>
  );
}

function titleOf({ id, title }: SessionChoice): string {
  if (title !== undefined) return toLine(title, 40);
  return id === "mode" ? t("Mode") : t("Model");
}

interface SelectProps {
  label: string;
  title: string;
  options: SessionChoice["available"];
  value: string | undefined;
  disabled?: boolean;
  /** It may be left to the agent again. */
  isOptional?: boolean;
  onChoose: (value: string | undefined) => void;
}

function Select({ label, title, options, value, disabled = false, isOptional = false, onChoose }: SelectProps) {
  const isListed = options.some(({ id }) => id === value);
  return (
    <select
      aria-label={label}
      title={title}
      value={value ?? ""}
      disabled={disabled}
      onChange={(event) => onChoose(event.currentTarget.value || undefined)}
    >
      {value === undefined || isOptional ? <option value="">{t("Agent's own choice")}</option> : null}
      {value === undefined || isListed ? null : <option value={value}>{toLine(value, 60)}</option>}
      {options.map(({ id, name }) => (
        <option key={id} value={id}>
          {toLine(name, 60)}
        </option>
      ))}
    </select>
  );
}
