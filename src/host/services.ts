import { randomUUID } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { type Failpoint, noFailpoint } from "../base/failpoint.ts";
import type { Logger } from "../base/logger.ts";
import { FLEET_VERSION } from "../protocol/fleet.ts";
import type { AgentInfo } from "../protocol/root.ts";
import { ROOT_URI } from "../protocol/uris.ts";
import { Access } from "./access/access.ts";
import { Channels } from "./channels/channels.ts";
import { RestingChannels } from "./channels/restingChannels.ts";
import { Retention } from "./channels/retention.ts";
import { configuredTokens, type HostConfig } from "./config.ts";
import { OWNER } from "./gateway/accessToken.ts";
import { FanOut } from "./gateway/fanOut.ts";
import { Gateway } from "./gateway/gateway.ts";
import type { FleetHandlers } from "./gateway/hostApi.ts";
import { KnownClients } from "./gateway/knownClients.ts";
import { VsCodeDialect } from "./gateway/vscodeDialect.ts";
import { DiskSpace } from "./log/diskSpace.ts";
import { SqliteLog } from "./log/sqlite.ts";
import { HostOperations } from "./operations/operations.ts";
import { AcpProvider } from "./providers/acp/acpProvider.ts";
import type { Provider } from "./providers/provider.ts";
import { CredentialStore } from "./sessions/credentialStore.ts";
import { EgressDesk } from "./sessions/egressDesk.ts";
import { Presence } from "./sessions/presence.ts";
import { RepositoryServers } from "./sessions/repositoryServers.ts";
import { queueLimitsOf, timeLimitsOf } from "./sessions/limitsConfig.ts";
import { liveBranches } from "./sessions/sessionRow.ts";
import { UpdateTrains } from "./sessions/updateTrains.ts";
import { SessionService } from "./sessions/sessionService.ts";
import { openSpending, type SpendingOptions } from "./spend/spending.ts";
import { PtyHostClient } from "./terminals/ptyHostClient.ts";
import { Terminals } from "./terminals/terminals.ts";
import { HOST_VERSION } from "./version.ts";
import { Conflicts } from "./forecast/conflicts.ts";
import { WorkspaceSetup } from "./setup/workspaceSetup.ts";
import { makeWorkspaces } from "./workspaces/makeWorkspaces.ts";
import { type Isolation, makeIsolation } from "./isolation/isolation.ts";

export interface HostOptions {
  readonly config: HostConfig;
  /** Absolute: the log, the mirrors and the workspaces. */
  readonly dataDir: string;
  /** Holds the owner's token, or its hash. */
  readonly ownersFile: string;
  /** Files outside `dataDir` that isolated agents must not read: the token's, the configuration. */
  readonly hidden: readonly string[];
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly failpoint?: Failpoint;
  /** Lines that `logger` has written, by level. */
  readonly logLines?: Readonly<Record<string, number>>;
  /** The log cannot be written any more: the process has to end. */
  readonly onFatal: (error: Error) => void;
}

