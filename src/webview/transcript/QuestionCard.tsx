import { useState } from "preact/hooks";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import type { InputAnswer, InputQuestion, InputRequest } from "../../protocol/input.ts";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { useTyped } from "../kit/useTyped.ts";
import { t } from "../kit/l10n.ts";
import { focusComposer } from "./Composer.tsx";

type Answers = Record<string, InputAnswer>;
type KnownQuestion = Extract<InputQuestion, { message: string; id: string }>;

/** A question of a kind that a later protocol brings cannot be drawn here. */
function isKnown(question: InputQuestion): question is KnownQuestion {
  return "id" in question && "message" in question;
}

/** A question of the agent. The frame and the buttons are ours; what it asks is shown as plain text. */
export function QuestionCard({ request }: { request: InputRequest }) {
  const panel = usePanel();
  const questions = request.questions ?? [];
  const [typed, setTyped] = useTyped(`answers ${request.id}`);
  const answers = typed === undefined ? initialAnswers(request) : parseAnswers(typed);
  const [isSending, setSending] = useState(false);
  const isLive = panel.store.facts.value?.connection === "live";
  const isComplete = questions.every((question) => !isKnown(question) || !question.required || question.id in answers);

  const send = async (response: "accept" | "decline") => {
    setSending(true);
    const sent = response === "accept" ? answers : {};
    if (!(await panel.attempt("answerInput", { requestId: request.id, response, answers: sent }))) {
      return setSending(false);
    }
    setTyped(undefined);
    focusComposer();
  };
  const set = (id: string, value: InputAnswer | undefined) => {
    const { [id]: _, ...rest } = answers;
    setTyped(JSON.stringify(value === undefined ? rest : { ...rest, [id]: value }));
  };

  return (
    <form
      class="approval question"
      aria-label={t("The agent asks")}
      onSubmit={(event) => {
        event.preventDefault();
        void send("accept");
      }}
    >
      <div class="approval-title">
        <Icon name="question" />
        <h3>{t("The agent asks")}</h3>
      </div>
      {request.message ? <p>{toVisibleText(request.message)}</p> : null}
      {request.url ? <p class="mono">{toLine(request.url, 500)}</p> : null}
      {questions.map((question) =>
        isKnown(question) ? <Question key={question.id} question={question} answers={answers} onAnswer={set} /> : null,
      )}
      <div class="approval-buttons">
        <button type="submit" class="button" disabled={isSending || !isLive || !isComplete}>
          <Icon name="check" /> {t("Answer")}
        </button>
        <button
          type="button"
          class="button secondary"
          disabled={isSending || !isLive}
          onClick={() => void send("decline")}
        >
          {t("Decline")}
        </button>
      </div>
    </form>
  );
}

interface QuestionProps {
  question: KnownQuestion;
  answers: Answers;
  onAnswer: (id: string, answer: InputAnswer | undefined) => void;
}

function Question({ question, answers, onAnswer }: QuestionProps) {
  const { id } = question;
  const answer = answers[id];
  const value = answer !== undefined && "value" in answer ? answer.value : undefined;
  const current = value !== undefined && "value" in value ? value.value : undefined;
  const label = (
    <span class="question-label">
      {question.title ? <strong>{toLine(question.title, 200)} </strong> : null}
      {toVisibleText(question.message)}
      {question.required ? " *" : ""}
    </span>
  );
  switch (question.kind) {
    case "text":
      return (
        <label class="question-field">
          {label}
          <input
            type="text"
            value={String(current ?? "")}
            onInput={(event) => {
              const text = event.currentTarget.value;
              onAnswer(id, text === "" ? undefined : submitted({ kind: "text", value: text }));
            }}
          />
        </label>
      );
    case "number":
    case "integer":
      return (
        <label class="question-field">
          {label}
          <input
            type="number"
            {...(question.kind === "integer" ? { step: 1 } : { step: "any" })}
            {...(question.min === undefined ? {} : { min: question.min })}
            {...(question.max === undefined ? {} : { max: question.max })}
            value={current === undefined ? "" : String(current)}
            onInput={(event) => {
              const number = event.currentTarget.valueAsNumber;
              onAnswer(id, Number.isNaN(number) ? undefined : submitted({ kind: "number", value: number }));
            }}
          />
        </label>
      );
    case "boolean":
      return (
        <label class="question-field inline">
          <input
            type="checkbox"
            checked={current === true}
            onChange={(event) => onAnswer(id, submitted({ kind: "boolean", value: event.currentTarget.checked }))}
          />
          {label}
        </label>
      );
    case "single-select":
    case "multi-select": {
      const isMany = question.kind === "multi-select";
      const chosen = Array.isArray(current) ? current : current === undefined ? [] : [String(current)];
      const choose = (option: string, on: boolean) => {
        if (!isMany) return onAnswer(id, submitted({ kind: "selected", value: option }));
        const next = on ? [...chosen, option] : chosen.filter((other) => other !== option);
        onAnswer(id, next.length === 0 ? undefined : submitted({ kind: "selected-many", value: next }));
      };
      return (
        <fieldset class="question-field">
          <legend>{label}</legend>
          {question.options.map((option) => (
            <label key={option.id} class="question-option">
              <input
                type={isMany ? "checkbox" : "radio"}
                name={id}
                checked={chosen.includes(option.id)}
                onChange={(event) => choose(option.id, event.currentTarget.checked)}
              />
              <span>
                {toLine(option.label, 200)}
                {option.description ? <span class="muted"> {toLine(option.description, 300)}</span> : null}
              </span>
            </label>
          ))}
        </fieldset>
      );
    }
    default:
      return <p class="muted">{t("A question of a kind that cannot be answered here.")}</p>;
  }
}

type Value = Extract<InputAnswer, { state: "submitted" }>["value"];

function submitted(value: Value): InputAnswer {
  return { state: "submitted", value };
}

/** Of this page's own making. */
function parseAnswers(typed: string): Answers {
  return JSON.parse(typed) as Answers;
}

/** What is proposed: drafts that the host keeps, else the question's own default. */
function initialAnswers(request: InputRequest): Answers {
  const answers: Answers = {};
  for (const question of request.questions ?? []) {
    if (!isKnown(question)) continue;
    const draft = request.answers?.[question.id];
    if (draft !== undefined && "value" in draft) answers[question.id] = submitted(draft.value);
    else if (question.kind === "boolean") {
      answers[question.id] = submitted({ kind: "boolean", value: question.defaultValue ?? false });
    } else if ("defaultValue" in question && question.defaultValue !== undefined) {
      const value = question.defaultValue;
      answers[question.id] = submitted(typeof value === "string" ? { kind: "text", value } : { kind: "number", value });
    }
  }
  return answers;
}
