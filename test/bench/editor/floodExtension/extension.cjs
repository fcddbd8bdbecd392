const path = require("node:path");
const vscode = require("vscode");
const { floodFor } = require("./lines.cjs");

exports.activate = (context) => {
  const ms = Number(process.env.MUSTER_BENCH_FLOOD_MS);
  const register = (id, run) => context.subscriptions.push(vscode.commands.registerCommand(id, run));
  register("bench.flood.output", () => {
    const channel = vscode.window.createOutputChannel("Flood");
    channel.show();
    void floodFor(ms, (text) => channel.append(text));
  });
  register("bench.flood.terminal", () => {
    const shellArgs = [path.join(__dirname, "lines.cjs"), String(ms)];
    // Without a name its title is what the program says.
    vscode.window.createTerminal({ shellPath: process.execPath, shellArgs }).show();
  });
};
