import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import { toLabel } from "../platform/plainText.ts";
import {
  pickStep,
  type StepFrame,
  type StepItem,
  type StepResult,
  textStep,
  type TextResult,
} from "../platform/steps.ts";
import type { LaunchDraft } from "./launchDraft.ts";
import type { LaunchField, LaunchForm } from "./launchForm.ts";

/** What a launch begins with. */
export interface LaunchSeed {
  /** Of the questions: "Launch Agent". */
  readonly title?: string;
  readonly question?: string;
  /** Stands in the prompt already. */
  readonly prompt?: string;
  /** Goes under what is typed: what the prompt is about. */
  readonly quote?: string;
  readonly choices?: Partial<LaunchDraft>;
  /** Shows everything that can be chosen before it launches. */
  readonly showForm?: boolean;
}

/**
 * - `launch`: with everything that `draft` holds.
 * - `editor`: the person wants to write this prompt in an editor.
 * - `cancel`: what was answered is in `draft`.
 */
export type FlowEnd = { readonly kind: "launch" | "editor" | "cancel"; readonly draft: LaunchDraft };

const editorButton = { icon: "edit", tooltip: vscode.l10n.t("Write the prompt in an editor") };
const formButton = { icon: "settings-gear", tooltip: vscode.l10n.t("Change the choices") };

/**
 *   what is missing ─→ prompt ─Enter→ launch          the second time nothing is missing
 *                        │  ↑
 *                      choices (the form) ─Launch→ launch
 *
 * Asks by native questions, one at a time, each with the last answer as its default and a way back.
 */
export class LaunchFlow {
  readonly #form: LaunchForm;
  readonly #seed: LaunchSeed;
  readonly #keep: (typed: string) => void;

  /** @param keep hears of what is typed as a prompt */
  constructor(form: LaunchForm, seed: LaunchSeed, keep: (typed: string) => void) {
    this.#form = form;
    this.#seed = seed;
    this.#keep = keep;
  }

