import * as vscode from "vscode";
import { budgetFields, hostQuestionOf } from "../../protocol/fleetQuestions.ts";
import type { InputAnswer, InputOption, InputQuestion, InputRequest } from "../../protocol/input.ts";
import { toLine } from "../../base/visibleText.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickManyStep, pickStep, type StepFrame, type StepResult, textStep } from "../platform/steps.ts";

type Answers = Readonly<Record<string, InputAnswer>>;
type Value = Extract<InputAnswer, { state: "submitted" }>["value"];
export type KnownQuestion = Extract<InputQuestion, { message: string; id: string }>;
type Select = Extract<KnownQuestion, { options: InputOption[] }>;

export type FormResult =
  | { readonly response: "accept"; readonly answers: Record<string, InputAnswer> }
  | { readonly response: "decline" };

const skipped: InputAnswer = { state: "skipped" };

/** Whether all of it can be asked here: a page to visit, or a kind of a later protocol, is for the panel. */
export function canAskHere({ url, questions = [] }: InputRequest): boolean {
  return url === undefined && questions.length > 0 && questions.every(isKnown);
}

function isKnown(question: InputQuestion): question is KnownQuestion {
  return "id" in question && "message" in question;
}

/**
 * Asks each question of a request in a step of its own. What others have drafted is proposed. `undefined` when the person
 * leaves: then nothing is answered.
 */
export async function askQuestions(request: InputRequest, title: string): Promise<FormResult | undefined> {
  const questions = (request.questions ?? []).filter(isKnown);
  let answers: Answers = {};
  for (let at = 0; at < questions.length;) {
    const question = questions[at];
    if (question === undefined || !isAsked(request, question, answers)) {
      at += 1;
      continue;
    }
    const frame = {
      title,
      canGoBack: at > 0,
      ...(questions.length > 1 && { step: at + 1, totalSteps: questions.length }),
    };
    const proposed = answers[question.id] ?? request.answers?.[question.id];
    const words = at === 0 && request.message !== undefined ? request.message : question.message;
    const result = await askOne(question, frame, toLine(words, 300), proposed);
    if (result.kind === "cancel") return undefined;
    if (result.kind === "back") at = before(request, questions, at, answers);
    else if (result.value === "decline") return { response: "decline" };
    else {
      answers = { ...answers, [question.id]: result.value };
      at += 1;
    }
  }
  return { response: "accept", answers: { ...answers } };
}

/** The sum of a budget is asked for only by whoever raises it. */
function isAsked(request: InputRequest, { id }: KnownQuestion, answers: Answers): boolean {
  if (hostQuestionOf(request) !== "budget" || id !== budgetFields.usd) return true;
  const decision = answers[budgetFields.decision];
  return (
    decision?.state === "submitted" && decision.value.kind === "selected" && decision.value.value === budgetFields.raise
  );
}

function before(request: InputRequest, questions: readonly KnownQuestion[], at: number, answers: Answers): number {
  return Math.max(
    0,
    questions.slice(0, at).findLastIndex((question) => isAsked(request, question, answers)),
  );
}

type Step = StepResult<InputAnswer | "decline">;

async function askOne(
  question: KnownQuestion,
  frame: StepFrame,
  words: string,
  proposed: InputAnswer | undefined,
): Promise<Step> {
  switch (question.kind) {
    case "text":
    case "number":
    case "integer":
      return askText(question, frame, words, proposed);
    case "boolean":
      return pickStep<InputAnswer | "decline">({
        frame,
        placeholder: words,
        items: [
          { label: vscode.l10n.t("Yes"), value: submitted({ kind: "boolean", value: true }) },
          { label: vscode.l10n.t("No"), value: submitted({ kind: "boolean", value: false }) },
          ...others(question),
        ],
      });
    case "single-select":
      return pickStep<InputAnswer | "decline">({
        frame,
        placeholder: words,
        items: [
          ...question.options.map((option) => ({
            ...rowOf(option),
            value: submitted({ kind: "selected", value: option.id }),
          })),
          ...others(question),
        ],
        ...(question.allowFreeformInput && {
          fromText: (text: string) =>
            text === ""
              ? undefined
              : {
                  label: vscode.l10n.t("Answer “{0}”", toLabel(text, 80)),
                  value: submitted({ kind: "selected", value: "", freeformValues: [text] }),
                },
        }),
      });
    default:
      return askMany(question, frame, words, proposed);
  }
}

