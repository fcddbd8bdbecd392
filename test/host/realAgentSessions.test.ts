import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ensureRealAgents } from "../support/realAgents/realAgents.ts";
import { WIDER_AGENTS } from "../support/realAgents/widerAgents.ts";
import { useHostStage, useScriptedModel } from "./hostStage.ts";
import { createSession, finished, prompt, type Refs, refs, watch } from "./sessionFixture.ts";

/** Agents that nobody here wrote, on a model that follows a script: everything else is as it is for a user. */
describe("real agents on a real host", () => {
  const model = useScriptedModel();
  let hasClaude = false;
  const stage = useHostStage(async (allowLocal) => {
    const { codex, gemini } = await ensureRealAgents({ modelServerUrl: model.url });
    const claude = await WIDER_AGENTS.claude({ modelServerUrl: model.url }).catch((error: unknown) => {
      process.stderr.write(`SKIPPED: claude can't be had here: ${String(error)}\n`);
    });
    hasClaude = claude !== undefined;
    return {
      agents: [codex, gemini, ...(claude ? [claude] : [])],
      limits: { concurrentSessions: 2 },
      repositories: { allowLocal: [allowLocal] },
    };
  });

  /** Approves whatever waits, as the person at the panel would, until the turn is over. */
  async function approveAll(all: Refs, turnId: string): Promise<number> {
    const answered = new Set<string>();
    const open = () =>
      (stage.client.state("session", all.session).inputNeeded ?? []).find(
        (request) => "id" in request && !answered.has(request.id),
      );
    for (;;) {
      await stage.client.until(
        () => open() !== undefined || stage.client.state("chat", all.chat).turns.some((turn) => turn.id === turnId),
      );
      const request = open();
      if (request?.kind !== "toolConfirmation" || request.toolCall.status !== "pending-confirmation")
        return answered.size;
      answered.add(request.id);
      const { toolCallId, options } = request.toolCall;
      const selectedOptionId = options?.find(
        (option) => option.kind === "approve" && !/always|session/i.test(option.label),
      )?.id;
      const confirmed = {
        type: "chat/toolCallConfirmed",
        turnId,
        toolCallId,
        approved: true,
        confirmed: "user-action",
        selectedOptionId,
      } as const;
      expect((await stage.client.dispatched(all.chat, confirmed)).rejectionReason).toBeUndefined();
    }
  }

  it.each(["codex", "gemini"] as const)(
    "%s fixes a bug under supervision, and its branch passes the tests",
    async (agent) => {
      const all = await createSession(stage.client, `${agent}-0-fix-0000`, agent, stage.repository.remote);
      prompt(stage.client, all, "t1", "Please fix the add function");
      expect(await approveAll(all, "t1")).toBeGreaterThanOrEqual(3);
      const turn = await finished(stage.client, all, "t1");
      expect(turn.state).toBe("complete");
      const kinds = turn.responseParts.map((part) => part.kind);
      expect(kinds).toContain("markdown");
      expect(kinds.filter((kind) => kind === "toolCall").length).toBeGreaterThanOrEqual(3);
      expect(stage.client.state("changeset", all.changes).files.map((file) => file.id)).toEqual([
        "CHANGES.md",
        "src/math.mjs",
      ]);

      const { head, branch } = stage.client.state("fleetSession", all.fleet);
      const push = { channel: all.changes, operationId: "push", _meta: { muster: { commit: head } } };
      await stage.client.request("invokeChangesetOperation", push);
      const fixed = execFileSync("git", ["-C", stage.repository.remote, "show", `${branch}:src/math.mjs`], {
        encoding: "utf8",
      });
      expect(fixed).toContain("return a + b;");
    },
  );

  it("codex takes its conversation along into a copy of its session", async () => {
    const all = refs("codex-0-fix-0000");
    const fork = refs("codex-2-fork-000");
    const asked = { channel: all.session, session: fork.session };
    expect(await stage.client.request("x-fleet/fork", asked)).toMatchObject({ conversation: "agent" });
    await watch(stage.client, fork);
    prompt(stage.client, fork, "t2", "Say something short");
    expect((await finished(stage.client, fork, "t2")).state).toBe("complete");
    expect(stage.client.state("fleetSession", fork.fleet).forkedFrom).toMatchObject({
      conversation: "agent",
      turnId: "t1",
    });
    expect(stage.client.state("changeset", fork.changes).files.map((file) => file.id)).toEqual([
      "CHANGES.md",
      "src/math.mjs",
    ]);
  });

  it("claude goes on with it in the copy as a conversation of its own (session/fork)", async ({ skip }) => {
    skip(!hasClaude, "claude can't be had here");
    const all = await createSession(stage.client, "claude-0-src-0000", "claude", stage.repository.remote);
    prompt(stage.client, all, "t1", "What did you change?");
    await finished(stage.client, all, "t1");
    const fork = refs("claude-1-fork-000");
    await stage.client.request("x-fleet/fork", { channel: all.session, session: fork.session });
    await watch(stage.client, fork);
    prompt(stage.client, fork, "t2", "Anything else?");
    expect((await finished(stage.client, fork, "t2")).state).toBe("complete");
    const states = [all, fork].map(({ fleet }) => stage.client.state("fleetSession", fleet));
    expect(states[1]?.forkedFrom).toMatchObject({ conversation: "agent" });
    expect(states[1]?.agentSessionId).not.toBe(states[0]?.agentSessionId);
    // What the model is sent has the earlier turn in it.
    expect(model.requests.at(-1)).toMatchObject({
      session: "claude-1-fork-000",
      position: expect.stringMatching(/^edit-and-test/),
    });
  });

  it.each(["codex", "gemini"] as const)(
    "%s goes on after the host was killed in the middle of its turn",
    async (agent) => {
      const all = await createSession(stage.client, `${agent}-1-kill-000`, agent, stage.repository.remote);
      prompt(stage.client, all, "t1", "Please fix the add function");
      await stage.client.until(() => stage.client.state("session", all.session).inputNeeded?.length === 1);
      await stage.host.kill();
      await stage.start(`after-${agent}`);
      await watch(stage.client, all);
      expect(stage.client.state("chat", all.chat)).toMatchObject({ turns: [{ id: "t1", state: "error" }] });
      expect(stage.client.state("session", all.session).inputNeeded ?? []).toEqual([]);
      await stage.client.dispatched(all.chat, { type: "chat/turnResume", turnId: "t1" });
      await approveAll(all, "t1");
      expect((await finished(stage.client, all, "t1")).state).toBe("complete");
      expect(stage.client.state("changeset", all.changes).files.map((file) => file.id)).toContain("src/math.mjs");
    },
  );
});
