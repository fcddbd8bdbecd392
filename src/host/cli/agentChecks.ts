import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { AgentConfig, HostConfig } from "../config.ts";
import { type AgentProbe, probeAgent } from "../providers/acp/probeAgent.ts";
import { WELL_KNOWN_AGENTS } from "../providers/acp/wellKnownAgents.ts";
import { systemClock } from "../systemClock.ts";
import { makeIsolation } from "../isolation/isolation.ts";
import type { Finding } from "./finding.ts";

const startTimeoutMs = 60_000;

/** Starts each configured agent once, one after the other: some take most of a small machine. */
export async function checkAgents(config: HostConfig, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  if (config.agents.length === 0) {
    const text = `No agents are configured. Name some under "agents", such as { "use": "codex" }, and pass --config FILE.`;
    return [{ check: "agents", state: "missing", text }];
  }
  const directory = mkdtempSync(path.join(tmpdir(), "muster-doctor-"));
  const place = { dataDir: directory, hidden: [], path: env["PATH"] ?? "", clock: systemClock };
  const isolation = makeIsolation(config.isolation, { ...place, box: config.box, egress: config.egress });
  const findings: Finding[] = [];
  try {
    for (const agent of config.agents) {
      const keys = WELL_KNOWN_AGENTS.get(agent.use ?? "")?.keys ?? [];
      const options = { isolation, clock: systemClock, env, randomId: randomUUID, directory, keys };
      const probe = await probeAgent(agent, { ...options, timeoutMs: startTimeoutMs });
      findings.push(toFinding(agent, probe));
    }
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
  return findings;
}

function toFinding(agent: AgentConfig, probe: AgentProbe): Finding {
  const check = `agent:${agent.id}`;
  const details = { ...probe };
  const version = probe.version === undefined ? "" : ` ${probe.version}`;
  const started = `${agent.displayName}${version}: ${probe.program ?? ""}`;
  const spoke = probe.startMs === undefined ? "" : `, speaks ACP (answered in ${(probe.startMs / 1000).toFixed(1)} s)`;
  if (probe.needsSignIn === true || (probe.problem !== undefined && probe.missingKeys !== undefined)) {
    return { check, state: "missing", text: `${started}${spoke}. ${keySentence(probe)}`, details };
  }
  if (probe.problem !== undefined) {
    const known = probe.program === undefined ? WELL_KNOWN_AGENTS.get(agent.use ?? "") : undefined;
    const install = known === undefined ? "" : ` To install it: ${known.install}.`;
    const about = probe.problem.startsWith(agent.displayName) ? agent.displayName : "";
    const sentence =
      about === "" ? probe.problem : probe.problem.slice(about.length).replace(/^[:\s]*(?:can't start: )?/, "");
    return { check, state: "missing", text: `${agent.displayName}: ${sentence}${install}`, details };
  }
  if (probe.missingKeys === undefined) return { check, state: "ok", text: `${started}${spoke}`, details };
  // It opened a conversation all the same; whether it can speak to its model shows only with the first turn.
  const text = `${started}${spoke}, but no key was found. ${keySentence(probe)}`;
  return { check, state: "missing", text, details };
}

function keySentence({ missingKeys, signInMethods, problem }: AgentProbe): string {
  const why = problem === undefined ? "" : ` It said: ${problem}`;
  const methods = signInMethods === undefined ? "" : ` It offers: ${signInMethods.join(", ")}.`;
  const remedy =
    missingKeys === undefined
      ? `It wants a sign-in or another key: correct the agent's "env".`
      : `It needs a key: set ${missingKeys.join(" or ")} where the host is started.`;
  return `${remedy}${methods}${why}`;
}
