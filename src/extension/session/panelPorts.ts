import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import type { PanelPorts } from "./panelActions.ts";
import { terminalText } from "./panelWindow.ts";

// Escape sequences colour a terminal; in a document they are noise.
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const escapes = /\u001b(?:\[[\d;:<=>?]*[ -/]*[@-~]|\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** The editor's side of what a panel may set in motion. */
export function panelPorts(
  connections: HostConnectionsView,
  openFileDiff: (target: AgentTarget, path: string) => Promise<void>,
): PanelPorts {
  return {
    review: (target) => runCommand("muster.agent.review", target),
    createPullRequest: (target) => runCommand("muster.agent.createPullRequest", target),
    showPullRequest: (target) => runCommand("muster.agent.showPullRequest", target),
    signIn: (target) => runCommand("muster.agent.signIn", target),
    openFileDiff,
    openText: async (title, text) => {
      const content = `${toLine(title, 200)}\n\n${text.replaceAll(escapes, "").replaceAll(/\r+\n/g, "\n")}`;
      const document = await vscode.workspace.openTextDocument({ content, language: "log" });
      await vscode.window.showTextDocument(document, { preview: true });
    },
    copy: async (text) => vscode.env.clipboard.writeText(text),
    openExternal: async (url) => {
      await vscode.env.openExternal(vscode.Uri.parse(url.href, true));
    },
    reconnect: (hostId) => connections.reconnect(hostId),
    readTerminal: async (hostId, uri) => {
      const handle = connections.client(hostId).subscribe("terminal", uri);
      try {
        const state = handle.state ?? (await handle.ready);
        const text = terminalText(state);
        if (text === "") throw new AppError("notFound", "That tool has printed nothing.");
        return { title: state.title, text };
      } finally {
        handle.dispose();
      }
    },
  };
}
