import { describe, expect, it } from "vitest";
import { type AgentConfig, ensureRealAgents } from "../support/realAgents/realAgents.ts";
import { WIDER_AGENTS } from "../support/realAgents/widerAgents.ts";
import { useHostStage, useScriptedModel } from "./hostStage.ts";
import { createSession, finished, prompt, type Refs, watch } from "./sessionFixture.ts";

/** What agents that nobody here wrote really tell of what they use, and what becomes of it. */
describe("the spending of real agents", () => {
  const model = useScriptedModel();
  const agents = new Map<string, AgentConfig>();
  const stage = useHostStage(async (allowLocal) => {
    const { codex, gemini } = await ensureRealAgents({ modelServerUrl: model.url });
    agents.set("codex", codex).set("gemini", gemini);
    const claude = await WIDER_AGENTS.claude({ modelServerUrl: model.url }).catch((error: unknown) => {
      process.stderr.write(`SKIPPED: claude can't be had here: ${String(error)}\n`);
    });
    if (claude) agents.set("claude", claude);
    return {
      agents: Array.from(agents.values()),
      repositories: { allowLocal: [allowLocal] },
      spend: { prices: [{ agent: "gemini", input: 1_000, output: 1_000 }] },
    };
  });

  async function turn(refs: Refs, id: string): Promise<void> {
    prompt(stage.client, refs, id, "What did you change?");
    expect((await finished(stage.client, refs, id)).state).toBe("complete");
  }

  const spendOf = (refs: Refs) => stage.client.state("fleetSession", refs.fleet);

  it("costs what is told or computed, in each turn, over a restart of host and agent", async () => {
    const sessions = new Map<string, Refs>();
    for (const name of agents.keys()) {
      sessions.set(name, await createSession(stage.client, `spend-real-${name}-0`, name, stage.repository.remote));
    }
    const all = Array.from(sessions.values());
    await Promise.all(all.map((refs) => turn(refs, "t1")));
    const firstCosts = new Map(Array.from(sessions, ([name, refs]) => [name, spendOf(refs).usage.costUsd ?? 0]));
    await stage.host.stop();
    await stage.start("after");
    for (const refs of all) await watch(stage.client, refs);
    await Promise.all(all.map((refs) => turn(refs, "t2")));
    for (const [name, refs] of sessions) {
      const { usage, spend } = spendOf(refs);
      expect(spend?.turns.map(({ turnId }) => turnId)).toEqual(["t1", "t2"]);
      for (const { cpuMs, wallMs, peakMemoryBytes } of spend?.turns ?? []) {
        expect(cpuMs).toBeGreaterThan(0);
        expect(wallMs).toBeGreaterThan(0);
        expect(peakMemoryBytes).toBeGreaterThan(1024 * 1024);
      }
      const sources = spend?.turns.map(({ costSource }) => costSource);
      const sum = spend?.turns.reduce((total, { costUsd = 0 }) => total + costUsd, 0) ?? 0;
      if (name === "codex") {
        // This version tells neither tokens nor cost.
        expect(usage).toMatchObject({ unpricedTurns: 2 });
        expect(usage.costUsd).toBeUndefined();
        continue;
      }
      expect(usage.inputTokens).toBeGreaterThan(0);
      expect(usage.unpricedTurns ?? 0).toBe(0);
      expect(sources).toEqual(name === "gemini" ? ["prices", "prices"] : ["agent", "agent"]);
      expect(usage.costUsd).toBeCloseTo(sum, 9);
      // Two turns of the same kind: the first is not paid for again, and the second not forgotten.
      const ratio = (usage.costUsd ?? 0) / (firstCosts.get(name) ?? 0);
      expect(ratio).toBeGreaterThan(1.5);
      expect(ratio).toBeLessThan(2.5);
    }
  }, 180_000);
});
