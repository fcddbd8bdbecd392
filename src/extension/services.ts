import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import type { AppError } from "../base/appError.ts";
import { type Disposable, Disposables } from "../base/disposables.ts";
import { AhpClient } from "../client/ahpClient.ts";
import { Fleet } from "./fleet/fleet.ts";
import { keyOf } from "./fleet/fleetAgent.ts";
import { HostTerminals } from "./fleet/hostTerminals.ts";
import { HostConnections } from "./hosts/hostConnections.ts";
import { hostDial } from "./hosts/hostDial.ts";
import { HostRegistry } from "./hosts/hostRegistry.ts";
import { type AgentTarget, VIEWS } from "./ids.ts";
import { registerAgentCommands } from "./inbox/agentCommands.ts";
import { AgentTargets } from "./inbox/agentTargets.ts";
import { RequestAnswers } from "./inbox/answerRequests.ts";
import { AttentionNotices } from "./inbox/attentionNotices.ts";
import { AgentLauncher } from "./launch/launchAgent.ts";
import { HostCommands } from "./launch/hostCommands.ts";
import { LaunchDrafts } from "./launch/launchDraft.ts";
import { systemClock } from "./platform/clock.ts";
import { CommandRegistry, runCommand } from "./platform/commandRegistry.ts";
import { Contexts } from "./platform/contexts.ts";
import { Dialogs } from "./platform/dialogs.ts";
import { HostsStore } from "./platform/hostsStore.ts";
import { OutputLogger } from "./platform/logger.ts";
import { ErrorPresenter } from "./platform/presentError.ts";
import { Settings } from "./platform/settings.ts";
import { createTelemetry } from "./platform/telemetry.ts";
import { requireTrust, whenTrusted } from "./platform/trust.ts";
import { Review } from "./review/review.ts";
import { panelPorts } from "./session/panelPorts.ts";
import { SessionPanels } from "./session/sessionPanels.ts";
import { gitHubScopes } from "./ship/gitHubServers.ts";
import { onDidChangeAccounts, vscodeSignIn } from "./ship/gitHubSignIn.ts";
import { Ship } from "./ship/ship.ts";
import { AgentSignIn } from "./signIn/agentSignIn.ts";
import { HostCredentials } from "./signIn/hostCredentials.ts";
import { registerSignInCommands } from "./signIn/signInCommands.ts";
import { Terminals } from "./terminals/terminals.ts";
import { AgentsTree } from "./tree/agentsTree.ts";
import { FleetStatus } from "./tree/fleetStatus.ts";
import { HostsTree } from "./tree/hostsTree.ts";

