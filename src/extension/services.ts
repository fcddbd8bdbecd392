import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import type { AppError } from "../base/appError.ts";
import { type Disposable, Disposables } from "../base/disposables.ts";
import { registerCopyDiagnostics } from "./diagnostics/copyDiagnostics.ts";
import { Fleet } from "./fleet/fleet.ts";
import { agentKey, keyOf } from "./fleet/fleetAgent.ts";
import { HostTerminals } from "./fleet/hostTerminals.ts";
import { readCertificate } from "./hosts/certificate.ts";
import { HostConnections } from "./hosts/hostConnections.ts";
import { newHostClient } from "./hosts/hostClient.ts";
import { HostRegistry } from "./hosts/hostRegistry.ts";
import type { HostRecord } from "./hosts/hosts.ts";
import { SpendToday } from "./hosts/spendToday.ts";
import { HostCommands } from "./hostSetup/hostCommands.ts";
import { handleLinks } from "./hostSetup/hostLinks.ts";
import { type AgentTarget, VIEWS } from "./ids.ts";
import { AgentTargets } from "./inbox/agentTargets.ts";
import { Approvals } from "./inbox/approvals.ts";
import { AttentionNotices } from "./inbox/attentionNotices.ts";
import { Inbox } from "./inbox/inbox.ts";
import { registerInboxCommands } from "./inbox/inboxCommands.ts";
import { NoticeLease } from "./inbox/noticeLease.ts";
import { RequestDocuments } from "./inbox/requestDocuments.ts";
import { Snoozes } from "./inbox/snoozes.ts";
import { Attempts } from "./launch/attemptsView.ts";
import { startLaunching } from "./launch/launching.ts";
import { withMilestones } from "./onboarding/milestones.ts";
import { Onboarding } from "./onboarding/onboarding.ts";
import { systemClock } from "./platform/clock.ts";
import { CommandRegistry, runCommand } from "./platform/commandRegistry.ts";
import { Contexts } from "./platform/contexts.ts";
import { Dialogs } from "./platform/dialogs.ts";
import { HostLogs } from "./platform/hostLogs.ts";
import { HostsStore } from "./platform/hostsStore.ts";
import { OutputLogger } from "./platform/logger.ts";
import { ErrorPresenter } from "./platform/presentError.ts";
import { Settings } from "./platform/settings.ts";
import { createTelemetry } from "./platform/telemetry.ts";
import { requireTrust, whenTrusted } from "./platform/trust.ts";
import { Review } from "./review/review.ts";
import { panelPorts } from "./session/panelPorts.ts";
import { SessionPanels } from "./session/sessionPanels.ts";
import { defaultGitHubServer, gitHubScopes } from "./ship/gitHubServers.ts";
import { onDidChangeAccounts, vscodeSignIn } from "./ship/gitHubSignIn.ts";
import { Ship } from "./ship/ship.ts";
import { AgentSignIn } from "./signIn/agentSignIn.ts";
import { HostCredentials } from "./signIn/hostCredentials.ts";
import { registerSignInCommands } from "./signIn/signInCommands.ts";
import { registerBudgetCommands } from "./spend/budgetCommands.ts";
import { SpendView } from "./spend/spendView.ts";
import { Terminals } from "./terminals/terminals.ts";
import { registerAgentCommands } from "./tree/agentCommands.ts";
import { AgentsTree, type TreeElement } from "./tree/agentsTree.ts";
import { registerAgentsViewCommands } from "./tree/agentsViewCommands.ts";
import { AgentsViewSettings } from "./tree/agentsViewSettings.ts";
import { FleetStatus } from "./tree/fleetStatus.ts";
import { markWatchedAsRead } from "./tree/readMarks.ts";
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
      replaceToken: () => void runCommand("muster.host.replaceToken"),
      signIn: (failure) => void signInAfter(failure),
      refresh: () => void runCommand("muster.agents.refresh"),
      gitHubServers: () => void settings.open("github.servers"),
    },
    logger,
    clock,
  );
  const commands = owned.add(new CommandRegistry(presenter));
  const reporter = createTelemetry(connectionStringOf(context), async (connectionString) => {
    const { TelemetryReporter } = await import("@vscode/extension-telemetry");
    return new TelemetryReporter(connectionString);
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
    newHostClient(host, token, { clock, logger: logOf(host), version: versionOf(context), mayDial: requireTrust });
  const connections = owned.add(new HostConnections({ hosts, newClient, logger: logger.child("hosts") }));
  owned.add(connections.onDidChange(({ removed }) => hostLogs.forget(removed)));
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
      ports: panelPorts({ connections, dialogs, review: () => review }),
      contexts,
      clock,
      newId,
      telemetry,
      logger: logger.child("panel"),
    }),
  );
  const targets = new AgentTargets(fleet, () => panels.active, clock);
  const resolveAgent: AgentTargets["one"] = (target, placeholder, fits) => targets.one(target, placeholder, fits);
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
  const viewSettings = owned.add(
    new AgentsViewSettings({ global: context.globalState, workspace: context.workspaceState }, onError),
  );
  const isVisible = (): boolean => agentsView.visible;
  const agentsTree = owned.add(new AgentsTree({ fleet, connections, settings: viewSettings, clock, isVisible }));
  const agentsView: vscode.TreeView<TreeElement> = owned.add(
    vscode.window.createTreeView(VIEWS.agents, {
      treeDataProvider: agentsTree,
      canSelectMany: true,
      showCollapseAll: true,
    }),
  );
  const spend = owned.add(new SpendToday({ connections, clock, logger: logger.child("spend") }));
  const hostsTree = owned.add(new HostsTree({ connections, fleet, terminals: hostTerminals, signIn, spend, clock }));
  spend.showIn(owned.add(vscode.window.createTreeView(VIEWS.hosts, { treeDataProvider: hostsTree })));
  const snoozes = owned.add(new Snoozes(context.globalState, clock, onError));
  owned.add(new FleetStatus(fleet, connections, snoozes, agentsView, contexts, clock));

  // What people do.
  const reveal = (key: string) => {
    const row = agentsView.visible ? agentsTree.reveal(key) : undefined;
    if (row !== undefined) void agentsView.reveal(row, { select: true, focus: false });
  };
  const refresh = async () => void (await Promise.all([fleet.refresh(), ship.refresh()]));
  const approvals = new Approvals({ fleet, documents: owned.add(new RequestDocuments()), telemetry, clock });
  const openPanel = (target: AgentTarget) => panels.show(target);
  const inbox = owned.add(new Inbox({ fleet, approvals, snoozes, presenter, clock, openPanel }, onError));
  owned.add(registerInboxCommands({ fleet, targets, inbox, snoozes, panels, commands, reveal }));
  const selection = () => agentsView.selection.filter((element) => element.kind === "agent");
  owned.add(
    registerAgentCommands({
      fleet,
      targets,
      settings: viewSettings,
      dialogs,
      commands,
      open: openPanel,
      refresh,
      selection,
    }),
  );
  owned.add(markWatchedAsRead({ fleet, active: () => panels.active }));
  owned.add(
    registerAgentsViewCommands({
      fleet,
      tree: agentsTree,
      view: agentsView,
      settings: viewSettings,
      commands,
      contexts,
      clock,
    }),
  );
  owned.add(
    startLaunching({
      connections,
      signIn: (hostId, provider) => signIn.beforeLaunch(hostId, provider),
      launch: (request) => credentials.withCredentials(request.hostId, () => fleet.launch(request)),
      resolveAgent,
      agent: (target) => targets.agent(target),
      readIssue: (repository, number) => ship.readIssue(repository, number),
      templates: () => settings.read("launch.templates"),
      openSettings: () => settings.open("launch.templates"),
      global: context.globalState,
      workspace: context.workspaceState,
      newId,
      commands,
      contexts,
      dialogs,
      presenter,
      telemetry,
      openPanel: (target) => void panels.show(target),
      compare: (target) => void runCommand("muster.agent.compareAttempts", target),
    }),
  );
  const hostCommands = owned.add(
    new HostCommands({
      hosts,
      connections,
      commands,
      dialogs,
      telemetry,
      newClient,
      readFile: readText,
      readCertificate,
      showLog: (host) => hostLogs.show(host),
    }),
  );
  owned.add(handleLinks((proposal) => hostCommands.add(proposal), presenter));
  const { extensionUri } = context;
  owned.add(new Attempts({ extensionUri, fleet, connections, commands, dialogs, clock, resolveAgent }));
  owned.add(
    new SpendView({
      extensionUri,
      connections,
      commands,
      clock,
      onDidChangeAgents: fleet.onDidChange,
      titleOf: (hostId, session) => fleet.get(agentKey(hostId, session))?.title,
      state: context.globalState,
    }),
  );
  const clientOf = (hostId: string) => connections.client(hostId);
  owned.add(registerBudgetCommands({ commands, client: clientOf, fleet, resolveAgent }));
  const isShown = ({ key }: { key: string }) => panels.active !== undefined && keyOf(panels.active) === key;
  const lease = owned.add(
    new NoticeLease({
      state: context.globalState,
      windowId: newId(),
      isFocused: () => vscode.window.state.focused,
      onDidFocus: (listener) => vscode.window.onDidChangeWindowState(({ focused }) => focused && listener(focused)),
      clock,
      random: Math.random,
    }),
  );
  owned.add(new AttentionNotices({ fleet, settings, dialogs, clock, snoozes, lease, isShown }));

  // The first steps, and help when something is wrong.
  const onboarding = owned.add(
    new Onboarding({
      context,
      hosts,
      connections,
      launch: (request) => fleet.launch(request),
      signInToGitHub: () => vscodeSignIn.token(servers()[0] ?? defaultGitHubServer),
      commands,
      contexts,
      dialogs,
      logger: logger.child("demo"),
    }),
  );
  const version = versionOf(context);
  owned.add(registerCopyDiagnostics({ version, connections, fleet, settings, logger, commands, dialogs }));

  owned.add(
    whenTrusted(() => {
      for (const { client } of connections.all) client.connect();
      void ship.refresh().catch(onError);
      void onboarding.resume().catch(onError);
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
