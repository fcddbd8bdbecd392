import { readConfig } from "../config.ts";
import { checkAgents } from "./agentChecks.ts";
import type { CliOptions } from "./arguments.ts";
import type { Finding } from "./finding.ts";
import { checkData, checkGit, checkIsolation, checkTerminals } from "./systemChecks.ts";

const labels: Readonly<Record<Finding["state"], string>> = { ok: "ok     ", warning: "warning", missing: "MISSING" };

/**
 * What the host needs and whether it is there, one line each as soon as it is known; with `json` one object at the end.
 * Exit code 1 when something that is needed is missing.
 */
export async function doctor(options: CliOptions, print: (line: string) => void): Promise<number> {
  const config = readConfig(options.config);
  const isolation = options.isolation ?? config.isolation;
  const findings: Finding[] = [];
  const tell = (...found: readonly Finding[]) => {
    findings.push(...found);
    if (!options.json) for (const { state, text } of found) print(`${labels[state]} ${text}`);
  };
  // The host's timers do not keep a process alive; here nothing else may do so for a moment.
  const alive = setInterval(() => {}, 60_000);
  tell({ check: "node", state: "ok", text: `Node ${process.version}`, details: { version: process.version } });
  tell(await checkGit());
  tell(await checkIsolation(isolation, process.env["PATH"] ?? ""));
  tell(await checkTerminals());
  tell(...checkData(options.data));
  tell(...(await checkAgents({ ...config, isolation }, process.env)));
  clearInterval(alive);
  const ok = findings.every(({ state }) => state !== "missing");
  if (options.json) print(JSON.stringify({ ok, findings }, undefined, 2));
  return ok ? 0 : 1;
}
