import { registerHooks } from "node:module";

/** From here on, what is imported in this process gets `fakeVscode.ts` for `vscode`, as in unit tests. */
export function standInForVscode(): void {
  const url = new URL("fakeVscode.ts", import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "vscode" ? { url, shortCircuit: true } : next(specifier, context),
  });
}
