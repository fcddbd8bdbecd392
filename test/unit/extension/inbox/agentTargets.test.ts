import { beforeEach, describe, expect, it } from "vitest";
import { AgentTargets } from "../../../../src/extension/inbox/agentTargets.ts";
import { registerInboxCommands } from "../../../../src/extension/inbox/inboxCommands.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

const nothing = async () => undefined;

describe("a command that finds no agent", () => {
  beforeEach(() => fakeVscode.reset());
  const fleet = { agents: new Map(), get: () => undefined };
  const targets = new AgentTargets(fleet, () => undefined, new FakeClock());

  it("says so instead of doing nothing", async () => {
    await expect(targets.one(undefined, "Stop which agent?")).rejects.toMatchObject({ code: "conflict" });
  });

  it("says that nobody needs the person", async () => {
    const told: string[] = [];
    registerInboxCommands({
      fleet,
      targets,
      inbox: { open: nothing, answerAgent: nothing },
      snoozes: { has: () => false },
      panels: { active: undefined, show: nothing },
      commands: new CommandRegistry({ present: nothing }),
      dialogs: { tell: async (text) => void told.push(text) },
      reveal: () => undefined,
    });
    await fakeVscode.commands.get("muster.agent.next")?.();
    expect(told).toEqual(["No agent needs you at present."]);
  });
});