async function askMany(
  question: Select,
  frame: StepFrame,
  words: string,
  proposed: InputAnswer | undefined,
): Promise<Step> {
  const value = proposed !== undefined && "value" in proposed ? proposed.value : undefined;
  const chosen = value?.kind === "selected-many" ? value.value : [];
  const result = await pickManyStep({
    frame,
    placeholder: words,
    items: question.options.map((option) => ({ ...rowOf(option), value: option.id })),
    chosen: (id) => chosen.includes(id),
  });
  if (result.kind !== "next") return result;
  if (result.value.length === 0 && !question.required) return { kind: "next", value: skipped };
  return { kind: "next", value: submitted({ kind: "selected-many", value: [...result.value] }) };
}

async function askText(
  question: Extract<KnownQuestion, { kind: "text" | "number" | "integer" }>,
  frame: StepFrame,
  words: string,
  proposed: InputAnswer | undefined,
): Promise<Step> {
  const value = proposed !== undefined && "value" in proposed ? proposed.value : undefined;
  const start = value?.kind === "text" || value?.kind === "number" ? value.value : question.defaultValue;
  const result = await textStep({
    frame,
    prompt: words,
    value: start === undefined ? "" : String(start),
    validate: (text) => problemOf(question, text.trim()),
    buttons: [{ icon: "circle-slash", tooltip: vscode.l10n.t("Decline to answer") }],
  });
  if (result.kind === "button") return { kind: "next", value: "decline" };
  if (result.kind !== "next") return result;
  const text = result.value.trim();
  if (text === "") return { kind: "next", value: skipped };
  const answer: Value =
    question.kind === "text" ? { kind: "text", value: text } : { kind: "number", value: Number(text) };
  return { kind: "next", value: submitted(answer) };
}

/** A sentence against the text. */
export function problemOf(
  question: Extract<KnownQuestion, { kind: "text" | "number" | "integer" }>,
  text: string,
): string | undefined {
  if (text === "") return question.required ? vscode.l10n.t("An answer is needed.") : undefined;
  const { min, max } = question;
  if (question.kind === "text") {
    if (min !== undefined && text.length < min) return vscode.l10n.t("At least {0} characters.", min);
    return max !== undefined && text.length > max ? vscode.l10n.t("At most {0} characters.", max) : undefined;
  }
  const number = Number(text);
  if (!Number.isFinite(number)) return vscode.l10n.t("Type a number.");
  if (question.kind === "integer" && !Number.isInteger(number)) return vscode.l10n.t("Type a whole number.");
  if (min !== undefined && number < min) return vscode.l10n.t("At least {0}.", min);
  return max !== undefined && number > max ? vscode.l10n.t("At most {0}.", max) : undefined;
}

function others({ required }: KnownQuestion): { label: string; value: InputAnswer | "decline" }[] {
  const decline = { label: `$(circle-slash) ${vscode.l10n.t("Decline to answer")}`, value: "decline" as const };
  if (required) return [decline];
  return [{ label: `$(debug-step-over) ${vscode.l10n.t("Skip this question")}`, value: skipped }, decline];
}

function rowOf({ label, description }: InputOption): { label: string; description?: string } {
  return { label: toLabel(label, 120), ...(description !== undefined && { description: toLabel(description, 200) }) };
}

function submitted(value: Value): InputAnswer {
  return { state: "submitted", value };
}
