import { appendFileSync, existsSync, readFileSync } from "node:fs";
import * as vscode from "vscode";

/** In the extension host: activates both extensions, one after the other, and writes down what VS Code says that took. */

const ids = { ours: "muster.muster", empty: "bench.empty" } as const;

export async function run(): Promise<void> {
  const file = process.env["MUSTER_BENCH_RESULT"] ?? "";
  const rounds = existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  // Whoever comes second finds the modules of the first one loaded: the order turns from window to window.
  const order = rounds % 2 === 0 ? [ids.ours, ids.empty] : [ids.empty, ids.ours];
  for (const id of order) {
    const extension = vscode.extensions.getExtension(id);
    if (extension === undefined) throw new Error(`VS Code does not know the extension ${id}.`);
    if (extension.isActive) throw new Error(`${id} was active before anybody asked for it.`);
    await extension.activate();
  }
  const times = await activationTimes();
  appendFileSync(file, `${JSON.stringify({ ours: times.get(ids.ours), empty: times.get(ids.empty) })}\n`);
}

/** VS Code's own numbers in ms, from "Developer: Startup Performance": load code, call `activate`, until it was done. */
async function activationTimes(): Promise<Map<string, { load: number; call: number; finish: number }>> {
  await vscode.commands.executeCommand("perfview.show");
  const heading = "## Extension Activation Stats";
  const text = await shown(heading);
  const table = text.slice(text.indexOf(heading)).split("\n## ")[0] ?? "";
  const rows = table
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
  return new Map(
    rows
      .slice(2)
      .map(([id = "", , load, call, finish]) => [
        id,
        { load: Number(load), call: Number(call), finish: Number(finish) },
      ]),
  );
}

/** The text of the performance document, once it has its table. */
function shown(heading: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const look = () => {
    const text = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "perf")?.getText();
    if (text?.includes(heading)) resolve(text);
  };
  const listeners = [vscode.workspace.onDidOpenTextDocument(look), vscode.workspace.onDidChangeTextDocument(look)];
  const limit = setTimeout(() => reject(new Error("VS Code showed no activation times.")), 30_000);
  look();
  return promise.finally(() => {
    clearTimeout(limit);
    for (const listener of listeners) listener.dispose();
  });
}
