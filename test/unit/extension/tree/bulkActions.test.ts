import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import type { FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { agentActions } from "../../../../src/extension/tree/agentActions.ts";
import { runBulk } from "../../../../src/extension/tree/bulkActions.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";
import { settle } from "../../../support/fakeClock.ts";

/** A fleet that notes what is asked of it, and dialogs that answer as they are told. */
function aDesk(answers: { isConfirmed?: boolean; presses?: string; fails?: (key: string) => boolean } = {}) {
  const done: string[] = [];
  const asked: { question: string; detail: string; action: string }[] = [];
  const told: string[] = [];
  const progress: string[] = [];
  let running = 0;
  let most = 0;
  const act = (what: string) => async (key: string, value?: boolean) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    if (answers.fails?.(key)) throw new AppError("request.rejected", "The host says no.");
    done.push(`${what} ${key.slice(-2)}${value === undefined ? "" : ` ${value}`}`);
  };
  const fleet = {
    stop: act("stop"),
    retry: act("retry"),
    archive: act("archive"),
    remove: act("remove"),
    markRead: act("read"),
  };
  const dialogs = {
    confirm: async (question: string, detail: string, action: string) => {
      asked.push({ question, detail, action });
      return answers.isConfirmed ?? true;
    },
    tell: async (text: string, ...buttons: readonly string[]) => {
      told.push(text);
      return buttons.find((button) => button === answers.presses);
    },
    progress: async <T>(title: string, run: (report: (text: string) => void) => Promise<T>) => {
      progress.push(title);
      return run((text) => progress.push(text));
    },
  };
  const actions = agentActions(fleet);
  return {
    done,
    asked,
    told,
    progress,
    most: () => most,
    run: (id: keyof typeof actions, agents: readonly FleetAgent[]) => runBulk(actions[id], agents, dialogs),
  };
}

const agents = (count: number, changes: Partial<FleetAgent> = {}) =>
  Array.from({ length: count }, (_, index) =>
    aFleetAgent({ session: `ahp-session:/${index + 10}`, title: `Agent ${index + 10}`, ...changes }),
  );

describe("what is done with many agents", () => {
  it("asks once, with the number and the titles, and reports how far it is", async () => {
    const desk = aDesk();
    await desk.run("stop", agents(12));
    expect(desk.asked).toHaveLength(1);
    expect(desk.asked[0]).toMatchObject({ question: "Stop 12 agents?", action: "Stop" });
    expect(desk.asked[0]?.detail).toContain("“Agent 10”\n“Agent 11”");
    expect(desk.asked[0]?.detail).toContain("and 4 more");
    expect(desk.progress[0]).toBe("Stopping 12 agents");
    expect(desk.progress.at(-1)).toBe("12 of 12");
    expect(desk.done).toHaveLength(12);
    expect(desk.most()).toBe(8);
  });

  it("asks nothing for one agent, but before it is deleted", async () => {
    const desk = aDesk({ isConfirmed: false });
    await desk.run("stop", agents(1));
    await desk.run("delete", agents(1));
    expect(desk.done).toEqual(["stop 10"]);
    expect(desk.asked.map(({ question }) => question)).toEqual(["Delete the agent “Agent 10”?"]);
    expect(desk.asked[0]?.detail).toContain("cannot be undone");
  });

  it("leaves those alone that it does not fit, and says so", async () => {
    const desk = aDesk();
    await desk.run("retry", [...agents(2, { attention: "failed" }), aFleetAgent({ session: "ahp-session:/99" })]);
    expect(desk.done).toEqual(["retry 10", "retry 11"]);
    expect(desk.asked[0]?.detail).toContain("One other of the selection stays as it is");
    await expect(desk.run("retry", agents(2))).rejects.toThrow("fits none of the selected agents");
    await expect(desk.run("stop", agents(2, { freshness: { live: false, heardAt: 0 } }))).rejects.toThrow("fits none");
  });

  it("does nothing when the person says no", async () => {
    const desk = aDesk({ isConfirmed: false });
    await desk.run("archive", agents(3));
    expect([desk.done, desk.told]).toEqual([[], []]);
  });

  it("tells in one sentence what was done and what was not, and goes on past a failure", async () => {
    const desk = aDesk({ fails: (key) => key.endsWith("11") });
    await expect(desk.run("stop", agents(3))).rejects.toMatchObject({
      code: "request.rejected",
      message: "2 of 3 agents were stopped; not “Agent 11”: The host says no.",
    });
    expect(desk.done).toEqual(["stop 10", "stop 12"]);
  });

  it("puts back what was archived, and only that, on Undo", async () => {
    const desk = aDesk({ presses: "Undo", fails: (key) => key.endsWith("11") });
    await expect(desk.run("archive", agents(3))).rejects.toThrow("2 of 3");
    await settle();
    expect(desk.told).toEqual(["Archived 2 agents."]);
    expect(desk.done.slice(2)).toEqual(["archive 10 false", "archive 12 false"]);
    expect(desk.asked).toHaveLength(1);
  });

  it("says what a deletion takes on a host that keeps no copy", async () => {
    const desk = aDesk();
    await desk.run("delete", agents(2, { canShip: false }));
    expect(desk.asked[0]?.detail).toContain("not committed");
  });
});