/** Builds and connects everything. Disposing of the result ends it all, in reverse order. */
export async function startServices(context: vscode.ExtensionContext): Promise<Disposable> {
  const owned = new Disposables();
  const clock = systemClock;
  const newId = () => randomUUID();

  // The editor.
  const logger = owned.add(OutputLogger.create());
  const onError = (error: unknown) => logger.error("listener failed", { reason: error });
  const dialogs = new Dialogs();
  const settings = owned.add(new Settings(onError));
  const contexts = new Contexts();
  const presenter = new ErrorPresenter(
    dialogs,
    {
      showLog: () => logger.show(),
      addHost: () => void runCommand("muster.host.add"),
      editHost: () => void runCommand("muster.host.edit"),
      signIn: (failure) => void signInAfter(failure),
      refresh: () => void runCommand("muster.agents.refresh"),
    },
    logger,
    clock,
  );
  const commands = owned.add(new CommandRegistry(presenter));
  const telemetry = owned.add(
    createTelemetry(connectionStringOf(context), async (connectionString) => {
      const { TelemetryReporter } = await import("@vscode/extension-telemetry");
      return new TelemetryReporter(connectionString);
    }),
  );

  // Hosts and their agents.
  const store = owned.add(new HostsStore(settings, onError));
  const hosts = owned.add(
    new HostRegistry({ store, secrets: context.secrets, readFile: readText, newId, logger: logger.child("hosts") }),
  );
  const connections = owned.add(
    new HostConnections({
      hosts,
      newClient: (host, token) => {
        const hostLogger = logger.child(`host.${host.id.slice(0, 8)}`);
        const dial = hostDial({ url: host.url, token, logger: hostLogger });
        return new AhpClient({
          dial: async (attempt) => {
            requireTrust();
            return dial(attempt);
          },
          clientId: newId(),
          clientInfo: { name: "muster", version: versionOf(context) },
          hostName: host.name,
          clock,
          random: Math.random,
          logger: hostLogger,
        });
      },
      logger: logger.child("hosts"),
    }),
  );
  const fleet = owned.add(new Fleet({ connections, clock, newId, logger: logger.child("fleet") }));

  // The person's accounts, for hosts and agents that need them.
  const servers = () => settings.read("github.servers");
  const credentials = new HostCredentials({
    hosts: connections,
    dialogs,
    signIn: vscodeSignIn,
    servers,
    state: context.globalState,
  });
  const signIn = owned.add(
    new AgentSignIn({ connections, credentials, dialogs, onDidChangeAccounts, logger: logger.child("signIn") }),
  );
  const { consents } = credentials;
  const providerOf = (target: AgentTarget) => fleet.get(keyOf(target))?.provider;
  owned.add(registerSignInCommands({ signIn, consents, connections, commands, contexts, dialogs, providerOf }));

  // Panels, and what is done with an agent.
  const panels: SessionPanels = owned.add(
    new SessionPanels({
      extensionUri: context.extensionUri,
      connections,
      fleet,
      signIn,
      ports: panelPorts(connections, (target, path) => review.openFileDiff(target, path)),
      contexts,
      clock,
      newId,
      telemetry,
      logger: logger.child("panel"),
    }),
  );
  const targets = new AgentTargets(fleet, () => panels.active, clock);
  const review: Review = owned.add(
    new Review({
      hosts: connections,
      commands,
      contexts,
      telemetry,
      state: context.workspaceState,
      clock,
      newId,
      resolveAgent: (target) => targets.one(target, "Review whose changes?"),
      titleOf: (target) => targets.titleOf(target),
    }),
  );

  const ship = owned.add(
    new Ship({
      hosts: connections,
      commands,
      dialogs,
      telemetry,
      state: context.globalState,
      clock,
      logger: logger.child("ship"),
      servers,
      signIn: vscodeSignIn,
      credentials,
      userAgent: `muster/${versionOf(context)}`,
      resolveAgent: (target, fits) => targets.one(target, "Whose pull request?", fits),
      listed: (target) => targets.agent(target)?.pullRequest,
      titleOf: (target) => targets.agent(target)?.title ?? "Changes of an agent",
      reviewed: review.reviewed,
      review: (target) => review.openBranch(target),
      decorate: (key, facts) => fleet.decorate(key, facts),
    }),
  );

  const hostTerminals = owned.add(new HostTerminals({ connections, logger: logger.child("terminals") }));
  owned.add(
    new Terminals({
      connections,
      hostTerminals,
      commands,
      contexts,
      dialogs,
      newId,
      logger: logger.child("terminals"),
      resolveAgent: (target) =>
        targets.one(target, "Open a terminal of which agent?", ({ freshness }) => freshness.live),
      titleOf: (target) => targets.titleOf(target),
    }),
  );

  // Views.
  const agentsTree = owned.add(new AgentsTree(fleet, connections, clock));
  const agentsView = owned.add(
    vscode.window.createTreeView(VIEWS.agents, {
      treeDataProvider: agentsTree,
      canSelectMany: true,
      showCollapseAll: true,
    }),
  );
  const hostsTree = owned.add(new HostsTree(connections, fleet, hostTerminals, signIn, clock));
  owned.add(vscode.window.createTreeView(VIEWS.hosts, { treeDataProvider: hostsTree }));
  owned.add(new FleetStatus(fleet, connections, agentsView, contexts, clock));

  // What people do.
  const answers = new RequestAnswers(fleet, targets, telemetry, (target) => void panels.show(target));
  const reveal = (key: string) => {
    const row = agentsTree.element(key);
    if (row !== undefined && agentsView.visible) void agentsView.reveal(row, { select: true, focus: false });
  };
  const refresh = async () => void (await Promise.all([fleet.refresh(), ship.refresh()]));
  owned.add(registerAgentCommands({ fleet, targets, answers, panels, dialogs, commands, refresh, reveal }));
  owned.add(
    new AgentLauncher({
      connections,
      signIn: (hostId, provider) => signIn.beforeLaunch(hostId, provider),
      launch: (request) => credentials.withCredentials(request.hostId, () => fleet.launch(request)),
      drafts: new LaunchDrafts(context.globalState),
      commands,
      presenter,
      telemetry,
      openPanel: (target) => void panels.show(target),
    }),
  );
  owned.add(new HostCommands({ hosts, connections, commands, dialogs, telemetry, showLog: () => logger.show() }));
  const isShown = ({ key }: { key: string }) => panels.active !== undefined && keyOf(panels.active) === key;
  owned.add(new AttentionNotices({ fleet, settings, dialogs, clock, isShown }));

  owned.add(
    whenTrusted(() => {
      for (const { client } of connections.all) client.connect();
      void ship.refresh().catch(onError);
      telemetry.send("extension.activated", { hosts: connections.all.length });
    }),
  );
  return owned;
}

function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

/** What the failure was about: a host that lacks a sign-in, an account, else GitHub's. A person who declines is told nothing more. */
async function signInAfter(failure: AppError | undefined): Promise<void> {
  const { hostId, authProvider } = failure?.details ?? {};
  if (typeof hostId === "string") return runCommand("muster.agent.signIn", { hostId });
  const provider = typeof authProvider === "string" ? authProvider : "github";
  await vscode.authentication
    .getSession(provider, gitHubScopes, { createIfNone: true })
    .then(undefined, () => undefined);
}

function versionOf(context: vscode.ExtensionContext): string {
  const version: unknown = context.extension.packageJSON?.version;
  return typeof version === "string" ? version : "0.0.0";
}

/** Where usage is reported to, if the package says so. */
function connectionStringOf(context: vscode.ExtensionContext): string | undefined {
  const value: unknown = context.extension.packageJSON?.telemetryConnectionString;
  return typeof value === "string" ? value : undefined;
}
