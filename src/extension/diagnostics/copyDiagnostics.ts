import * as vscode from "vscode";
import type { Disposable } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { hostSoftwareOf } from "../hosts/hostSoftware.ts";
import { SETTING_KEYS } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { OutputLogger } from "../platform/logger.ts";
import type { Settings } from "../platform/settings.ts";
import { type DiagnosticFacts, type HostFacts, renderDiagnostics } from "./diagnostics.ts";

export interface CopyDiagnosticsOptions {
  readonly version: string;
  readonly connections: HostConnectionsView;
  readonly fleet: Pick<Fleet, "counts" | "countOn">;
  readonly settings: Settings;
  readonly logger: Pick<OutputLogger, "problems">;
  readonly commands: CommandRegistry;
  readonly dialogs: Pick<Dialogs, "tell">;
}

/** "Copy Diagnostics": what somebody needs who is to help, on the clipboard. Nothing is sent anywhere. */
export function registerCopyDiagnostics(options: CopyDiagnosticsOptions): Disposable {
  return options.commands.register("muster.diagnostics.copy", "copy the diagnostics", async () => {
    await vscode.env.clipboard.writeText(renderDiagnostics(collectFacts(options)));
    void options.dialogs.tell(
      vscode.l10n.t("The diagnostics are on the clipboard, without credentials. Read them before you pass them on."),
    );
  });
}

function collectFacts({ version, connections, fleet, settings, logger }: CopyDiagnosticsOptions): DiagnosticFacts {
  return {
    versions: {
      Muster: version,
      [vscode.env.appName]: vscode.version,
      Node: process.versions.node,
      System: `${process.platform} ${process.arch}`,
      Remote: vscode.env.remoteName === undefined ? "no" : "yes",
      "Workspace trusted": vscode.workspace.isTrusted ? "yes" : "no",
    },
    hosts: connections.all.map(({ host, client, state }): HostFacts => {
      const { name, version: software } = hostSoftwareOf(client);
      return {
        url: host.url,
        software: [name ?? "muster-host", software].filter(Boolean).join(" "),
        state,
        protocolVersion: client.hostInfo?.protocolVersion,
        fleetVersion: client.hostInfo?.fleet?.version,
        agents: fleet.countOn(host.id),
      };
    }),
    counts: fleet.counts,
    settings: Object.fromEntries(
      // Hosts have a section of their own.
      SETTING_KEYS.filter((key) => key !== "hosts" && !settings.isDefault(key)).map((key) => [key, settings.read(key)]),
    ),
    problems: logger.problems,
  };
}
