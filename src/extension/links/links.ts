import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { addHostPath, type HostProposal, parseHostLink } from "../hosts/hostLink.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import { agentLinkQuery, agentPath, parseAgentLink } from "./agentLink.ts";

export interface LinksOptions {
  /** As the editor's links name the extension. */
  readonly extensionId: string;
  readonly connections: Pick<HostConnectionsView, "all" | "get">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly resolveAgent: (target: AgentTarget | undefined) => Promise<AgentTarget | undefined>;
  /** Opens the form with what is proposed; resolves when the person is through with it. */
  readonly addHost: (proposal: HostProposal) => Promise<void>;
  readonly openAgent: (target: AgentTarget) => void;
}

/** Links of the editor to this extension. They only ever fill in a form that the person goes through, or show an agent. */
export function registerLinks(options: LinksOptions): Disposable {
  const { extensionId, connections, commands, presenter, resolveAgent, addHost } = options;
  const owned = new Disposables();
  const paths: Readonly<Record<string, readonly [during: string, follow: (query: string) => Promise<void>]>> = {
    [addHostPath]: [
      vscode.l10n.t("add the host"),
      async (query) => {
        const proposal = parseHostLink(query);
        if (!proposal.ok) throw proposal.error;
        await addHost(proposal.value);
      },
    ],
    [agentPath]: [vscode.l10n.t("show the agent"), (query) => showAgent(query, options)],
  };
  owned.add(
    vscode.window.registerUriHandler({
      async handleUri({ path, query }) {
        const [during, follow] = (Object.hasOwn(paths, path) ? paths[path] : undefined) ?? [];
        if (during === undefined || follow === undefined) return;
        try {
          await follow(query);
        } catch (error) {
          await presenter.present(error, during);
        }
      },
    }),
  );
  owned.add(
    commands.register("muster.agent.copyLink", "copy the link", async (target) => {
      const agent = await resolveAgent(target);
      const host = agent && connections.get(agent.hostId)?.host;
      if (agent === undefined || host === undefined) return;
      const query = agentLinkQuery({ hostUrl: host.url, session: agent.session });
      await vscode.env.clipboard.writeText(`${vscode.env.uriScheme}://${extensionId}${agentPath}?${query}`);
    }),
  );
  return owned;
}

/** On a host that is not in the list, after the person has added it. */
async function showAgent(query: string, { connections, addHost, openAgent }: LinksOptions): Promise<void> {
  const link = parseAgentLink(query);
  if (!link.ok) throw link.error;
  const { hostUrl, session } = link.value;
  const known = () => connections.all.find(({ host }) => host.url === hostUrl)?.host.id;
  if (known() === undefined) {
    const name = new URL(hostUrl).host;
    await addHost({ url: hostUrl, token: undefined, name });
  }
  const hostId = known();
  if (hostId !== undefined) openAgent({ hostId, session });
}
