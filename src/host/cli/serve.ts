import path from "node:path";
import { type HostConfig, readConfig } from "../config.ts";
import { readOrCreateToken } from "../gateway/accessToken.ts";
import { createHostLogger } from "../hostLogger.ts";
import { type Host, startHost } from "../services.ts";
import { systemClock } from "../systemClock.ts";
import { HOST_VERSION } from "../version.ts";
import type { CliOptions } from "./arguments.ts";

const stopTimeoutMs = 9_000;

/**
 * Runs the host until SIGTERM or SIGINT. Standard output gets one JSON line when it is ready, everything for people goes
 * to standard error. Resolves with the exit code.
 */
export async function serve(options: CliOptions): Promise<number> {
  const given = readConfig(options.config);
  const config: HostConfig = { ...given, isolation: options.isolation ?? given.isolation };
  const token = readOrCreateToken(options.tokenFile);
  const { logger, flush } = createHostLogger(path.join(options.data, "logs"), options.verbose ? "debug" : "info");
  const stopped = Promise.withResolvers<number>();
  process.on("SIGTERM", () => stopped.resolve(0));
  process.on("SIGINT", () => stopped.resolve(0));
  // What nobody caught leaves the process in an unknown state: it says so and ends; the log brings everything back.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      logger.error("unexpected failure", {
        event,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      tell(`The host failed unexpectedly and stops: ${error instanceof Error ? error.message : String(error)}`);
      stopped.resolve(1);
    });
  }
  const host = await startHost({
    config,
    dataDir: options.data,
    token,
    hidden: [options.tokenFile, ...(options.config === undefined ? [] : [options.config])],
    host: options.host,
    port: options.port,
    env: process.env,
    clock: systemClock,
    logger,
    onFatal: (error) => {
      tell(error.message);
      flush();
      process.exit(1);
    },
  });
  const address = options.host === "::1" ? "[::1]" : options.host;
  const url = `ws://${address}:${host.port}`;
  logger.info("host ready", {
    version: HOST_VERSION,
    port: host.port,
    agents: config.agents.length,
    isolation: config.isolation,
  });
  tell(`Muster host ${HOST_VERSION} listens on ${url}. Data: ${options.data}. Token: ${options.tokenFile}.`);
  tell(describeAgents(config));
  process.stdout.write(`${JSON.stringify({ ready: true, url, tokenFile: options.tokenFile })}\n`);
  const code = await stopped.promise;
  logger.info("host stopping", {});
  await stopInTime(host);
  flush();
  return code;
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

async function stopInTime(host: Host): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = systemClock.setTimeout(() => {
    tell("Some agents did not end in time and are left to the operating system.");
    patience.resolve();
  }, stopTimeoutMs);
  await Promise.race([host.close(), patience.promise]);
  timer.dispose();
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
