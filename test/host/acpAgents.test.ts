import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AgentStage } from "./agentStage.ts";
import { useScriptedModel } from "./hostStage.ts";
import { hasBubblewrap } from "./isolationFixture.ts";
import { type AgentConfig, ensureRealAgents } from "../support/realAgents/realAgents.ts";
import { WIDER_AGENTS } from "../support/realAgents/widerAgents.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";

describe.each(hasBubblewrap ? (["none", "bubblewrap"] as const) : (["none"] as const))(
  "the sample agent, isolation %s",
  (isolation) => {
    let stage: AgentStage;
    afterEach(() => stage.dispose());

    it("works, with a command whose output goes to a terminal, and goes on after its process is gone", async () => {
      stage = await AgentStage.make(sampleAgentConfig(), isolation);
      const first = await stage.connect();
      expect(await stage.send("Work on the documentation")).toMatchObject({ stopReason: "complete" });
      expect(stage.text).toContain("ready for review");
      expect(stage.calls.length).toBeGreaterThan(3);
      expect(stage.calls.every(({ status }) => status === "completed")).toBe(true);
      const run = stage.calls.find((call) => call.displayName === "Run");
      expect(run).toMatchObject({ content: [{ type: "terminal", isPty: false }] });
      expect(stage.output).toContain("pass 1");
      expect(stage.events).toContainEqual(expect.objectContaining({ channel: "title" }));

      await first.dispose();
      const second = await stage.connect(first.agentSessionId);
      expect(second.resumed).toBe(true);
      await stage.send("What did you do?");
      expect(stage.text).toContain("CONTRIBUTING.md");
    });

    it("asks, and takes no for an answer", async () => {
      stage = await AgentStage.make(sampleAgentConfig(), isolation);
      stage.isAllowed = false;
      await stage.connect();
      await stage.send("Ask me before you delete");
      expect(stage.asked).toHaveLength(1);
      expect(stage.calls.at(-1)).toMatchObject({ status: "cancelled", reason: "denied" });
      expect(stage.text).toContain("left the build output alone");
    });
  },
);

const model = useScriptedModel();

/** In a box where there are any; `MUSTER_AGENTS_ISOLATION=none` tries them without. */
const isolation = hasBubblewrap && process.env["MUSTER_AGENTS_ISOLATION"] !== "none" ? "bubblewrap" : "none";

const published = {
  codex: async () => (await ensureRealAgents({ modelServerUrl: model.url })).codex,
  gemini: async () => (await ensureRealAgents({ modelServerUrl: model.url })).gemini,
  opencode: () => WIDER_AGENTS.opencode({ modelServerUrl: model.url }),
  claude: () => WIDER_AGENTS.claude({ modelServerUrl: model.url }),
};

/**
 * Programs of four vendors, on a model that follows a script. Some take seconds to start: the
 * tests of each are one conversation.
 */
