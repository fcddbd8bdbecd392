import * as vscode from "vscode";
import * as z from "zod/mini";

const Contributions = z.object({
  commands: z.array(z.object({ command: z.string(), title: z.string(), category: z.optional(z.string()) })),
  views: z.record(z.string(), z.array(z.object({ id: z.string(), name: z.string() }))),
  menus: z.optional(
    z.record(z.string(), z.array(z.object({ command: z.optional(z.string()), when: z.optional(z.string()) }))),
  ),
  configuration: z.object({
    properties: z.record(z.string(), z.looseObject({ default: z.unknown(), scope: z.optional(z.string()) })),
  }),
});
const Manifest = z.object({ contributes: Contributions, activationEvents: z.optional(z.array(z.string())) });

/** The extension under test. */
export function muster(): vscode.Extension<unknown> {
  const extension = vscode.extensions.getExtension("muster.muster");
  if (!extension) throw new Error("VS Code does not know the extension muster.muster.");
  return extension;
}

export function manifest(): z.infer<typeof Manifest> {
  return Manifest.parse(muster().packageJSON);
}

/** Resolves when `read` gives a value, looking again whenever VS Code reports a change of tabs, editors or extensions. */
export async function eventually<T>(what: string, read: () => T | undefined | false, limitMs = 20_000): Promise<T> {
  const first = read();
  if (first !== undefined && first !== false) return first;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const look = () => {
    const value = read();
    if (value !== undefined && value !== false) resolve(value);
  };
  const subscriptions = [
    vscode.window.tabGroups.onDidChangeTabs(look),
    vscode.window.onDidChangeVisibleTextEditors(look),
    vscode.extensions.onDidChange(look),
    vscode.workspace.onDidOpenTextDocument(look),
  ];
  // Activation has no event of its own.
  const ticking = setInterval(look, 50);
  const limit = setTimeout(() => reject(new Error(`${what} did not happen within ${limitMs / 1000} s`)), limitMs);
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
    clearInterval(ticking);
    for (const subscription of subscriptions) subscription.dispose();
  }
}
