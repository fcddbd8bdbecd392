import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Client } from "../../client/client.ts";
import type { EgressDecision } from "../../protocol/fleetEgress.ts";
import { fleetSessionUri, parseSessionUri } from "../../protocol/uris.ts";
import { following } from "../fleet/agentCommands.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { ResolveAgent } from "../fleet/resolveAgent.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";

export interface NetworkCommandOptions {
  readonly commands: CommandRegistry;
  readonly client: (hostId: string) => Client;
  readonly resolveAgent: ResolveAgent;
}

/** `Muster: Network Access`: what was decided about the servers that an agent wanted to reach, to take one of it back. */
export function registerNetworkCommand({ commands, client, resolveAgent }: NetworkCommandOptions): Disposable {
  return commands.register("muster.agent.networkAccess", "take network access back", async (target) => {
    const placeholder = vscode.l10n.t("Show the network access of which agent?");
    const isOurs = ({ freshness, canShip }: FleetAgent) => freshness.live && canShip;
    const agent = await resolveAgent(target, placeholder, isOurs);
    const id = agent && parseSessionUri(agent.session);
    if (agent === undefined || id === undefined) return;
    const uri = fleetSessionUri(id);
    const host = client(agent.hostId);
    await following(host, "fleetSession", uri, async ({ egress }) => {
      const decided = egress?.decided ?? [];
      if (decided.length === 0) {
        const sentence =
          "Nobody has decided anything about this agent's network. Muster asks when a program wants out.";
        throw new AppError("notFound", sentence);
      }
      const items = decided.map(({ server, decision }) => ({
        label: toLabel(server, 120),
        description: scopeOf(decision),
        server,
      }));
      const placeHolder = vscode.l10n.t("Take back which decision? The next connection is asked about again.");
      const chosen = await vscode.window.showQuickPick(items, { placeHolder });
      if (chosen) await host.dispatch(uri, { type: "x-fleet/egressRevoked", server: chosen.server });
    });
  });
}

function scopeOf(decision: EgressDecision): string {
  switch (decision) {
    case "repository":
      return vscode.l10n.t("let through for every agent of the repository");
    case "never":
      return vscode.l10n.t("never let through");
    default:
      return vscode.l10n.t("let through for this agent");
  }
}
