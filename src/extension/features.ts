import * as vscode from "vscode";
import type { Disposables } from "../base/disposables.ts";
import { parseSessionUri } from "../protocol/uris.ts";
import { Coordination } from "./coordination/coordination.ts";
import { registerCopyDiagnostics } from "./diagnostics/copyDiagnostics.ts";
import { keyOf } from "./fleet/fleetAgent.ts";
import { readCertificate } from "./hosts/certificate.ts";
import { HostCommands } from "./hostSetup/hostCommands.ts";
import { registerHandOff } from "./handOff/handOff.ts";
import { localGit } from "./handOff/localGit.ts";
import type { AgentTarget } from "./ids.ts";
import { AgentTargets } from "./inbox/agentTargets.ts";
import { Approvals } from "./inbox/approvals.ts";
import { Inbox } from "./inbox/inbox.ts";
import { registerInboxCommands } from "./inbox/inboxCommands.ts";
import { startNoticing } from "./inbox/noticing.ts";
import { RequestDocuments } from "./inbox/requestDocuments.ts";
import { Attempts } from "./launch/attemptsView.ts";
import { startLaunching } from "./launch/launching.ts";
import { registerLinks } from "./links/links.ts";
import { Onboarding } from "./onboarding/onboarding.ts";
import { attendanceOf } from "./platform/attendance.ts";
import { runCommand } from "./platform/commandRegistry.ts";
import { confirmMessage } from "./platform/messageForm.ts";
import { whenTrusted } from "./platform/trust.ts";
import { Review } from "./review/review.ts";
import { toReviewUri } from "./review/reviewUri.ts";
import { startReviewing } from "./review/reviewing.ts";
import { registerChoiceCommand } from "./session/choiceCommand.ts";
import { registerNetworkCommand } from "./session/networkCommand.ts";
import { panelPorts } from "./session/panelPorts.ts";
import { SessionPanels } from "./session/sessionPanels.ts";
import { defaultGitHubServer } from "./ship/gitHubServers.ts";
import { vscodeSignIn } from "./ship/gitHubSignIn.ts";
import { Ship } from "./ship/ship.ts";
import { registerSignInCommands } from "./signIn/signInCommands.ts";
import { startSpending } from "./spend/spending.ts";
import { Terminals } from "./terminals/terminals.ts";
import { registerAgentCommands } from "./tree/agentCommands.ts";
import { registerAgentsViewCommands } from "./tree/agentsViewCommands.ts";
import { markWatchedAsRead } from "./tree/readMarks.ts";
import { selectedAgents } from "./tree/rowSelection.ts";
import type { Services } from "./services.ts";

