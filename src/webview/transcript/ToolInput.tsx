import type { ToolInput as Input } from "../../protocol/toolCall.ts";
import { toToolInputView } from "./toolInput.ts";
import { VisibleText } from "./VisibleText.tsx";
import { t } from "../kit/l10n.ts";

const maxShownChars = 20_000;

interface Props {
  input: Input | undefined;
  /** Input that is no JSON object is a command. */
  isCommand: boolean;
  whole?: boolean;
}

/** What a tool is to be called with, exactly. `whole` for judging it: then nothing is cut. */
export function ToolInput({ input, isCommand, whole = false }: Props) {
  const view = toToolInputView(input, isCommand);
  const shown = (text: string) => (whole || text.length <= maxShownChars ? text : text.slice(0, maxShownChars));
  return (
    <>
      {view.command === undefined ? null : (
        <pre class="tool-command" tabIndex={0} aria-label={t("Command")}>
          <span class="prompt" aria-hidden="true">
            ${" "}
          </span>
          <VisibleText text={shown(view.command)} />
        </pre>
      )}
      {view.raw === undefined ? null : (
        <pre class="tool-raw" tabIndex={0} aria-label={t("Input")}>
          <VisibleText text={shown(view.raw)} />
        </pre>
      )}
      {view.fields.length === 0 ? null : (
        <dl class="tool-fields">
          {view.fields.map(({ name, value }) => (
            <div key={name} class={value.includes("\n") || value.length > 80 ? "field long" : "field"}>
              <dt>
                <VisibleText text={name} />
              </dt>
              <dd>
                <VisibleText text={shown(value)} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}
