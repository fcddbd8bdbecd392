import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ModelServer, startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import { ensureRealAgents } from "../support/realAgents/realAgents.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { createSession, finished, prompt, type Refs, refs, remoteRepository, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

/** Agents that nobody here wrote, on a model that follows a script: everything else is as it is for a user. */
describe("real agents on a real host", () => {
  let model: ModelServer;
  let repository: Awaited<ReturnType<typeof remoteRepository>>;
  let directory: HostDirectory;
  let host: HostProcess;
  let client: WireClient;

  beforeAll(async () => {
    model = await startModelServer({ scenarios: CODING_SCENARIOS });
    repository = await remoteRepository();
    const { codex, gemini } = await ensureRealAgents({ modelServerUrl: model.url });
    const config = {
      agents: [codex, gemini],
      limits: { concurrentSessions: 2 },
      repositories: { allowLocal: [repository.directory] },
    };
    directory = new HostDirectory(config);
    host = await directory.start();
    client = await WireClient.connect(host.url, host.token);
  });

  afterAll(async () => {
    client?.close();
    await host?.stop();
    await model?.close();
    directory?.remove();
    repository?.remove();
  });

  /** Approves whatever waits, as the person at the panel would, until the turn is over. */
  async function approveAll(all: Refs, turnId: string): Promise<number> {
    const answered = new Set<string>();
    const open = () =>
      (client.state("session", all.session).inputNeeded ?? []).find(
        (request) => "id" in request && !answered.has(request.id),
      );
    for (;;) {
      await client.until(
        () => open() !== undefined || client.state("chat", all.chat).turns.some((turn) => turn.id === turnId),
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
      expect((await client.dispatched(all.chat, confirmed)).rejectionReason).toBeUndefined();
    }
  }

  it.each(["codex", "gemini"] as const)(
    "%s fixes a bug under supervision, and its branch passes the tests",
    async (agent) => {
      const all = await createSession(client, `${agent}-0-fix-0000`, agent, repository.remote);
      prompt(client, all, "t1", "Please fix the add function");
      expect(await approveAll(all, "t1")).toBeGreaterThanOrEqual(3);
      const turn = await finished(client, all, "t1");
      expect(turn.state).toBe("complete");
      const kinds = turn.responseParts.map((part) => part.kind);
      expect(kinds).toContain("markdown");
      expect(kinds.filter((kind) => kind === "toolCall").length).toBeGreaterThanOrEqual(3);
      expect(client.state("changeset", all.changes).files.map((file) => file.id)).toEqual([
        "CHANGES.md",
        "src/math.mjs",
      ]);

      const { head, branch } = client.state("fleetSession", all.fleet);
      const push = { channel: all.changes, operationId: "push", _meta: { muster: { commit: head } } };
      await client.request("invokeChangesetOperation", push);
      const fixed = execFileSync("git", ["-C", repository.remote, "show", `${branch}:src/math.mjs`], {
        encoding: "utf8",
      });
      expect(fixed).toContain("return a + b;");
    },
  );

  it("codex takes its conversation along into a copy of its session", async () => {
    const all = refs("codex-0-fix-0000");
    const fork = refs("codex-2-fork-000");
    const asked = { channel: all.session, session: fork.session };
    expect(await client.request("x-fleet/fork", asked)).toMatchObject({ conversation: "agent" });
    await watch(client, fork);
    prompt(client, fork, "t2", "Say something short");
    expect((await finished(client, fork, "t2")).state).toBe("complete");
    expect(client.state("fleetSession", fork.fleet).forkedFrom).toMatchObject({ conversation: "agent", turnId: "t1" });
    expect(client.state("changeset", fork.changes).files.map((file) => file.id)).toEqual([
      "CHANGES.md",
      "src/math.mjs",
    ]);
  });

  it.each(["codex", "gemini"] as const)(
    "%s goes on after the host was killed in the middle of its turn",
    async (agent) => {
      const all = await createSession(client, `${agent}-1-kill-000`, agent, repository.remote);
      prompt(client, all, "t1", "Please fix the add function");
      await client.until(() => client.state("session", all.session).inputNeeded?.length === 1);
      await host.kill();
      host = await directory.start();
      client = await WireClient.connect(host.url, host.token, `after-${agent}`);
      await watch(client, all);
      expect(client.state("chat", all.chat)).toMatchObject({ turns: [{ id: "t1", state: "error" }] });
      expect(client.state("session", all.session).inputNeeded ?? []).toEqual([]);
      await client.dispatched(all.chat, { type: "chat/turnResume", turnId: "t1" });
      await approveAll(all, "t1");
      expect((await finished(client, all, "t1")).state).toBe("complete");
      expect(client.state("changeset", all.changes).files.map((file) => file.id)).toContain("src/math.mjs");
    },
  );
});
