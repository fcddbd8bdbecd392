import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { toLine } from "../../base/visibleText.ts";
import type { Client } from "../../client/client.ts";
import type { TerminalInfo } from "../../protocol/root.ts";
import { readSession } from "../fleet/agentCommands.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget, TerminalTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { type HostTerminals, terminalName } from "../fleet/hostTerminals.ts";
import { newTerminal, openTerminal } from "./newTerminal.ts";
import { RemoteTerminal } from "./remoteTerminal.ts";

export interface TerminalsOptions {
  readonly connections: Pick<HostConnectionsView, "client" | "get">;
  readonly hostTerminals: HostTerminals;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly contexts: Pick<Contexts, "set">;
  readonly dialogs: Pick<Dialogs, "confirm">;
  readonly newId: () => string;
  readonly logger: Logger;
  /** The agent that a command was meant for: its argument, else the active panel's, else the person is asked. */
  readonly resolveAgent: (target: AgentTarget | undefined) => Promise<AgentTarget | undefined>;
  readonly titleOf: (target: AgentTarget) => string;
}

/** Terminals of hosts in the editor's own terminal panel. Closing one detaches from it; killing ends its program. */
export class Terminals implements Disposable {
  readonly #options: TerminalsOptions;
  readonly #owned = new Disposables();
  /** Those that are shown here, by host and URI. */
  readonly #shown = new Map<string, vscode.Terminal>();

