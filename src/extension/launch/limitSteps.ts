import * as vscode from "vscode";
import { priorities } from "../../protocol/fleetQueue.ts";
import type { AgentInfo } from "../../protocol/root.ts";
import { parseUsd } from "../platform/money.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickManyStep, pickStep, type StepItem, textStep } from "../platform/steps.ts";
import type { AgentChoice, LaunchDraft } from "./launchDraft.ts";
import { answered, type LaunchStep, withoutButton } from "./launchSteps.ts";
import { parseMinutes } from "./limits.ts";

export const maxAttempts = 8;

export function modelStep({ displayName, models }: AgentInfo): LaunchStep {
  return async (draft, frame) => {
    const own = vscode.l10n.t("The agent's own choice");
    const result = await pickStep({
      frame,
      placeholder: vscode.l10n.t("Which model of {0}?", toLabel(displayName, 60)),
      items: [
        { label: own, value: "" },
        ...models.map(({ id, name }) => ({ label: toLabel(name), description: toLabel(id), value: id })),
      ],
      active: draft.model ?? "",
    });
    return answered(result, (model) => ({ model: model === "" ? undefined : model }));
  };
}

/** Nothing typed: the host's configuration decides. */
export const budgetStep: LaunchStep = async (draft, frame) => {
  const result = await textStep({
    frame,
    prompt: vscode.l10n.t(
      "Budget of the agent in US dollars. At 100 % it pauses and asks. Leave it empty for the host's own limit.",
    ),
    placeholder: "5.00",
    value: draft.budgetUsd === undefined ? "" : String(draft.budgetUsd),
    validate: (text) =>
      text.trim() === "" || parseUsd(text) !== undefined
        ? undefined
        : vscode.l10n.t("Write a sum like 5 or 2.50, at most 1,000,000."),
  });
  return answered(withoutButton(result), (text) => ({ budgetUsd: parseUsd(text) }));
};

export const timeLimitStep: LaunchStep = async (draft, frame) => {
  const result = await textStep({
    frame,
    prompt: vscode.l10n.t(
      "How long may the agent work in all? Waiting for you is not counted. Leave it empty for the host's own limit.",
    ),
    placeholder: "30m, 2h, 1h30m",
    value: draft.timeLimitMinutes === undefined ? "" : `${draft.timeLimitMinutes}m`,
    validate: (text) =>
      text.trim() === "" || parseMinutes(text) !== undefined
        ? undefined
        : vscode.l10n.t("Write a time like 30m, 2h or 1h30m."),
  });
  return answered(withoutButton(result), (text) => ({ timeLimitMinutes: parseMinutes(text) }));
};

export const priorityStep: LaunchStep = async (draft, frame) => {
  const about = {
    high: vscode.l10n.t("Before all others in the queue"),
    normal: vscode.l10n.t("In its turn"),
    low: vscode.l10n.t("When nobody else waits"),
  };
  const result = await pickStep({
    frame,
    placeholder: vscode.l10n.t("How urgent is it?"),
    items: priorities.toReversed().map((value) => ({ label: value, description: about[value], value })),
    active: draft.priority ?? "normal",
  });
  return answered(result, (priority) => ({ priority: priority === "normal" ? undefined : priority }));
};

export const attemptsStep: LaunchStep = async (draft, frame) => {
  const result = await pickStep({
    frame,
    placeholder: vscode.l10n.t("How many agents shall try? You compare what they did and keep one"),
    items: Array.from({ length: maxAttempts }, (_, index) => index + 1).map((value) => ({
      label: value === 1 ? vscode.l10n.t("One agent") : vscode.l10n.t("{0} attempts", value),
      value,
    })),
    active: draft.count ?? 1,
  });
  return answered(result, (count) => (count === 1 ? { count: undefined, attemptBy: undefined } : { count }));
};

/** Which agents, with which models, take turns. */
export function attemptByStep(agents: readonly AgentInfo[]): LaunchStep {
  return async (draft, frame) => {
    const chosen = attemptBy(draft);
    const result = await pickManyStep({
      frame,
      placeholder: vscode.l10n.t("Who shall try? Attempts are given to the chosen ones in turn"),
      items: agents.flatMap(choicesOf),
      chosen: (value) => chosen.some((each) => each.provider === value.provider && each.model === value.model),
    });
    return answered(result, (choices) => {
      const [first] = choices;
      if (first === undefined) return {};
      return { provider: first.provider, model: first.model, attemptBy: choices.length > 1 ? [...choices] : undefined };
    });
  };
}

/** Who makes the attempts, in turn. */
export function attemptBy({ attemptBy: chosen, provider, model }: LaunchDraft): readonly AgentChoice[] {
  if (chosen !== undefined && chosen.length > 0) return chosen;
  return provider === undefined ? [] : [{ provider, ...(model !== undefined && { model }) }];
}

function choicesOf({ provider, displayName, models }: AgentInfo): StepItem<AgentChoice>[] {
  return [
    { label: toLabel(displayName), description: vscode.l10n.t("its own choice of model"), value: { provider } },
    ...models.map(({ id, name }) => ({
      label: toLabel(displayName),
      description: toLabel(name),
      value: { provider, model: id },
    })),
  ];
}
