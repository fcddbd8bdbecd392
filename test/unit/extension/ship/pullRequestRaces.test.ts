import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { Dice } from "../../../support/dice.ts";
import { settle } from "../../../support/fakeClock.ts";
import { anAgent, reviewedCommit } from "./anAgent.ts";
import { ShipWorld } from "./shipWorld.ts";

const steps = ["read", "sign", "repository", "find", "form", "push", "create"] as const;
const stranger = "c".repeat(40);

async function outcomeOf(world: ShipWorld) {
  try {
    return await world.run();
  } catch (error) {
    return AppError.from(error, "It failed");
  }
}

describe("PR-2: a branch that moves between the review and the pull request", () => {
  it("becomes a pull request of the reviewed commit, or none: in a hundred races with the agent", async () => {
    const seen = { created: 0, stopped: 0 };
    for (let seed = 0; seed < 100; seed += 1) {
      const dice = new Dice(seed);
      const world = new ShipWorld();
      // More than once, or never.
      const moves = new Set(Array.from({ length: dice.below(3) }, () => dice.pick(steps)));
      let head = 0;
      world.meanwhile = (step) => {
        if (moves.delete(step as (typeof steps)[number])) world.agent = anAgent({ head: String(++head).repeat(40) });
      };
      const outcome = await outcomeOf(world);
      if (world.created.length > 0) {
        seen.created += 1;
        expect(world.created[0]?.body).toContain(`Reviewed-Commit: ${reviewedCommit}`);
        expect(world.steps).toContain("push reviewed");
        expect(world.existing?.headCommit).toBe("f".repeat(40));
      } else {
        seen.stopped += 1;
        const isTold =
          outcome === undefined ? world.steps.at(-1) === "block headMoved" : AppError.is(outcome, "branch.moved");
        expect(isTold, `seed ${seed}: ${world.steps.join()}`).toBe(true);
        // After the review of what is there, it goes.
        world.reviewed = world.agent.head;
        world.meanwhile = () => undefined;
        expect(await world.run()).toMatchObject({ outcome: "created" });
      }
    }
    expect(seen.created).toBeGreaterThan(10);
    expect(seen.stopped).toBeGreaterThan(10);
  });

  it("is told of when somebody else pushes to it in the last moment: what nobody reviewed counts as not shipped", async () => {
    const world = new ShipWorld();
    world.beforeCreate = () => {
      world.onGitHub = stranger;
    };
    await expect(world.run()).rejects.toMatchObject({ code: "branch.moved", message: expect.stringContaining("#7") });
    expect(world.pullRequests.get(world.agent.target)).toBeUndefined();
  });
});

describe("PR-3: a pull request that was made", () => {
  it("is found by the next window, which knows nothing of it, when this one is gone right after", async () => {
    const world = new ShipWorld();
    world.isGone = true;
    void world.run();
    await settle();
    expect([world.created.length, world.steps.at(-1)]).toEqual([1, "create"]);
    expect(world.pullRequests.all()).toEqual([]);
    const later = new ShipWorld();
    later.existing = world.existing;
    expect(await later.run()).toMatchObject({ outcome: "found", pullRequest: { number: 7 } });
    expect([later.created, later.pullRequests.all().length]).toEqual([[], 1]);
  });
});
