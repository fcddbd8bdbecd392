import { ensureRealAgents, type AgentConfig } from "../support/realAgents/realAgents.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import type { Lifetime } from "../support/vscode/lifetime.ts";

/** What each of the demo's three agents is there to show. */
export type Part = "works" | "asks" | "finishes";

export interface Casting {
  /** The host's catalogue. */
  readonly catalogue: readonly AgentConfig[];
  readonly parts: Readonly<Record<Part, { readonly provider: string; readonly prompt: string }>>;
  /** Published agents that take part, with their versions. */
  readonly realAgents: Readonly<Record<string, string>>;
}

/** Three sample agents: nothing is downloaded, nothing is billed, and the pace is one that a person can follow. */
export function castSampleAgents(): Casting {
  return {
    catalogue: [sampleAgentConfig({ paceMs: 250 })],
    parts: {
      works: {
        provider: "sample",
        prompt: "Work through the documentation",
      },
      asks: { provider: "sample", prompt: "Tidy up the build output, but ask first" },
      finishes: { provider: "sample", prompt: "Quickly describe the project layout" },
    },
    realAgents: {},
  };
}

/** Codex and Gemini CLI as published on npm, driven by a scripted model on loopback. */
export async function castRealAgents(lifetime: Lifetime, say: (text: string) => void): Promise<Casting> {
  const model = await startModelServer({ scenarios: CODING_SCENARIOS });
  lifetime.defer(() => model.close());
  const options = { modelServerUrl: model.url, onProgress: say };
  // One of them works by itself, the other asks before each change.
  const { codex, versions } = await ensureRealAgents({ ...options, approval: "never" });
  const { gemini } = await ensureRealAgents({ ...options, approval: "ask" });
  return {
    catalogue: [codex, gemini],
    parts: {
      works: {
        provider: codex.id,
        prompt: "Support the %c placeholder\n\nDo as util.format of Node does, and prove it by tests.",
      },
      asks: { provider: gemini.id, prompt: "Clean the build output" },
      finishes: { provider: codex.id, prompt: "Make a plan and write it down" },
    },
    realAgents: versions,
  };
}
