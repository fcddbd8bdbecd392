import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import type { Client } from "../../client/client.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import { childFolder, folderName, folderPath, parentFolder, parseFolder } from "../fleet/folders.ts";
import { toLabel } from "../platform/plainText.ts";
import { sentenceOf } from "../platform/presentError.ts";
import { pickStep, type StepFrame, type StepResult } from "../platform/steps.ts";

export interface FolderStepOptions {
  readonly client: Pick<Client, "request" | "hostInfo">;
  readonly frame: StepFrame;
  /** URI of the folder to begin at; without one the host's own default. */
  readonly start: string | undefined;
}

type Choice =
  | { readonly kind: "use"; readonly folder: string }
  | { readonly kind: "enter"; readonly folder: string }
  /** A line that only tells something. */
  | { readonly kind: "stay" };

/** Chooses a folder on the host by walking through its folders, or by its path. Gives the folder's URI. */
export async function folderStep({ client, frame, start }: FolderStepOptions): Promise<StepResult<string>> {
  let folder = start ?? client.hostInfo?.defaultDirectory ?? "file:///";
  for (;;) {
    const listing = await list(client, folder);
    const result = await pickStep<Choice>({
      frame,
      placeholder: vscode.l10n.t("Which folder on the host shall the agent work in? Choose, or type a path"),
      items: itemsOf(folder, listing),
      fromText: (text) => {
        const typed = parseFolder(text);
        if (typed === undefined) return undefined;
        return {
          label: toLabel(folderPath(typed), 300),
          description: vscode.l10n.t("use this folder"),
          value: use(typed),
        };
      },
    });
    if (result.kind !== "next") return result;
    const choice = result.value;
    if (choice.kind === "use") return { kind: "next", value: choice.folder };
    if (choice.kind === "enter") ({ folder } = choice);
  }
}

interface Listing {
  readonly folders: readonly string[];
  readonly problem: string | undefined;
}

/** What cannot be listed is told in place: the way up, and typing a path, stay open. */
async function list(client: Pick<Client, "request">, uri: string): Promise<Listing> {
  try {
    const { entries } = await client.request("resourceList", { channel: ROOT_URI, uri });
    const folders = entries.filter(({ type }) => type === "directory").map(({ name }) => name);
    // Hidden folders are seldom what is meant.
    return { folders: folders.toSorted(byName), problem: undefined };
  } catch (error) {
    if (AppError.is(error, "host.disconnected")) throw error;
    return { folders: [], problem: sentenceOf(error, vscode.l10n.t) };
  }
}

function byName(a: string, b: string): number {
  return Number(a.startsWith(".")) - Number(b.startsWith(".")) || (a < b ? -1 : a > b ? 1 : 0);
}

function itemsOf(folder: string, { folders, problem }: Listing): (vscode.QuickPickItem & { readonly value: Choice })[] {
  const parent = parentFolder(folder);
  const icon = (name: string) => new vscode.ThemeIcon(name);
  return [
    ...(problem === undefined
      ? [
          {
            label: vscode.l10n.t("Work in {0}", toLabel(folderName(folder), 100)),
            description: toLine(folderPath(folder), 300),
            iconPath: icon("check"),
            value: use(folder),
          },
        ]
      : [
          {
            label: toLabel(problem, 200),
            description: toLine(folderPath(folder), 200),
            iconPath: icon("warning"),
            value: { kind: "stay" } as const,
          },
        ]),
    ...(parent === undefined
      ? []
      : [
          {
            label: "..",
            description: toLine(folderPath(parent), 300),
            iconPath: icon("arrow-up"),
            value: { kind: "enter", folder: parent } as const,
          },
        ]),
    ...folders.map((name) => ({
      label: toLabel(name, 200),
      iconPath: icon("folder"),
      value: { kind: "enter", folder: childFolder(folder, name) } as const,
    })),
  ];
}

function use(folder: string): Choice {
  return { kind: "use", folder };
}
