import { randomUUID } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { FLEET_VERSION } from "../protocol/fleet.ts";
import type { AgentInfo } from "../protocol/root.ts";
import { ROOT_URI } from "../protocol/uris.ts";
import { Channels } from "./channels/channels.ts";
import { Retention } from "./channels/retention.ts";
import { configuredTokens, type HostConfig } from "./config.ts";
import { AccessToken } from "./gateway/accessToken.ts";
import { FanOut } from "./gateway/fanOut.ts";
import { Gateway } from "./gateway/gateway.ts";
import { KnownClients } from "./gateway/knownClients.ts";
import { VsCodeDialect } from "./gateway/vscodeDialect.ts";
import { DiskSpace } from "./log/diskSpace.ts";
import { SqliteLog } from "./log/sqlite.ts";
import { AcpProvider } from "./providers/acp/acpProvider.ts";
import type { Provider } from "./providers/provider.ts";
import { CredentialStore } from "./sessions/credentialStore.ts";
import { Presence } from "./sessions/presence.ts";
import { SessionService } from "./sessions/sessionService.ts";
import { PtyHostClient } from "./terminals/ptyHostClient.ts";
import { Terminals } from "./terminals/terminals.ts";
import { HOST_VERSION } from "./version.ts";
import { GitWorkspaces } from "./workspaces/gitWorkspaces.ts";
import { makeIsolation } from "./workspaces/isolation.ts";

export interface HostOptions {
  readonly config: HostConfig;
  /** Absolute: the log, the mirrors and the workspaces. */
  readonly dataDir: string;
  readonly token: string;
  /** Files outside `dataDir` that isolated agents must not read: the token's, the configuration. */
  readonly hidden: readonly string[];
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The log cannot be written any more: the process has to end. */
  readonly onFatal: (error: Error) => void;
}

export interface Host {
  readonly port: number;
  readonly epoch: string;
  /** Ends agents and connections, then commits and closes the log. */
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;

/** Builds everything, brings back what the log holds, and opens the door last. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { config, dataDir, clock, logger, env } = options;
  const disk = new DiskSpace({
    directory: dataDir,
    minFreeBytes: config.disk.minFreeMegabytes * mebibyte,
    ballastBytes: config.disk.reserveMegabytes * mebibyte,
    clock,
    logger: logger.child("disk"),
  });
  const makeRoom = () => disk.release();
  const log = SqliteLog.open({ directory: dataDir, clock, logger: logger.child("log"), makeRoom });
  log.onFailed(options.onFatal);
  try {
    const channels = new Channels({
      log,
      logger: logger.child("channels"),
      refuseWork: () => disk.refusal(),
    });
    await channels.recover();
    const fanOut = new FanOut(channels);
    const searchPath = env["PATH"] ?? "";
    const isolation = makeIsolation(config.isolation, { dataDir, hidden: options.hidden, path: searchPath });
    const silenceMs = config.agentWatch.silentMinutes * 60_000;
    const acp = { isolation, clock, env, randomId: randomUUID, limits: { silenceMs } };
    const agents = config.agents.map((agent) => new AcpProvider(agent, acp));
    const providers = new Map<string, Provider>(agents.map((agent) => [agent.info.provider, agent]));
    const { allowLocal } = config.repositories;
    const ptyHost = new PtyHostClient({ logger: logger.child("ptyHost"), clock });
    const terminals = new Terminals({
      channels,
      clock,
      logger: logger.child("terminals"),
      isolation,
      spawner: ptyHost,
      env,
      backlogOf: (uri) => fanOut.backlogOf(uri),
      epoch: log.epoch,
    });
    const sessions = new SessionService({
      channels,
      clock,
      logger: logger.child("sessions"),
      newId: randomUUID,
      workspaces: await GitWorkspaces.create({
        dataDir,
        allowLocal,
        clock,
        logger: logger.child("workspaces"),
        path: searchPath,
      }),
      providers,
      terminals,
      credentials: new CredentialStore(configuredTokens(config, env)),
      agentIdleMs: config.limits.agentIdleMinutes * 60_000,
      maxIdleAgents: config.limits.idleAgents ?? config.limits.concurrentSessions,
      rules: { agents: agents.map((agent) => agent.info), allowLocal, isolation: config.isolation },
      knownRepositories: config.repositories.known,
      concurrentSessions: config.limits.concurrentSessions,
      notify: (method, params, principal) => fanOut.notify(method, params, principal),
    });
    await openRoot(
      channels,
      agents.map((agent) => agent.info),
    );
    await sessions.restore();
    await terminals.restore((session) => sessions.has(session));
    const presence = new Presence(channels);
    const disposedMs = config.retention.disposedDays * 24 * 60 * 60 * 1_000;
    const retention = new Retention({ log, channels, clock, logger: logger.child("retention"), disposedMs });
    const token = new AccessToken(options.token);
    const gateway = new Gateway({
      channels,
      fanOut,
      api: sessions,
      clients: new KnownClients(clock, (clientId) => presence.gone(clientId)),
      vscode: new VsCodeDialect(sessions.addresses.find),
      clock,
      logger: logger.child("gateway"),
      version: HOST_VERSION,
      advertisement: {
        version: FLEET_VERSION,
        epoch: log.epoch,
        methods: [],
        channels: ["x-fleet-session:"],
        isolation: config.isolation,
      },
      host: options.host,
      port: options.port,
      principalOf: (given) => token.principalOf(given),
      allowedOrigins: config.gateway.allowedOrigins,
    });
    const port = await gateway.listen();
    retention.start();
    return {
      port,
      epoch: log.epoch,
      async close() {
        retention.dispose();
        await sessions.stop();
        await ptyHost.stop();
        await gateway.close();
        channels.saveSnapshots();
        await log.close();
        presence.dispose();
        fanOut.dispose();
        channels.dispose();
      },
    };
  } catch (error) {
    log.dispose();
    throw error;
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
