import * as vscode from "vscode";
import type { Disposable } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep, type StepItem } from "../platform/steps.ts";
import type { LaunchSeed } from "./launchFlow.ts";
import type { PromptDocuments } from "./promptDocuments.ts";
import { parseRepositoryTemplate, parseUserTemplate, type Template } from "./templates.ts";

export interface LaunchFromTemplateOptions {
  readonly commands: CommandRegistry;
  readonly documents: PromptDocuments;
  /** The setting `muster.launch.templates`, as a person wrote it. */
  readonly templates: () => readonly unknown[];
  readonly launch: (seed: LaunchSeed) => Promise<void>;
  readonly openSettings: () => Promise<void>;
}

type Choice =
  | { readonly kind: "user" | "repository"; readonly template: Template }
  /** Of a file that cannot be used: it is shown instead. */
  | { readonly kind: "file"; readonly uri: vscode.Uri }
  | { readonly kind: "settings" };

const maxFiles = 100;

/** A person's own templates are launched from the form; a repository's are shown first, since anybody may have written them. */
export function registerLaunchFromTemplate(options: LaunchFromTemplateOptions): Disposable {
  const { commands, documents, templates, launch, openSettings } = options;
  return commands.register("muster.agent.launchFromTemplate", "use the template", async () => {
    const title = vscode.l10n.t("Launch Agent from Template");
    const picked = await pickStep<Choice>({
      frame: { title, canGoBack: false },
      placeholder: vscode.l10n.t("Which template?"),
      items: [...templates().map(userItem), ...(await repositoryItems()), settingsItem()],
    });
    if (picked.kind !== "next") return;
    const choice = picked.value;
    if (choice.kind === "settings") await openSettings();
    else if (choice.kind === "file") await vscode.window.showTextDocument(choice.uri);
    else if (choice.kind === "repository") await documents.open(`${choice.template.prompt}\n`);
    else {
      const { prompt, choices, name } = choice.template;
      await launch({ title: vscode.l10n.t("Launch Agent: {0}", toLine(name, 60)), prompt, choices, showForm: true });
    }
  });
}

function userItem(entry: unknown, index: number): StepItem<Choice> {
  const parsed = parseUserTemplate(entry);
  if (!parsed.ok) {
    const label = `$(warning) ${vscode.l10n.t("Template {0} of your settings", index + 1)}`;
    return { label, detail: vscode.l10n.t("Cannot be used: {0}", parsed.error), value: { kind: "settings" } };
  }
  const template = parsed.value;
  return {
    label: `$(bookmark) ${toLabel(template.name, 80)}`,
    description: toLabel(template.description, 200),
    value: { kind: "user", template },
  };
}

function settingsItem(): StepItem<Choice> {
  return {
    label: `$(gear) ${vscode.l10n.t("Edit your own templates")}`,
    value: { kind: "settings" },
    alwaysShow: true,
  };
}

async function repositoryItems(): Promise<StepItem<Choice>[]> {
  const files = await vscode.workspace.findFiles(".github/agents/*.md", undefined, maxFiles);
  const items = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(async (uri): Promise<StepItem<Choice>> => {
      const file = uri.path.split("/").at(-1) ?? "";
      const where = toLabel(vscode.workspace.asRelativePath(uri), 120);
      const text = await vscode.workspace.fs.readFile(uri).then(
        (bytes) => new TextDecoder().decode(bytes),
        () => "",
      );
      const parsed = parseRepositoryTemplate(file, text);
      if (!parsed.ok) {
        const detail = vscode.l10n.t("Cannot be used: {0}", parsed.error);
        return { label: `$(warning) ${toLabel(file, 80)}`, description: where, detail, value: { kind: "file", uri } };
      }
      const { name, description } = parsed.value;
      return {
        label: `$(repo) ${toLabel(name, 80)}`,
        description: where,
        detail: toLabel(description, 200),
        value: { kind: "repository", template: parsed.value },
      };
    });
  return Promise.all(items);
}
