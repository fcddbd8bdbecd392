import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import type { AgentInfo } from "../../protocol/root.ts";
import { isLoopback } from "../hosts/hostUrl.ts";
import type { HostConnection } from "../hosts/hosts.ts";
import { parseFolder } from "../fleet/folders.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep, type StepFrame, type StepResult, textStep } from "../platform/steps.ts";
import type { ConfigQuestion } from "./configQuestions.ts";
import { folderStep } from "./folderStep.ts";
import type { LaunchDraft } from "./launchDraft.ts";
import { openRepositories } from "./repositories.ts";

/** One question of the form; its answer is what it changes in the draft. */
export type LaunchStep = (draft: LaunchDraft, frame: StepFrame) => Promise<StepResult<Partial<LaunchDraft>>>;

export function hostStep(hosts: readonly HostConnection[]): LaunchStep {
  return async (draft, frame) => {
    const result = await pickStep({
      frame,
      placeholder: vscode.l10n.t("On which host?"),
      items: hosts.map(({ host }) => ({
        label: toLabel(host.name),
        value: host.id,
        iconPath: new vscode.ThemeIcon("vm"),
      })),
      active: draft.hostId,
    });
    return answered(result, (hostId) => ({ hostId }));
  };
}

export function providerStep(agents: readonly AgentInfo[]): LaunchStep {
  return async (draft, frame) => {
    if (agents.length === 0) {
      throw new AppError("agent.unknown", "The host offers no kind of agent. Add one to its configuration.");
    }
    const result = await pickStep({
      frame,
      placeholder: vscode.l10n.t("Which kind of agent?"),
      items: agents.map(({ provider, displayName, description }) => ({
        label: toLabel(displayName),
        description: toLabel(description, 120),
        value: provider,
        iconPath: new vscode.ThemeIcon("robot"),
      })),
      active: draft.provider,
    });
    return answered(result, (provider) => ({ provider, model: undefined }));
  };
}

export const repositoryStep: LaunchStep = async (draft, frame) => {
  const open = Array.from(new Set((await openRepositories()).map(({ url }) => url)));
  const recent = [draft.repository, ...(draft.recent ?? [])].filter((url) => url !== undefined);
  const item = (url: string, description: string) => ({ label: toLine(url, 300), description, value: url });
  const urls = Array.from(new Set([...open, ...recent]));
  const result = await pickStep({
    frame,
    placeholder:
      urls.length === 0
        ? vscode.l10n.t("Address of the repository, for example https://github.com/owner/name")
        : vscode.l10n.t("Which repository? Choose, or type an address"),
    items: urls.map((url) => item(url, open.includes(url) ? vscode.l10n.t("open here") : vscode.l10n.t("used before"))),
    active: draft.repository ?? open[0],
    fromText: (text) =>
      text === "" || urls.includes(text) ? undefined : item(text, vscode.l10n.t("use this address")),
  });
  return answered(result, (repository) => ({
    repository,
    openRepository: open[0],
    ...(repository !== draft.repository && { baseBranch: undefined }),
  }));
};

export const baseStep: LaunchStep = async (draft, frame) => {
  const result = await textStep({
    frame,
    prompt: vscode.l10n.t("Branch to start from. Leave it empty for the repository's default branch."),
    placeholder: vscode.l10n.t("default branch"),
    value: draft.baseBranch ?? "",
    validate: (text) => (/^[^\s~^:?*[\\]*$/.test(text) ? undefined : vscode.l10n.t("This is not a name of a branch.")),
  });
  return answered(withoutButton(result), (baseBranch) => ({ baseBranch }));
};

/** Begins where the last launch on that host was, else at the folder that is open here if the host is this machine. */
export function workingFolderStep({ host, client }: HostConnection): LaunchStep {
  return async (draft, frame) => {
    const start = draft.folders?.[host.id] ?? openFolderOn(host.url);
    const result = await folderStep({ client, frame, start });
    return answered(result, (folder) => ({ folders: { ...draft.folders, [host.id]: folder } }));
  };
}

function openFolderOn(hostUrl: string): string | undefined {
  if (!isLoopback(URL.parse(hostUrl)?.hostname ?? "")) return undefined;
  const open = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
  return open && parseFolder(open.uri.fsPath);
}

/** A question of the host's own schema. */
export function configStep({ property, title, description, choices }: ConfigQuestion): LaunchStep {
  return async (draft, frame) => {
    const known = draft.config?.[property];
    const prompt = toLine(description === undefined ? title : `${title}: ${description}`, 300);
    const result: StepResult<unknown> =
      choices === undefined
        ? withoutButton(
            await textStep({
              frame,
              prompt,
              value: typeof known === "string" ? known : "",
              validate: (text) => (text.trim() === "" ? vscode.l10n.t("The host needs an answer.") : undefined),
            }),
          )
        : await pickStep({
            frame,
            placeholder: prompt,
            items: choices.map(({ label, description: detail, value }) => ({
              label: toLabel(label),
              ...(detail !== undefined && { description: toLabel(detail, 200) }),
              value,
            })),
            active: known,
          });
    return answered(result, (value) => ({ config: { ...draft.config, [property]: value } }));
  };
}

export function withoutButton(result: Awaited<ReturnType<typeof textStep>>): StepResult<string> {
  return result.kind === "button" ? { kind: "cancel" } : result;
}

export function answered<T>(
  result: StepResult<T>,
  change: (value: T) => Partial<LaunchDraft>,
): StepResult<Partial<LaunchDraft>> {
  return result.kind === "next" ? { kind: "next", value: change(result.value) } : result;
}
