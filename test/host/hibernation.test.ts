import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { ensureRealAgents } from "../support/realAgents/realAgents.ts";
import { useHostStage, useScriptedModel } from "./hostStage.ts";
import { createSession, finished, prompt, type Refs, scriptedAgent } from "./sessionFixture.ts";

describe("sessions that nobody uses", () => {
  const model = useScriptedModel();
  const stage = useHostStage(async (allowLocal) => {
    const { codex } = await ensureRealAgents({ modelServerUrl: model.url, approval: "never" });
    return {
      agents: [codex, sampleAgentConfig(), scriptedAgent("resumes"), scriptedAgent("loads", "load")],
      limits: { agentIdleMinutes: 0.005, historyIdleMinutes: 0.005 },
      repositories: { allowLocal: [allowLocal] },
    };
  });

  /** The command lines of programs that the host has started and that are no git of its own, which asks servers now and then. */
  function programs(): readonly string[] {
    const list = readFileSync(`/proc/${stage.host.pid}/task/${stage.host.pid}/children`, "utf8");
    const lines = list.split(" ").map((pid) => {
      const file = `/proc/${pid}/cmdline`;
      return pid.trim() !== "" && existsSync(file) ? readFileSync(file, "utf8").replaceAll("\0", " ") : "";
    });
    return lines.filter((line) => line !== "" && !line.startsWith("git "));
  }

  /** Milliseconds that this machine takes at present to run a program that does nothing. */
  function bareStart(): number {
    const before = performance.now();
    execFileSync(process.execPath, ["-e", ""]);
    return performance.now() - before;
  }

  /** One turn, then nothing until the agent's process has ended. */
  async function asleep(id: string, provider: string, text = "history"): Promise<Refs> {
    const all = await createSession(stage.client, id, provider, stage.repository.remote);
    prompt(stage.client, all, "t1", text);
    expect((await finished(stage.client, all, "t1")).state).toBe("complete");
    await stage.client.until(() => stage.client.state("fleetSession", all.fleet).agent === "asleep");
    return all;
  }

  /** Milliseconds from a message to the first word of its answer. */
  async function wake(all: Refs, turnId: string, text: string): Promise<number> {
    const before = performance.now();
    prompt(stage.client, all, turnId, text);
    await stage.client.until(() => {
      const parts = stage.client.state("chat", all.chat).activeTurn?.responseParts ?? [];
      return parts.length > 0 || stage.client.state("chat", all.chat).turns.some(({ id }) => id === turnId);
    });
    return performance.now() - before;
  }

  it.each([
    ["sample", "history"],
    ["resumes", "history"],
    ["loads", "history"],
    ["codex", "Please make a plan"],
  ])("sleep, and wake on a message in under two seconds (%s)", async (provider, text) => {
    const all = await asleep(`${provider}-0000-rest`, provider, text);
    expect(programs()).toEqual([]);
    const { agentSessionId } = stage.client.state("fleetSession", all.fleet);
    const ms = await wake(all, "t2", text);
    const turn = await finished(stage.client, all, "t2");
    const stages = stage.client.envelopes.flatMap(({ channel, action }) => {
      return channel === all.fleet && action.type === "x-fleet/phaseChanged" ? (action.stage ?? []) : [];
    });
    expect(stages).toContain("Waking the agent");
    expect(stage.client.state("session", all.session).activity).toBeUndefined();
    // The conversation goes on: the agent knows what it was told before it slept.
    if (provider !== "sample")
      expect(stage.client.state("fleetSession", all.fleet).agentSessionId).toBe(agentSessionId);
    if (provider === "resumes" || provider === "loads")
      expect(JSON.stringify(turn.responseParts)).toContain(String.raw`[\"history\",\"history\"]`);
    process.stdout.write(`woken in ${Math.round(ms)} ms (${provider})\n`);
    expect(ms).toBeLessThan(Math.max(2_000, 15 * bareStart()));
  });

  it("leave the memory, and are all there when somebody comes back", async () => {
    const all = await asleep("memory-0000-rest", "resumes");
    for (const channel of [all.chat, all.session, all.changes]) stage.client.notify("unsubscribe", { channel });
    const before = stage.client.state("chat", all.chat).turns;
    // Nothing tells that a channel was let go of: the next look of the host's own is after this long at most.
    const looked = performance.now() + 1_000;
    while (performance.now() < looked) await stage.client.request("listSessions", { channel: "ahp-root://" });
    const renamed = { type: "session/titleChanged", title: "Another name" } as const;
    await stage.client.dispatched(all.session, renamed);
    // To a conversation that is not in memory and that nobody watches.
    prompt(stage.client, all, "t2", "history");
    await stage.client.subscribe("session", all.session);
    const chat = await stage.client.subscribe("chat", all.chat);
    expect(chat.turns.slice(0, 1)).toEqual(before);
    const turn = await finished(stage.client, all, "t2");
    expect(JSON.stringify(turn.responseParts)).toContain(String.raw`[\"history\",\"history\"]`);
    expect(stage.client.state("session", all.session).chats[0]?.title).toBe("Another name");
  });
});
