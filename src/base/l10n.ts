/** Gives a text in the person's language, with `{0}` and so on filled in: `vscode.l10n.t`, or what stands in for it. */
export type Translate = (message: string, ...args: (string | number)[]) => string;

/** As it is, with the values in their places. */
export const untranslated: Translate = (message, ...args) =>
  message.replaceAll(/\{(\d+)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole));