/** All that people do with agents and hosts, on top of the services; it ends with `owned`. */
export function startFeatures(services: Services, owned: Disposables): void {
  const {
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
    readFile,
    servers,
    settings,
    signIn,
    snoozes,
    telemetry,
    version,
    viewSettings,
  } = services;

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
      resolveAgent: (target) => targets.one(target, vscode.l10n.t("Review whose changes?")),
      titleOf: (target) => targets.titleOf(target),
      onError,
    }),
  );
  owned.add(
    startReviewing({
      review,
      hosts: connections,
      commands,
      contexts,
      dialogs,
      presenter,
      state: context.workspaceState,
      person: context.globalState,
      clock,
      newId,
      agents: () => fleet.agents.values(),
      openPanel: (target) => panels.show(target),
      onError,
    }),
  );

  owned.add(
    registerHandOff(commands, {
      hosts: connections,
      dialogs,
      clock,
      git: localGit,
      folders: () => vscode.workspace.workspaceFolders?.map(({ uri }) => uri.fsPath) ?? [],
      resolveAgent: (target, question) => targets.one(target, question, ({ freshness }) => freshness.live),
      titleOf: (target) => targets.titleOf(target),
      agents: () => fleet.agents.values(),
    }),
  );
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
        targets.one(target, vscode.l10n.t("Open a terminal of which agent?"), ({ freshness }) => freshness.live),
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
      userAgent: `muster/${version}`,
      resolveAgent: (target, fits) => targets.one(target, vscode.l10n.t("Whose pull request?"), fits),
      fleet,
      seen: attendanceOf(agentsView, () => panels.active !== undefined),
      archivesOnMerge: () => settings.read("pullRequests.archiveOnMerge"),
      fixLimits: () => ({
        attempts: settings.read("pullRequests.fixAttempts"),
        spendUsd: settings.read("pullRequests.fixBudgetUsd"),
      }),
      updateFromBase: (target) => runCommand("muster.agent.updateFromBase", target),
      reviewed: review.reviewed,
      review: (target) => review.openBranch(target),
      readSides: (target, file) => review.readSides(target, file),
    }),
  );

  // What people do.
  const reveal = (key: string) => {
    const row = agentsView.visible ? agentsTree.reveal(key) : undefined;
    if (row !== undefined) void agentsView.reveal(row, { select: true, focus: false });
  };
  const refresh = async () => void (await Promise.all([fleet.refresh(), ship.refresh()]));
  const approvals = new Approvals({ fleet, documents: owned.add(new RequestDocuments()), telemetry, clock });
  const openPanel = (target: AgentTarget) => panels.show(target);
  const inbox = owned.add(new Inbox({ fleet, approvals, snoozes, presenter, clock, openPanel }, onError));
  owned.add(registerInboxCommands({ fleet, targets, inbox, snoozes, panels, commands, dialogs, reveal }));
  const selection = () => selectedAgents({ view: agentsView, tree: agentsTree, clock });
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
      readFile,
      readCertificate,
      showLog: (host) => hostLogs.show(host),
    }),
  );
  owned.add(
    registerLinks({
      extensionId: context.extension.id,
      connections,
      commands,
      presenter,
      resolveAgent: (target) => targets.one(target, vscode.l10n.t("Copy the link to which agent?")),
      addHost: (proposal) => hostCommands.add(proposal),
      openAgent: (target) => panels.show(target),
    }),
  );
  const { extensionUri } = context;
  owned.add(new Attempts({ extensionUri, fleet, connections, commands, dialogs, clock, resolveAgent }));
  owned.add(
    new Coordination({
      extensionUri,
      fleet,
      connections,
      commands,
      dialogs,
      presenter,
      clock,
      newId,
      confirmMessage,
      state: context.workspaceState,
      revision: ({ hostId, session }, path, oid) =>
        vscode.Uri.from(toReviewUri({ hostId, sessionId: parseSessionUri(session) ?? "none", path, oid })),
      resolveAgents: (target, selected, placeholder, fits) => targets.many(target, selected, placeholder, fits),
    }),
  );
  const clientOf = (hostId: string) => connections.client(hostId);
  owned.add(
    startSpending({
      extensionUri,
      connections,
      client: clientOf,
      fleet,
      commands,
      clock,
      resolveAgent,
      state: context.globalState,
    }),
  );
  owned.add(registerChoiceCommand({ commands, client: clientOf, resolveAgent }));
  owned.add(registerNetworkCommand({ commands, client: clientOf, resolveAgent }));
  const isShown = ({ key }: { key: string }) => panels.active !== undefined && keyOf(panels.active) === key;
  owned.add(startNoticing({ fleet, settings, dialogs, clock, snoozes, isShown, state: context.globalState, newId }));

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
  owned.add(registerCopyDiagnostics({ version, connections, fleet, settings, logger, commands, dialogs }));

  owned.add(
    whenTrusted(() => {
      for (const { client } of connections.all) client.connect();
      void ship.refresh().catch(onError);
      void onboarding.resume().catch(onError);
      telemetry.send("extension.activated", { hosts: connections.all.length });
    }),
  );
}
