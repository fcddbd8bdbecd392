import path from "node:path";
import { compileCache } from "../compileCache.ts";
import { sampleAgentMain } from "../hostPrograms.ts";
import type { AgentConfig } from "../realAgents/realAgents.ts";

export interface SampleAgentOptions {
  readonly id?: string;
  /** The unit of waiting in milliseconds. Default 0: as fast as it can. */
  readonly paceMs?: number;
}

/** Catalogue entry of the sample agent, run on the Node that runs this process. */
export function sampleAgentConfig(options: SampleAgentOptions = {}): AgentConfig {
  return {
    id: options.id ?? "sample",
    displayName: "Sample agent",
    description: "Edits the repository without a model; for demonstrations and tests",
    command: [process.execPath, sampleAgentMain],
    env: {
      ...compileCache,
      HOME: "${home}",
      PATH: [path.dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(path.delimiter),
      MUSTER_SAMPLE_PACE_MS: String(options.paceMs ?? 0),
    },
    files: {},
  };
}
