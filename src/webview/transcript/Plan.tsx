import { toLine } from "../../base/visibleText.ts";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { t } from "../kit/l10n.ts";

const icons: Readonly<Record<string, string>> = { completed: "pass-filled", in_progress: "loading" };
const words: Readonly<Record<string, string>> = { completed: t("done"), in_progress: t("in progress") };

/** What the agent means to do, folded to the step that it is at. */
export function Plan() {
  const plan = usePanel().store.about.value.plan ?? [];
  if (plan.length === 0) return null;
  const done = plan.filter(({ status }) => status === "completed").length;
  const step = plan.find(({ status }) => status === "in_progress");
  return (
    <details class="plan">
      <summary>
        <Icon name="checklist" /> {t("Plan {0} of {1}", done, plan.length)}
        {step === undefined ? null : <span class="plan-step">{toLine(step.content, 160)}</span>}
      </summary>
      <ol>
        {plan.map(({ content, status }, index) => (
          <li key={index} class={status}>
            <Icon name={icons[status] ?? "circle-large-outline"} label={words[status] ?? t("to do")} />{" "}
            {toLine(content, 400)}
          </li>
        ))}
      </ol>
    </details>
  );
}
