import { existsSync } from "node:fs";
import type { Logger } from "../../base/logger.ts";
import type { HostConfig } from "../config.ts";
import { readConfig } from "../configFile.ts";
import { hideOwnersToken, ownersFile, readOrCreateToken } from "../gateway/accessToken.ts";
import { checkListening } from "../gateway/listening.ts";
import { createHostLogger, type HostLogger, standardError } from "../logging/hostLogger.ts";
import { Redactor } from "../logging/redactor.ts";
import { configuredSecrets } from "../operations/configuredSecrets.ts";
import { assertLogNotLost } from "../operations/lostLog.ts";
import { closeToOthers } from "../operations/privateFiles.ts";
import { stopSignals } from "../operations/stopSignals.ts";
import { failpointFrom } from "../failpoints.ts";
import { type Host, startHost } from "../services.ts";
import { systemClock } from "../systemClock.ts";
import { HOST_VERSION } from "../version.ts";
import { type CliOptions, gatewayOf } from "./arguments.ts";
import { EXIT } from "./exitCodes.ts";

/** For agents to end and for what is queued to leave, after running turns have had their time. */
const stopTimeoutMs = 9_000;

/**
 * Runs the host until SIGTERM or SIGINT; a second one ends it at once. Standard output gets one JSON line when it is
 * ready, standard error the log. Resolves with the exit code.
 */
export async function serve(options: CliOptions): Promise<number> {
  const { config: given, warnings } = readConfig(options.config);
  const gateway = gatewayOf(options, given);
  const config: HostConfig = { ...given, gateway, isolation: options.isolation ?? given.isolation };
  // Before anything is made or opened.
  checkListening({ host: options.host, port: options.port, ...gateway });
  const { tokenFile } = options;
  const token = tokenFile === undefined ? [] : [readOrCreateToken(tokenFile)];
  const redactor = new Redactor([...token, ...configuredSecrets(config, process.env)]);
  const log = createHostLogger(standardError(), options.verbose ? "debug" : config.log.level, redactor);
  const { logger } = log;
  const tell = teller(logger);
  for (const warning of warnings) logger.warn(warning);
  assertLogNotLost(options.data);
  for (const file of closeToOthers(options.data)) logger.warn("other users could reach this; it is closed", { file });
  if (tokenFile === undefined && hideOwnersToken(options.data)) {
    logger.warn("the owner's token stood in the data directory: its hash takes its place. Programs need --token-file");
  }
  const signals = stopSignals(process);
  switchLevelOnSignal(log);
  refuseDebugger();
  // Whoever read them may end before the host does.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const crashed = Promise.withResolvers<void>();
  // What nobody caught leaves the process in an unknown state: it says so and ends; the log brings everything back.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      logger.error("The host failed unexpectedly and stops.", { event, error: stack });
      crashed.resolve();
    });
  }
  const host = await startHost({
    config,
    dataDir: options.data,
    ownersFile: tokenFile ?? ownersFile(options.data),
    hidden: [tokenFile ?? [], options.config ?? [], gateway.tls?.key ?? []].flat(),
    host: options.host,
    port: options.port,
    env: process.env,
    clock: systemClock,
    failpoint: failpointFrom(process.env),
    logger,
    logLines: log.lines,
    onFatal: (error) => {
      logger.error(error.message);
      process.exit(EXIT.failed);
    },
  });
  const address = options.host.includes(":") ? `[${options.host}]` : options.host;
  const url = `${gateway.tls ? "wss" : "ws"}://${address}:${host.port}`;
  logger.info("host ready", {
    version: HOST_VERSION,
    port: host.port,
    agents: config.agents.length,
    isolation: config.isolation,
  });
  tell(`Muster host ${HOST_VERSION} listens on ${url}. Data: ${options.data}. ${describeToken(options)}`);
  tell(describeAgents(config));
  process.stdout.write(`${JSON.stringify({ ready: true, url, tokenFile })}\n`);
  const isCrash = await Promise.race([signals.first.then(() => false), crashed.promise.then(() => true)]);
  logger.info("host stopping");
  const isWhole = await stop(host, signals.again, isCrash ? 0 : config.shutdown.finishTurnsSeconds * 1_000);
  if (!isWhole)
    tell(
      "Not everything ended in time. What is left goes to the operating system; nothing that was acknowledged is lost.",
    );
  logger.info("host stopped", { isWhole });
  signals.dispose();
  if (isCrash) return EXIT.failed;
  return isWhole ? EXIT.done : EXIT.hurried;
}

/** False when it was told to hurry, or took too long. */
async function stop(host: Host, again: Promise<void>, finishTurnsMs: number): Promise<boolean> {
  const patience = Promise.withResolvers<boolean>();
  const timer = systemClock.setTimeout(() => patience.resolve(false), finishTurnsMs + stopTimeoutMs);
  const stopped = host.drain(finishTurnsMs).then(() => host.close());
  const isWhole = await Promise.race([stopped.then(() => true), again.then(() => false), patience.promise]);
  timer.dispose();
  return isWhole;
}

/** Node's answer to SIGUSR1 is a debugger's port, through which every user of the machine could read what is in memory. */
function refuseDebugger(): void {
  process.on("SIGUSR1", () => {});
}

/** SIGUSR2 shows more, and once more as much as before: no restart for a closer look. */
function switchLevelOnSignal(log: HostLogger): void {
  const usual = log.level;
  process.on("SIGUSR2", () => {
    log.level = log.level === "debug" && usual !== "debug" ? usual : "debug";
    log.logger.warn("log level changed", { shown: log.level });
  });
}

/** Sentences for whoever started it: as they are for a person who looks on, as lines of the log for everybody else. */
function teller(logger: Logger): (text: string) => void {
  return (text) => {
    if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
    else logger.info(text);
  };
}

function describeToken({ data, tokenFile }: CliOptions): string {
  if (tokenFile !== undefined) return `The access token is in ${tokenFile}.`;
  return existsSync(ownersFile(data)) ? "" : 'Run "muster-host token" for an access token.';
}

function describeAgents(config: HostConfig): string {
  if (config.agents.length === 0)
    return 'No agents are configured. Name some under "agents" in a file and start with --config FILE.';
  const names = config.agents.map((agent) => agent.displayName).join(", ");
  const isolation =
    config.isolation === "none"
      ? "Agents are NOT isolated: they run with your rights."
      : "Agents run inside bubblewrap.";
  return `Agents: ${names}. ${isolation}`;
}
