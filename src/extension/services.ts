import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import type { Disposables } from "../base/disposables.ts";
import { errorActions } from "./errorActions.ts";
import { Fleet } from "./fleet/fleet.ts";
import { HostTerminals } from "./fleet/hostTerminals.ts";
import { HostConnections } from "./hosts/hostConnections.ts";
import { newHostClient } from "./hosts/hostClient.ts";
import { HostRegistry } from "./hosts/hostRegistry.ts";
import type { HostRecord } from "./hosts/hosts.ts";
import { SpendToday } from "./hosts/spendToday.ts";
import { VIEWS } from "./ids.ts";
import { Snoozes } from "./inbox/snoozes.ts";
import { withMilestones } from "./onboarding/milestones.ts";
import { systemClock } from "./platform/clock.ts";
import { CommandRegistry } from "./platform/commandRegistry.ts";
import { Contexts } from "./platform/contexts.ts";
import { Dialogs } from "./platform/dialogs.ts";
import { HostLogs } from "./platform/hostLogs.ts";
import { HostsStore } from "./platform/hostsStore.ts";
import { OutputLogger } from "./platform/logger.ts";
import { ErrorPresenter } from "./platform/presentError.ts";
import { Settings } from "./platform/settings.ts";
import { createTelemetry } from "./platform/telemetry.ts";
import { requireTrust } from "./platform/trust.ts";
import { onDidChangeAccounts, vscodeSignIn } from "./ship/gitHubSignIn.ts";
import { AgentSignIn } from "./signIn/agentSignIn.ts";
import { HostCredentials } from "./signIn/hostCredentials.ts";
import { AgentsTree, type TreeElement } from "./tree/agentsTree.ts";
import { AgentsViewSettings } from "./tree/agentsViewSettings.ts";
import { FirstRows } from "./tree/firstRows.ts";
import { FleetStatus } from "./tree/fleetStatus.ts";
import { HostsTree } from "./tree/hostsTree.ts";

/**
 * Builds and connects what the views need, so that hosts are called and rows are drawn before anything else is even loaded.
 * What people do with agents is in features.ts. All of it ends with `owned`, in reverse order.
 */
export function startServices(context: vscode.ExtensionContext, owned: Disposables) {
  const clock = systemClock;
  const newId = () => randomUUID();
  const version = versionOf(context);

  // The editor.
  const logger = owned.add(OutputLogger.create());
  const onError = (error: unknown) => logger.error("listener failed", { reason: error });
  const dialogs = new Dialogs();
  const settings = owned.add(new Settings(onError));
  const contexts = new Contexts();
  const actions = errorActions({ logger, settings, id: context.extension.id });
  const presenter = new ErrorPresenter(dialogs, actions, logger, clock, vscode.l10n.t);
  const commands = owned.add(new CommandRegistry(presenter));
  const reporter = createTelemetry({
    connectionString: connectionStringOf(context),
    isEnabled: () => vscode.env.isTelemetryEnabled,
    loadSink: async (connectionString) => {
      const { newTelemetryReporter } = await import("./platform/telemetryReporter.ts");
      return newTelemetryReporter(connectionString);
    },
  });
  const telemetry = owned.add(withMilestones(reporter, contexts));

  // Hosts and their agents.
  const store = owned.add(new HostsStore(settings, onError));
  const hosts = owned.add(
    new HostRegistry({ store, secrets: context.secrets, readFile: readText, newId, logger: logger.child("hosts") }),
  );
  const hostLogs = owned.add(new HostLogs(logger));
  // One that is only tried has no log of its own.
  const logOf = (host: HostRecord) => (hosts.get(host.id) === undefined ? logger.child("hosts") : hostLogs.of(host));
  const newClient = (host: HostRecord, token: () => Promise<string | undefined>) =>
    newHostClient(host, token, { clock, logger: logOf(host), version, mayDial: requireTrust });
  const connections = owned.add(new HostConnections({ hosts, newClient, logger: logger.child("hosts") }));
  owned.add(connections.onDidChange(({ removed }) => hostLogs.forget(removed)));
  const fleet = owned.add(new Fleet({ connections, clock, newId, logger: logger.child("fleet"), t: vscode.l10n.t }));

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

  const hostTerminals = owned.add(new HostTerminals({ connections, logger: logger.child("terminals") }));

  // Views.
  const viewSettings = owned.add(
    new AgentsViewSettings({ global: context.globalState, workspace: context.workspaceState }, onError),
  );
  const isVisible = (): boolean => agentsView.visible;
  const agentsTree = owned.add(new AgentsTree({ fleet, connections, settings: viewSettings, clock, isVisible }));
  const agentsView: vscode.TreeView<TreeElement> = owned.add(
    vscode.window.createTreeView(VIEWS.agents, {
      treeDataProvider: owned.add(new FirstRows({ tree: agentsTree, connections, clock })),
      canSelectMany: true,
      showCollapseAll: true,
    }),
  );
  const spend = owned.add(new SpendToday({ connections, clock, logger: logger.child("spend") }));
  const hostsTree = owned.add(new HostsTree({ connections, fleet, terminals: hostTerminals, signIn, spend, clock }));
  spend.showIn(owned.add(vscode.window.createTreeView(VIEWS.hosts, { treeDataProvider: hostsTree })));
  const snoozes = owned.add(new Snoozes(context.globalState, clock, onError));
  owned.add(new FleetStatus(fleet, connections, snoozes, agentsView, contexts, clock));

  return {
    agentsTree,
    agentsView,
    clock,
    commands,
    connections,
    context,
    contexts,
    credentials,
    dialogs,
    fleet,
    hostLogs,
    hostTerminals,
    hosts,
    logger,
    newClient,
    newId,
    onError,
    presenter,
    readFile: readText,
    servers,
    settings,
    signIn,
    snoozes,
    telemetry,
    version,
    viewSettings,
  };
}

/** What features are made of. */
export type Services = ReturnType<typeof startServices>;

function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
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
