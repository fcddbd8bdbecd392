import { beforeEach, describe, expect, it } from "vitest";
import type { FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { Attempts } from "../../../../src/extension/launch/attemptsView.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode, Uri } from "../../../support/fakeVscode.ts";

beforeEach(() => fakeVscode.reset());

const attempt = (index: number, over: Partial<FleetAgent> = {}) =>
  aFleetAgent({ key: `a|${index}`, hostId: "a", session: String(index), group: { id: "g", index, count: 3 }, ...over });

async function keeping(
  agents: readonly FleetAgent[],
  answers: { readonly confirms: boolean; readonly undoes?: boolean },
) {
  const { connections, clock } = await aFleet();
  const done: unknown[] = [];
  const asked: string[] = [];
  const failures: unknown[] = [];
  const byKey = new Map(agents.map((agent) => [agent.key, agent]));
  const attempts = new Attempts({
    extensionUri: new Uri("file", "/") as never,
    fleet: {
      agents: byKey,
      get: (key) => byKey.get(key),
      archive: async (key, isArchived) => void done.push([isArchived === false ? "restore" : "archive", key]),
      stop: async (key) => void done.push(["stop", key]),
      onDidChange: () => ({ dispose: () => undefined }),
    },
    connections,
    commands: new CommandRegistry({ present: async (error) => void failures.push(error) }),
    dialogs: {
      confirm: async (question, detail) => {
        asked.push(`${question} ${detail}`);
        return answers.confirms;
      },
      tell: async (_text, ...buttons) => (answers.undoes === true ? buttons[0] : undefined),
    },
    clock,
    resolveAgent: async (target) => target,
  });
  void fakeVscode.commands.get("muster.agent.keepAttempt")?.({ hostId: "a", session: "2" });
  await settle();
  attempts.dispose();
  return { done, asked, failures };
}

describe("keeping one of several attempts", () => {
  const agents = [
    attempt(1, { attention: "working" }),
    attempt(2, { attention: "review" }),
    attempt(3, { attention: "failed" }),
  ];

  it("asks once, stops the others that work, and archives them", async () => {
    const { done, asked } = await keeping(agents, { confirms: true });
    expect(asked).toEqual([
      "Keep attempt 2 and archive the other 2? Archived agents keep their branches and files, and can be restored. Those at work are stopped.",
    ]);
    expect(done).toEqual([
      ["stop", "a|1"],
      ["archive", "a|1"],
      ["archive", "a|3"],
    ]);
  });

  it("does nothing without a yes, and takes it back on request", async () => {
    expect((await keeping(agents, { confirms: false })).done).toEqual([]);
    const { done } = await keeping(agents, { confirms: true, undoes: true });
    expect(done.slice(3)).toEqual([
      ["restore", "a|1"],
      ["restore", "a|3"],
    ]);
  });

  it("says so when there is nothing to choose from", async () => {
    const alone = [attempt(2), attempt(1, { isArchived: true })];
    expect((await keeping(alone, { confirms: true })).failures).toMatchObject([{ code: "conflict" }]);
    const single = [attempt(2, { group: undefined })];
    expect((await keeping(single, { confirms: true })).failures).toMatchObject([{ code: "notFound" }]);
  });
});

describe("the tab that compares attempts", () => {
  const of = { hostId: "a", group: "g" };
  async function restored(agents: readonly FleetAgent[], memory: unknown, isConnected = true) {
    const { connections, clock, host } = await aFleet();
    if (!isConnected) host.dropAll();
    await settle();
    const attempts = new Attempts({
      extensionUri: new Uri("file", "/") as never,
      fleet: {
        agents: new Map(agents.map((agent) => [agent.key, agent])),
        get: () => undefined,
        archive: async () => undefined,
        stop: async () => undefined,
        onDidChange: () => ({ dispose: () => undefined }),
      },
      connections,
      commands: new CommandRegistry({ present: async () => undefined }),
      dialogs: { confirm: async () => false, tell: async () => undefined },
      clock,
      resolveAgent: async (target) => target,
    });
    const panel = await fakeVscode.webviews.restore("muster.attempts", "Attempts: Fix it", memory);
    panel.say({ kind: "ready" });
    await settle();
    return { panel, attempts };
  }

  it("comes back with the window, by what its page remembered", async () => {
    const { panel, attempts } = await restored([attempt(1), attempt(2)], of);
    expect(panel.last).toMatchObject({ state: { view: "attempts", of, attempts: [{ index: 1 }, { index: 2 }] } });
    attempts.dispose();
    expect(panel.isClosed).toBe(true);
  });

  it("says so while its host is away, keeps what it knows, and offers to reach it", async () => {
    const { panel } = await restored([], of, false);
    const text = "a is not connected. The attempts are shown when it is.";
    expect(panel.last).toMatchObject({ state: { of, attempts: [], note: { text, hostId: "a" } } });
    panel.say({ kind: "reconnect", hostId: "somewhere else" });
    expect(fakeVscode.executed).toEqual([{ command: "muster.host.reconnect", args: [{ hostId: "a" }] }]);
    const gone = await restored([], { hostId: "removed", group: "g" });
    expect(gone.panel.last).toMatchObject({
      state: { note: { text: expect.stringMatching(/not configured any more/) } },
    });
    const deleted = await restored([], of);
    expect(deleted.panel.last).toMatchObject({ state: { note: { text: expect.stringMatching(/were deleted/) } } });
  });

  it("is closed when nobody knows what it was of", async () => {
    expect((await restored([], { hostId: 3 })).panel.isClosed).toBe(true);
  });
});