export interface Host {
  readonly port: number;
  readonly epoch: string;
  /** Takes nothing new; running turns may end for so long, then they are interrupted, to be resumed. */
  drain(finishMs: number): Promise<void>;
  /** Ends agents and connections, then commits and closes the log. */
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;

/** Builds everything, brings back what the log holds, and opens the door last. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { config, dataDir, clock, logger, env, failpoint = noFailpoint } = options;
  const disk = new DiskSpace({
    directory: dataDir,
    minFreeBytes: config.disk.minFreeMegabytes * mebibyte,
    ballastBytes: config.disk.reserveMegabytes * mebibyte,
    clock,
    logger: logger.child("disk"),
  });
  const makeRoom = () => disk.release();
  const operations = new HostOperations(clock, disk);
  const onTimed = (seconds: number) => operations.metrics.committed(seconds);
  const log = SqliteLog.open({ directory: dataDir, clock, logger: logger.child("log"), makeRoom, onTimed, failpoint });
  log.onFailed(options.onFatal);
  try {
    // Looks at the disk, and makes the reserve while there is room for it.
    const refusal = disk.refusal();
    if (refusal !== undefined) logger.warn(refusal);
    const channels = new Channels({
      log,
      logger: logger.child("channels"),
      elapsed: () => clock.elapsed(),
      refuseWork: () => operations.refusal(),
      failpoint,
    });
    operations.follow(log, channels);
    await channels.recover();
    const fanOut = new FanOut(channels);
    const searchPath = env["PATH"] ?? "";
    const { box, egress } = config;
    const hidden = [...options.hidden, ...(config.gateway.tls ? [config.gateway.tls.key] : [])];
    const place = { dataDir, hidden, path: searchPath, clock };
    const access = new Access({
      config: config.access,
      dataDir,
      ownersFile: options.ownersFile,
      log,
      clock,
      logger: logger.child("access"),
    });
    const servers = new RepositoryServers({ channels, clock, audit: access.audit });
    const gate = new EgressDesk({ channels, clock, servers, holdMs: egress.askSeconds * 1_000 });
    const isolation = makeIsolation(config.isolation, { ...place, box, egress, gate });
    await isolation.sweep();
    let isolationLacks: readonly string[] = [];
    if (config.agents.length > 0) void shortcomingsOf(isolation, logger).then((lacks) => (isolationLacks = lacks));
    const silenceMs = config.agentWatch.silentMinutes * 60_000;
    const acp = { isolation, clock, env, randomId: randomUUID, limits: { silenceMs } };
    const agents = config.agents.map((agent) => new AcpProvider(agent, acp));
    const providers = new Map<string, Provider>(agents.map((agent) => [agent.info.provider, agent]));
    const { allowLocal } = config.repositories;
    const ptyHost = new PtyHostClient({ logger: logger.child("ptyHost"), clock });
    const announce: SpendingOptions["announce"] = (method, params, owner) =>
      fanOut.notify(method, params, (reader) => reader.sight.sees(owner));
    const spendLogger = logger.child("spend");
    const spending = await openSpending({ channels, clock, logger: spendLogger, config: config.spend, announce });
    const terminals = new Terminals({
      channels,
      clock,
      logger: logger.child("terminals"),
      isolation,
      spawner: ptyHost,
      env,
      backlogOf: (uri) => fanOut.backlogOf(uri),
      epoch: log.epoch,
      meter: spending.meter,
    });
    const workspaces = await makeWorkspaces({
      config: config.repositories,
      isolation: config.isolation,
      dataDir,
      clock,
      logger,
      env,
      failpoint,
    });
    const setup = new WorkspaceSetup({
      channels,
      clock,
      logger: logger.child("setup"),
      isolation,
      newId: randomUUID,
      searchPath,
      timeoutMs: config.repositories.setupMinutes * 60_000,
      setupOf: (id) => workspaces.setupOf(id),
      meter: spending.meter,
    });
    const credentials = new CredentialStore(configuredTokens(config, env));
    const sessions = new SessionService({
      ...spending,
      log,
      channels,
      clock,
      logger: logger.child("sessions"),
      newId: randomUUID,
      random: Math.random,
      workspaces,
      setup,
      providers,
      terminals,
      egress: gate,
      credentials,
      agentIdleMs: config.limits.agentIdleMinutes * 60_000,
      maxIdleAgents: config.limits.idleAgents ?? config.limits.concurrentSessions,
      rules: {
        agents: agents.map((agent) => agent.info),
        allowLocal,
        isolation: config.isolation,
        isolationLacks: () => isolationLacks,
      },
      knownRepositories: config.repositories.known,
      queueLimits: queueLimitsOf(config.limits),
      timeLimits: timeLimitsOf(config.limits),
      provisioningTries: config.limits.provisioningTries,
      notify: (method, params, user) =>
        fanOut.notify(method, params, (reader) => reader.principal === (user ?? reader.principal)),
      announce,
    });
    await openRoot(
      channels,
      agents.map((agent) => agent.info),
    );
    await servers.restore();
    await sessions.restore();
    await terminals.restore((session) => sessions.has(session));
    const conflicts = new Conflicts({
      channels,
      clock,
      logger: logger.child("conflicts"),
      workspaces,
      credentialsOf: (owner) => credentials.credentialsOf(owner ?? OWNER),
      fetchMs: config.repositories.baseFetchMinutes * 60_000,
    });
    const live = liveBranches(sessions.rows);
    conflicts.start(live);
    const trains = new UpdateTrains({
      channels,
      clock,
      logger: logger.child("trains"),
      newId: randomUUID,
      runOf: (session) => sessions.recalled(session),
    });
    const presence = new Presence(channels);
    const disposedMs = config.retention.disposedDays * 24 * 60 * 60 * 1_000;
    const retention = new Retention({ log, channels, clock, logger: logger.child("retention"), disposedMs });
    const fleet: FleetHandlers = { ...sessions.fleetMethods, ...spending.methods, ...trains.methods };
    const gateway = new Gateway({
      channels,
      fanOut,
      api: sessions,
      fleet,
      failpoint,
      clients: new KnownClients(clock, (clientId) => presence.gone(clientId)),
      vscode: new VsCodeDialect(sessions.addresses.find),
      clock,
      logger: logger.child("gateway"),
      version: HOST_VERSION,
      advertisement: {
        version: FLEET_VERSION,
        epoch: log.epoch,
        methods: Object.keys(fleet),
        channels: ["x-fleet-session:", "x-fleet-conflicts:"],
        isolation: config.isolation,
        limits: { concurrentSessions: config.limits.concurrentSessions },
      },
      host: options.host,
      port: options.port,
      owners: sessions.owners,
      tokens: access.tokens,
      audit: access.audit,
      ...config.gateway,
      operations: operations.operations,
    });
    operations.watch({
      sessions: () => sessions.rows,
      agentProcesses: () => agents.map((agent) => [agent.info.provider, agent.running] as const),
      connections: () => gateway.connectionCount,
      fanOut,
      logLines: options.logLines ?? {},
      version: HOST_VERSION,
      isolation: config.isolation,
    });
    const resting = new RestingChannels({
      channels,
      clock,
      idleMs: config.limits.historyIdleMinutes * 60_000,
      mayRest: (uri, kind) => !fanOut.isWatched(uri) && sessions.mayRest(uri, kind),
    });
    const port = await gateway.listen();
    retention.start();
    resting.start();
    access.audit.start();
    void trains.resume(live.keys());
    return {
      port,
      epoch: log.epoch,
      drain: (finishMs) => {
        trains.dispose();
        return operations.drain({ gateway, sessions }, finishMs);
      },
      async close() {
        retention.dispose();
        resting.dispose();
        conflicts.dispose();
        trains.dispose();
        await sessions.stop();
        await conflicts.idle();
        await ptyHost.stop();
        // Its clients still learn what came of it all. On a full disk nobody could say when.
        if (!log.isFull) await log.flush();
        await gateway.close();
        access.dispose();
        spending.dispose();
        channels.saveSnapshots();
        await log.close();
        gate.dispose();
        presence.dispose();
        fanOut.dispose();
        channels.dispose();
        operations.dispose();
      },
    };
  } catch (error) {
    log.dispose();
    throw error;
  }
}

/** What the machine lacks is said at the start, not only when the first agent fails. */
async function shortcomingsOf(isolation: Isolation, logger: Logger): Promise<readonly string[]> {
  try {
    const lacks = await isolation.shortcomings();
    for (const shortcoming of lacks) logger.warn("isolation", { shortcoming });
    return lacks;
  } catch (error) {
    logger.error("no agent can start", { reason: error instanceof Error ? error.message : String(error) });
    return [];
  }
}

/** The root channel, with the agents of this start's configuration. */
async function openRoot(channels: Channels, agents: readonly AgentInfo[]): Promise<void> {
  if (!(await channels.load(ROOT_URI))) {
    channels.create(ROOT_URI, "root", { agents: [...agents], activeSessions: 0 });
    return;
  }
  const state = channels.state("root", ROOT_URI);
  if (JSON.stringify(state?.agents) !== JSON.stringify(agents)) {
    channels.dispatch(ROOT_URI, { type: "root/agentsChanged", agents: [...agents] });
  }
  if (state?.activeSessions !== 0)
    channels.dispatch(ROOT_URI, { type: "root/activeSessionsChanged", activeSessions: 0 });
}
