import { readConfig } from "../configFile.ts";
import { effectiveConfig } from "../operations/effectiveConfig.ts";
import { checkAgents } from "./agentChecks.ts";
import { type CliOptions, gatewayOf } from "./arguments.ts";
import { checkLog, checkPort, checkPrivacy } from "./dataChecks.ts";
import type { Finding } from "./finding.ts";
import { checkGateway } from "./gatewayCheck.ts";
import { checkGitBehaviour } from "./gitBehaviour.ts";
import { checkData, checkGit, checkIsolation, checkTerminals } from "./systemChecks.ts";

const labels: Readonly<Record<Finding["state"], string>> = { ok: "ok     ", warning: "warning", missing: "MISSING" };

/**
 * What the host needs and whether it is there, one line each as soon as it is known; with `json` one object at the end.
 * Exit code 1 when something that is needed is missing.
 */
export async function doctor(options: CliOptions, print: (line: string) => void): Promise<number> {
  const { config, warnings } = readConfig(options.config);
  const isolation = options.isolation ?? config.isolation;
  const findings: Finding[] = [];
  const tell = (...found: readonly Finding[]) => {
    findings.push(...found);
    if (!options.json) for (const { state, text } of found) print(`${labels[state]} ${text}`);
  };
  // The host's timers do not keep a process alive; here nothing else may do so for a moment.
  const alive = setInterval(() => {}, 60_000);
  tell({ check: "node", state: "ok", text: `Node ${process.version}`, details: { version: process.version } });
  tell(...checkConfiguration(options.config, warnings));
  tell(await checkGit());
  tell(await checkGitBehaviour(process.env["PATH"] ?? ""));
  tell(await checkIsolation({ ...config, isolation }, process.env["PATH"] ?? ""));
  tell(await checkTerminals());
  tell(...checkData(options.data), checkPrivacy(options.data));
  tell(...(await checkLog(options.data, Date.now())));
  tell(...checkGateway({ ...gatewayOf(options, config), host: options.host, port: options.port }, Date.now()));
  if (options.port !== 0) tell(await checkPort(options.host, options.port));
  tell(...(await checkAgents({ ...config, isolation }, process.env)));
  clearInterval(alive);
  const ok = findings.every(({ state }) => state !== "missing");
  if (options.json) print(JSON.stringify({ ok, findings, config: effectiveConfig(config) }, undefined, 2));
  return ok ? 0 : 1;
}

/** What its file says that the host does not know; a file that can't be read has ended the command already. */
function checkConfiguration(file: string | undefined, warnings: readonly string[]): Finding[] {
  if (file === undefined) return [];
  if (warnings.length === 0) return [{ check: "config", state: "ok", text: `configuration: ${file}` }];
  return warnings.map((text) => ({ check: "config", state: "warning", text }));
}
