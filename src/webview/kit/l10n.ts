import { type Translate, untranslated } from "../../base/l10n.ts";

const texts = textsOf(document.body.dataset["texts"]);

/** As `vscode.l10n.t`, with the texts that the extension gave the page. */
export const t: Translate = (message, ...args) => untranslated(texts.get(message) ?? message, ...args);

function textsOf(json: string | undefined): ReadonlyMap<string, string> {
  // Of our own extension's making.
  return new Map(json === undefined ? [] : Object.entries(JSON.parse(json) as Record<string, string>));
}