describe.each(["codex", "gemini", "opencode", "claude"] as const)("%s can", (name) => {
  let stage: AgentStage;
  let config: AgentConfig | undefined;
  let reason = "";

  beforeAll(async () => {
    try {
      config = await published[name]();
    } catch (error) {
      reason = `SKIPPED: ${name} can't be had here: ${String(error)}`;
      process.stderr.write(`${reason}\n`);
      return;
    }
    stage = await AgentStage.make(config, isolation);
    await stage.connect();
  }, 300_000);
  afterAll(() => (config ? stage.dispose() : undefined));

  const does = (what: string, act: () => Promise<void>) =>
    it(what, { timeout: 120_000 }, async ({ skip }) => {
      skip(config === undefined, reason);
      await act();
    });

  does("ask before it acts, edit, run the tests, and tell what it used", async () => {
    const outcome = await stage.send("Please fix the add function");
    expect(outcome).toMatchObject({ stopReason: "complete" });
    expect(stage.text).toContain("the tests pass");
    expect(stage.asked.length).toBeGreaterThanOrEqual(3);
    expect(await stage.repository.git("status", "--porcelain")).toBe("M src/math.mjs\n?? CHANGES.md");
    expect(await stage.repository.git("diff")).toContain("+  return a + b;");
    expect(stage.calls.map(({ status }) => status)).toEqual(stage.calls.map(() => "completed"));
    const edit = stage.calls.find((call) => call.displayName === "Edit");
    expect(edit?._meta).toMatchObject({ muster: { locations: [{ path: "src/math.mjs" }] } });
    const run = stage.calls.find((call) => call.displayName === "Run" && JSON.stringify(call).includes("node --test"));
    expect(run).toMatchObject({ status: "completed" });
    // Gemini tells its model what a command printed, and the client nothing.
    expect(name === "gemini" ? model.requests.at(-1)?.toolResult : stage.output).toMatch(/fail 0/);
    // This version of Codex tells neither tokens nor cost, and Gemini no cost.
    if (name !== "codex") expect(outcome?.usage).toMatchObject({ inputTokens: expect.any(Number) });
    const cost = stage.events.flatMap((event) => (event.channel === "usage" ? [event.costUsd ?? 0] : []));
    const hasCost = name === "opencode" || name === "claude";
    expect(cost.reduce((sum, usd) => sum + usd, 0) > 0).toBe(hasCost);
    if (hasCost) expect(stage.about.models?.available.length).toBeGreaterThan(0);
    if (hasCost) expect(stage.about.commands?.length).toBeGreaterThan(0);
  });

  does("stop in the middle of an answer", async () => {
    const isStreaming = new Promise<void>((resolve) => {
      stage.onEvent = () => {
        if (stage.chat.activeTurn && stage.text.includes("One thing after another.")) resolve();
      };
    });
    const turn = stage.send("Write slowly");
    await isStreaming;
    stage.connection?.cancel();
    expect(await turn).toMatchObject({ stopReason: "cancelled" });
  });

  // opencode asks a model that fails again for more than a minute.
  if (name !== "opencode") {
    does("say that its model fails", async () => {
      await expect(stage.send("always fail")).rejects.toMatchObject({ code: "agent.failed" });
    });
  }

  // Gemini does not find a conversation again that is less than a minute old.
  if (name !== "gemini") {
    does("go on in another process", async () => {
      const id = stage.connection?.agentSessionId;
      await stage.connection?.dispose();
      expect((await stage.connect(id)).resumed).toBe(true);
      await stage.send("What did you change?");
      expect(stage.text).toContain("I fixed `add`");
    });
  }

  if (name === "codex") {
    does("tell its plan", async () => {
      await stage.send("Make a plan");
      expect(await stage.repository.git("status", "--porcelain")).toContain("?? PLAN.md");
      expect(stage.about.plan?.length).toBeGreaterThan(0);
    });
  }

  if (name === "claude") {
    does("ask a person a question with choices, and be told the answer", async () => {
      await stage.send("Ask me for a colour");
      expect(stage.questions).toMatchObject([
        { questions: [{ kind: "single-select", options: [{ label: "Red" }, { label: "Blue" }] }, expect.anything()] },
      ]);
      expect(model.requests.at(-1)?.toolResult).toContain("Red");
    });
  }

  does("take no for an answer", async () => {
    stage.isAllowed = false;
    await stage.repository.write("build/out.js", "1\n");
    await stage.send("Clean the build output");
    expect(stage.calls.map(({ status }) => status)).toEqual(["cancelled"]);
    expect(await stage.repository.git("status", "--porcelain", "--ignored")).not.toContain("CLEANED.md");
  });
});

it("codex changes a published package without asking when it is told never to ask", async () => {
  const { codex } = await ensureRealAgents({ modelServerUrl: model.url, approval: "never" });
  const stage = await AgentStage.make(codex, hasBubblewrap ? "bubblewrap" : "none", "package");
  await stage.connect();
  await stage.send("Support the %c placeholder");
  expect(model.requests.at(-1)?.toolResult).toContain("all tests pass");
  expect(await stage.repository.git("status", "--porcelain")).toBe("M index.js\n?? test/css.js");
  expect(stage.asked).toEqual([]);
  await stage.dispose();
});
