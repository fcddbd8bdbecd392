import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import type { AgentSignIn, OpenNeed } from "./agentSignIn.ts";
import type { TokenConsents } from "./tokenConsents.ts";

export interface SignInCommandsOptions {
  readonly signIn: AgentSignIn;
  readonly consents: TokenConsents;
  readonly connections: Pick<HostConnectionsView, "all" | "get">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly contexts: Pick<Contexts, "set">;
  readonly dialogs: Pick<Dialogs, "tell">;
  /** The kind of agent that runs there. */
  readonly providerOf: (target: AgentTarget) => string | undefined;
}

/** `Muster: Sign In to Agent…` and `Muster: Forget Sign-In…`. */
export function registerSignInCommands(options: SignInCommandsOptions): Disposable {
  const { signIn, consents, connections, commands, contexts, dialogs, providerOf } = options;
  const owned = new Disposables();
  owned.add(
    commands.register("muster.agent.signIn", "sign in", async (target) => {
      const hostId = typeof target?.hostId === "string" ? target.hostId : undefined;
      const provider = target !== undefined && "session" in target ? providerOf(target) : undefined;
      const open = signIn.offers(hostId, provider);
      if (open.length === 0) {
        const obstacle = hostId === undefined ? undefined : signIn.obstacle(hostId, provider);
        if (obstacle !== undefined) throw new AppError("auth.required", obstacle);
        void dialogs.tell(vscode.l10n.t("No agent on a connected host lacks a sign-in."));
        return;
      }
      const need = open.length === 1 ? open[0] : await choose(open);
      if (need === undefined || !(await signIn.signIn(need))) return;
      const has =
        need.agent === undefined
          ? vscode.l10n.t("{0} has your sign-in for {1}. Try again what failed.", need.hostName, need.want.resource)
          : vscode.l10n.t("{0} on {1} has your sign-in. Send your message again.", need.agent, need.hostName);
      void dialogs.tell(toLabel(has, 300));
    }),
  );
  owned.add(
    commands.register("muster.host.forgetSignIn", "forget the sign-in", async (target) => {
      const given = connections.all.filter(({ host }) => consents.hostIds.has(host.id)).map(({ host }) => host);
      const named = given.find(({ id }) => id === target?.hostId);
      const items = given.map((host) => ({ label: toLabel(host.name), description: toLabel(host.url, 100), host }));
      const placeHolder = vscode.l10n.t("Which host may use your sign-in no longer?");
      const host = named ?? (await vscode.window.showQuickPick(items, { placeHolder }))?.host;
      if (host === undefined) return;
      await signIn.forget(host.id);
      void dialogs.tell(
        vscode.l10n.t(
          'Muster hands "{0}" no sign-in any more. What the host has already is its own until it restarts; GitHub\'s settings can end that, too.',
          toLabel(host.name, 60),
        ),
      );
    }),
  );
  const look = () => {
    contexts.set("muster:needsSignIn", signIn.open().length > 0);
    contexts.set(
      "muster:hasSignIns",
      connections.all.some(({ host }) => consents.hostIds.has(host.id)),
    );
  };
  owned.add(signIn.onDidChange(look));
  look();
  return owned;
}

async function choose(open: readonly OpenNeed[]): Promise<OpenNeed | undefined> {
  const items = open.map((need) => ({
    label: toLabel(need.agent ?? need.want.resource),
    description: toLabel(vscode.l10n.t("{0} on {1}", need.want.server.host, need.hostName), 100),
    need,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("Sign in for which agent?") }))?.need;
}