  constructor(options: TerminalsOptions) {
    this.#options = options;
    const { commands, contexts, hostTerminals } = options;
    this.#owned.add(
      commands.register("muster.agent.openTerminal", "open a terminal", async (target) => {
        const agent = await options.resolveAgent(target);
        if (agent !== undefined) await this.#openFor(agent);
      }),
    );
    this.#owned.add(
      commands.register("muster.terminal.show", "show the terminal", async (target) => {
        const chosen = await this.#choose(target, vscode.l10n.t("Show which terminal?"));
        if (chosen !== undefined) this.#show(chosen, this.#ownerOf(chosen));
      }),
    );
    this.#owned.add(
      commands.register("muster.terminal.kill", "kill the terminal", async (target) => {
        const chosen = await this.#choose(target, vscode.l10n.t("Kill which terminal?"));
        if (chosen !== undefined) await this.#kill(chosen);
      }),
    );
    const look = () => contexts.set("muster:hasTerminals", hostTerminals.all.length > 0);
    this.#owned.add(hostTerminals.onDidChange(look));
    this.#owned.add(
      vscode.window.onDidCloseTerminal((closed) => {
        for (const [key, terminal] of this.#shown) if (terminal === closed) this.#shown.delete(key);
      }),
    );
    look();
  }

  dispose(): void {
    this.#owned.dispose();
    for (const terminal of this.#shown.values()) terminal.dispose();
    this.#shown.clear();
  }

  /** A fresh one, unless the person wants one that is open already. */
  async #openFor(agent: AgentTarget): Promise<void> {
    const { hostTerminals, connections, newId } = this.#options;
    const client: Client = connections.client(agent.hostId);
    const running = hostTerminals.ofSession(agent.hostId, agent.session);
    let terminal: string | undefined;
    if (running.length > 0) {
      const fresh = { label: `$(add) ${vscode.l10n.t("New terminal")}`, terminal: undefined };
      const items = [fresh, ...running.map((info) => ({ ...itemOf(info), terminal: info.resource }))];
      const picked = await vscode.window.showQuickPick(items, {
        title: vscode.l10n.t("Terminals of {0}", this.#options.titleOf(agent)),
        placeHolder: vscode.l10n.t("Open which terminal?"),
      });
      if (picked === undefined) return;
      ({ terminal } = picked);
    }
    if (terminal === undefined) {
      const session = await readSession({ client, session: agent.session });
      const request = newTerminal(agent.session, session, newId(), client.hostInfo);
      terminal = request.channel;
      await openTerminal(client, request, connections.get(agent.hostId)?.host.name ?? vscode.l10n.t("The host"));
    }
    this.#show({ hostId: agent.hostId, terminal }, agent);
  }

  /** @param agent whose terminal it is; its title stands before the program's. */
  #show({ hostId, terminal: uri }: TerminalTarget, agent: AgentTarget | undefined): void {
    const key = `${hostId}|${uri}`;
    const existing = this.#shown.get(key);
    if (existing !== undefined) {
      existing.show();
      return;
    }
    const { connections, logger } = this.#options;
    const remote = new RemoteTerminal({ client: connections.client(hostId), uri, logger });
    const owner = agent === undefined ? "" : `${this.#options.titleOf(agent)}: `;
    const nameOf = (title: string) => toLabel(`${owner}${terminalName({ title })}`, 80);
    const terminal = vscode.window.createTerminal({
      name: nameOf(""),
      pty: pseudoterminalOf(remote, nameOf),
      iconPath: new vscode.ThemeIcon("remote-explorer"),
      isTransient: true,
    });
    this.#shown.set(key, terminal);
    terminal.show();
  }

  async #kill(target: TerminalTarget): Promise<void> {
    const { connections, dialogs } = this.#options;
    const info = this.#infoOf(target);
    const name = toLine(terminalName(info ?? { title: "" }), 60);
    if (info?.lifecycle?.status !== "exited") {
      const detail = vscode.l10n.t("The program that runs in it on the host is ended, for everybody who looks at it.");
      if (!(await dialogs.confirm(vscode.l10n.t('Kill the terminal "{0}"?', name), detail, vscode.l10n.t("Kill"))))
        return;
    }
    try {
      await connections.client(target.hostId).request("disposeTerminal", { channel: target.terminal });
    } catch (error) {
      if (!AppError.is(error, "notFound")) throw error;
    }
    this.#shown.get(`${target.hostId}|${target.terminal}`)?.dispose();
  }

  #ownerOf(target: TerminalTarget): AgentTarget | undefined {
    const claim = this.#infoOf(target)?.claim;
    return claim?.kind === "session" ? { hostId: target.hostId, session: claim.session } : undefined;
  }

  #infoOf({ hostId, terminal }: TerminalTarget): TerminalInfo | undefined {
    return this.#options.hostTerminals.of(hostId).find(({ resource }) => resource === terminal);
  }

  async #choose(target: TerminalTarget | undefined, placeHolder: string): Promise<TerminalTarget | undefined> {
    if (isTerminalTarget(target)) return target;
    const items = this.#options.hostTerminals.all.map(({ hostId, info }) => ({
      ...itemOf(info),
      target: { hostId, terminal: info.resource },
    }));
    return (await vscode.window.showQuickPick(items, { placeHolder }))?.target;
  }
}

/** Menus pass what they like. */
function isTerminalTarget(value: unknown): value is TerminalTarget {
  if (typeof value !== "object" || value === null || !("hostId" in value) || !("terminal" in value)) return false;
  return typeof value.hostId === "string" && typeof value.terminal === "string";
}

function itemOf(info: TerminalInfo): vscode.QuickPickItem {
  const description = info.lifecycle?.status === "exited" ? vscode.l10n.t("ended") : "";
  return { label: `$(terminal) ${toLabel(terminalName(info), 100)}`, description };
}

/** VS Code's end of it. */
function pseudoterminalOf(remote: RemoteTerminal, nameOf: (title: string) => string): vscode.Pseudoterminal {
  const ended = new vscode.EventEmitter<number | void>();
  remote.onEnd((exitCode) => ended.fire(exitCode));
  return {
    onDidWrite: remote.onWrite,
    onDidChangeName: (listener, thisArg) => remote.onName((title) => void listener.call(thisArg, nameOf(title))),
    onDidClose: ended.event,
    open: (size) => remote.open(size && { cols: size.columns, rows: size.rows }),
    close: () => {
      remote.dispose();
      ended.dispose();
    },
    handleInput: (data) => remote.input(data),
    setDimensions: ({ columns, rows }) => remote.resize({ cols: columns, rows }),
  };
}
