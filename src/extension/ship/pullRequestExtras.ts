import * as vscode from "vscode";
import { toLabel } from "../platform/plainText.ts";
import { pickManyStep, pickStep, type StepFrame, type StepItem, textStep } from "../platform/steps.ts";
import type { ExtraChoices } from "./gitHubPort.ts";
import type { IssueReference } from "./linkedIssues.ts";
import type { FormDraft } from "./pullRequestDrafts.ts";
import type { FormValues } from "./pullRequestForm.ts";

/** What a pull request may have besides title and description. */
export const EXTRAS = ["reviewers", "assignees", "labels", "milestone", "closes"] as const;
export type Extra = (typeof EXTRAS)[number];

interface ExtraFrame {
  readonly frame: StepFrame;
  readonly values: Pick<FormValues, "extras" | "closes">;
  readonly issues: readonly IssueReference[];
  /** Asks GitHub the first time. */
  readonly load: () => Promise<ExtraChoices>;
}

function labelOf(extra: Extra): string {
  switch (extra) {
    case "reviewers":
      return `$(eye) ${vscode.l10n.t("Reviewers…")}`;
    case "assignees":
      return `$(account) ${vscode.l10n.t("Assignees…")}`;
    case "labels":
      return `$(tag) ${vscode.l10n.t("Labels…")}`;
    case "milestone":
      return `$(milestone) ${vscode.l10n.t("Milestone…")}`;
    default:
      return `$(issue-closed) ${vscode.l10n.t("Issues That It Closes…")}`;
  }
}

/** The line of the form that tells what is chosen. */
export function extraItem(extra: Extra, { extras, closes }: Pick<FormValues, "extras" | "closes">): StepItem<Extra> {
  const chosen = {
    ...extras,
    closes,
    milestone: extras.milestone === undefined ? [] : [vscode.l10n.t("number {0}", extras.milestone)],
  };
  const names = chosen[extra].map((name) => toLabel(name, 40)).join(", ");
  return { label: labelOf(extra), description: names === "" ? vscode.l10n.t("none") : names, value: extra };
}

/** Asks for one of them. What it gives is empty if the person went back. */
export async function askExtra(extra: Extra, asked: ExtraFrame): Promise<FormDraft> {
  const { extras } = asked.values;
  switch (extra) {
    case "closes":
      return askIssues(asked);
    case "milestone":
      return askMilestone(asked);
    default: {
      const { people, labels } = await asked.load();
      const names = await askNames(
        asked.frame,
        placeholderOf(extra),
        extra === "labels" ? labels : people,
        extras[extra],
      );
      return names === undefined ? {} : { extras: { ...toDraft(extras), [extra]: names } };
    }
  }
}

function placeholderOf(extra: "reviewers" | "assignees" | "labels"): string {
  if (extra === "reviewers") return vscode.l10n.t("Who shall review it?");
  return extra === "assignees" ? vscode.l10n.t("Whom is it assigned to?") : vscode.l10n.t("Which labels does it get?");
}

async function askNames(
  frame: StepFrame,
  placeholder: string,
  all: readonly string[],
  chosen: readonly string[],
): Promise<string[] | undefined> {
  const items = all.map((name) => ({ label: toLabel(name, 80), value: name }));
  const nothing = { label: vscode.l10n.t("The repository has none to choose from.") };
  const result = await pickManyStep<string>({
    frame,
    placeholder,
    items: items.length === 0 ? [nothing] : items,
    chosen: (name) => chosen.includes(name),
  });
  return result.kind === "next" ? Array.from(result.value) : undefined;
}

async function askMilestone({ frame, values, load }: ExtraFrame): Promise<FormDraft> {
  const { milestones } = await load();
  const result = await pickStep<number>({
    frame,
    placeholder: vscode.l10n.t("Which milestone does it belong to?"),
    items: [
      { label: vscode.l10n.t("None"), value: 0 },
      ...milestones.map(({ number, title }) => ({ label: toLabel(title, 80), value: number })),
    ],
    active: values.extras.milestone ?? 0,
  });
  if (result.kind !== "next") return {};
  return { extras: { ...toDraft(values.extras), milestone: result.value === 0 ? undefined : result.value } };
}

/** Only what the person ticks or types is closed; what the task refers to is merely offered. */
async function askIssues({ frame, values: { closes }, issues }: ExtraFrame): Promise<FormDraft> {
  const offered = Array.from(new Set([...issues.map(({ label }) => label), ...closes]));
  if (offered.length > 0) {
    const result = await pickManyStep<string>({
      frame,
      placeholder: vscode.l10n.t("Tick those that GitHub shall close when it is merged"),
      items: offered.map((label) => ({ label: toLabel(label, 80), value: label })),
      chosen: (label) => closes.includes(label),
    });
    return result.kind === "next" ? { closes: Array.from(result.value) } : {};
  }
  const result = await textStep({
    frame,
    prompt: vscode.l10n.t("Numbers of the issues that GitHub shall close when it is merged"),
    placeholder: "12, 34",
    value: "",
    validate: (text) => (/^[\s,#\d]*$/.test(text) ? undefined : vscode.l10n.t("Enter numbers, such as 12.")),
  });
  if (result.kind !== "next") return {};
  return { closes: Array.from(result.value.matchAll(/\d{1,9}/g), ([number]) => `#${number}`) };
}

function toDraft({ reviewers, assignees, labels, milestone }: FormValues["extras"]): NonNullable<FormDraft["extras"]> {
  return { reviewers: [...reviewers], assignees: [...assignees], labels: [...labels], milestone };
}