  async run(start: LaunchDraft): Promise<FlowEnd> {
    let draft = await this.#form.settled(start);
    const asked = new Set<string>();
    for (let index = 0; ;) {
      // What was asked stays in its place, so that there is a way back to it.
      const isOpen = (field: LaunchField) => asked.has(field.label) || !field.isAnswered(draft);
      const open = (await this.#form.fields(draft)).filter(isOpen);
      const field = open[index];
      const frame = { step: index + 1, totalSteps: open.length + 1, canGoBack: index > 0 };
      if (field === undefined) {
        const end = await this.#last(draft, frame);
        if (end.kind !== "back") return end;
        index = Math.max(0, open.length - 1);
        continue;
      }
      const answer = await field.ask(draft, this.#frame(frame));
      if (answer.kind === "cancel") return { kind: "cancel", draft };
      if (answer.kind === "next") {
        asked.add(field.label);
        draft = await this.#form.settled({ ...draft, ...answer.value });
      }
      index += answer.kind === "back" ? -1 : 1;
    }
  }

  /** All is answered but the prompt. */
  async #last(draft: LaunchDraft, frame: Omit<StepFrame, "title">): Promise<FlowEnd | Back> {
    // A box of one line would make one line of it.
    if (this.#seed.showForm === true || isLong(draft)) return this.#choices(draft);
    const result = await this.#askPrompt(draft, frame.totalSteps === 1 ? { canGoBack: false } : frame);
    if (result.kind === "back") return { kind: "back" };
    if (result.kind === "cancel") return { kind: "cancel", draft };
    const written = { ...draft, prompt: result.value };
    if (result.kind === "next") return this.#end("launch", written);
    return result.button === editorButton ? this.#end("editor", written) : this.#choices(written);
  }

  async #askPrompt(draft: LaunchDraft, frame: Omit<StepFrame, "title">): Promise<TextResult> {
    const { question, quote } = this.#seed;
    return textStep({
      frame: this.#frame(frame),
      placeholder: question ?? vscode.l10n.t("What should the agent do?"),
      prompt: await this.#form.line(draft),
      value: draft.prompt ?? "",
      validate: (text) => (text.trim() === "" ? vscode.l10n.t("Tell the agent what to do.") : undefined),
      buttons: [editorButton, formButton],
      onType: (text) => this.#keep(withQuote(text, quote)),
    });
  }

  /** Every choice in one list. Choosing a line changes it; the first one launches. */
  async #choices(first: LaunchDraft): Promise<FlowEnd> {
    let draft = first;
    for (;;) {
      const picked = await pickStep<FormLine>({
        frame: this.#frame({ canGoBack: false }),
        placeholder: vscode.l10n.t("Launch, or choose what to change"),
        items: linesOf(draft, await this.#form.fields(draft), this.#seed.quote),
      });
      if (picked.kind !== "next") return { kind: "cancel", draft };
      const line = picked.value;
      if (line === "launch" || (line === "prompt" && isLong(draft))) {
        return this.#end(line === "launch" ? "launch" : "editor", draft);
      }
      if (line === "prompt") {
        const result = await this.#askPrompt(draft, { canGoBack: true });
        if (result.kind === "next" || result.kind === "button") draft = { ...draft, prompt: result.value };
        if (result.kind === "button" && result.button === editorButton) return this.#end("editor", draft);
        continue;
      }
      const answer = await this.#change(draft, line);
      if (answer.kind === "next") draft = await this.#settled({ ...draft, ...answer.value });
    }
  }

  #end(kind: "launch" | "editor", draft: LaunchDraft): FlowEnd {
    return { kind, draft: { ...draft, prompt: withQuote(draft.prompt ?? "", this.#seed.quote) } };
  }

  async #change(draft: LaunchDraft, field: LaunchField): Promise<StepResult<Partial<LaunchDraft>>> {
    return field.ask(draft, this.#frame({ canGoBack: true }));
  }

  /** Another host, or another agent, may leave answers missing. */
  async #settled(changed: LaunchDraft): Promise<LaunchDraft> {
    let draft = await this.#form.settled(changed);
    for (;;) {
      const [missing] = (await this.#form.fields(draft)).filter((field) => !field.isAnswered(draft));
      const answer = missing && (await this.#change(draft, missing));
      if (answer?.kind !== "next") return draft;
      draft = await this.#form.settled({ ...draft, ...answer.value });
    }
  }

  #frame(frame: Omit<StepFrame, "title">): StepFrame {
    return { title: toLine(this.#seed.title ?? vscode.l10n.t("Launch Agent"), 80), ...frame };
  }
}

interface Back {
  readonly kind: "back";
}

function isLong({ prompt }: LaunchDraft): boolean {
  return prompt?.trim().includes("\n") === true;
}

type FormLine = "launch" | "prompt" | LaunchField;

function linesOf(draft: LaunchDraft, fields: readonly LaunchField[], quote: string | undefined): StepItem<FormLine>[] {
  const prompt = draft.prompt?.trim() ?? "";
  const more = prompt.split("\n").length - 1;
  const about = [
    ...(more > 0 ? [more === 1 ? vscode.l10n.t("+1 line") : vscode.l10n.t("+{0} lines", more)] : []),
    ...(quote === undefined ? [] : [vscode.l10n.t("with what is quoted")]),
  ];
  const isReady = prompt !== "" && fields.every((field) => field.isAnswered(draft));
  const launch: StepItem<FormLine> = {
    label: `$(rocket) ${vscode.l10n.t("Launch")}`,
    description: vscode.l10n.t("Enter"),
    value: "launch",
  };
  return [
    ...(isReady ? [launch] : []),
    {
      label: `$(comment) ${vscode.l10n.t("Prompt")}`,
      description:
        prompt === ""
          ? vscode.l10n.t("not written yet")
          : [toLabel(prompt.split("\n", 1)[0] ?? "", 100), ...about].join("  "),
      value: "prompt",
    },
    { label: "", kind: vscode.QuickPickItemKind.Separator },
    ...fields.map((field) => ({
      label: `$(${field.icon}) ${toLabel(field.label, 60)}`,
      description: toLabel(field.value(draft), 120) || vscode.l10n.t("not chosen yet"),
      value: field,
    })),
  ];
}

/** What was typed, and under it what it is about. */
export function withQuote(typed: string, quote: string | undefined): string {
  return quote === undefined ? typed : `${typed.trimEnd()}\n\n${quote}`.trimStart();
}
