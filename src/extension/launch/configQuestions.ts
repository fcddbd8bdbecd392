import * as vscode from "vscode";
import type { Client } from "../../client/client.ts";
import type { ConfigSchema } from "../../protocol/content.ts";
import { ROOT_URI } from "../../protocol/uris.ts";

/** One field of a host's own configuration that has to be answered before a session can be made. */
export interface ConfigQuestion {
  readonly property: string;
  readonly title: string;
  readonly description: string | undefined;
  /** `undefined` for a free text. */
  readonly choices: readonly ConfigChoice[] | undefined;
}

export interface ConfigChoice {
  readonly value: unknown;
  readonly label: string;
  readonly description: string | undefined;
}

export interface ConfigSubject {
  readonly provider: string;
  /** URI of the folder. */
  readonly folder: string;
}

/**
 * What the host insists on and has no answer of its own for. Everything that has a default is left to the host: a launch
 * asks for as little as it can. A host that does not know the method insists on nothing.
 */
export async function configQuestions(
  client: Pick<Client, "request">,
  { provider, folder }: ConfigSubject,
): Promise<readonly ConfigQuestion[]> {
  try {
    const { schema, values } = await client.request("resolveSessionConfig", {
      channel: ROOT_URI,
      provider,
      workingDirectory: folder,
    });
    return questionsOf(schema, values);
  } catch {
    // What is really wrong (a missing folder, an unknown agent) is what the creation of the session answers.
    return [];
  }
}

export function questionsOf(
  { properties, required }: ConfigSchema,
  values: Readonly<Record<string, unknown>>,
): readonly ConfigQuestion[] {
  return (required ?? []).flatMap((property): ConfigQuestion[] => {
    const field = Object.hasOwn(properties, property) ? properties[property] : undefined;
    const isAnswered = field?.default !== undefined || values[property] !== undefined || field?.readOnly === true;
    if (field === undefined || isAnswered) return [];
    const choices = choicesOf(field);
    // A list or an object has no form here; the host says so itself when it cannot do without.
    if (choices === undefined && field.type !== "string") return [];
    return [{ property, title: field.title ?? property, description: field.description, choices }];
  });
}

function choicesOf(field: ConfigSchema["properties"][string]): readonly ConfigChoice[] | undefined {
  if (field.type === "boolean") {
    return [
      { value: true, label: vscode.l10n.t("Yes"), description: undefined },
      { value: false, label: vscode.l10n.t("No"), description: undefined },
    ];
  }
  return field.enum?.map((value, index) => ({
    value,
    label: field.enumLabels?.[index] ?? String(value),
    description: field.enumDescriptions?.[index],
  }));
}
