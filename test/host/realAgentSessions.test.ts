import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ensureRealAgents } from "../support/realAgents/realAgents.ts";
import { useHostStage, useScriptedModel } from "./hostStage.ts";
import { createSession, finished, prompt, type Refs, refs, watch } from "./sessionFixture.ts";

/** Agents that nobody here wrote, on a model that follows a script: everything else is as it is for a user. */
describe("real agents on a real host", () => {
  const model = useScriptedModel();
  const stage = useHostStage(async (allowLocal) => {
    const { codex, gemini } = await ensureRealAgents({ modelServerUrl: model.url });
    return {
      agents: [codex, gemini],
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
