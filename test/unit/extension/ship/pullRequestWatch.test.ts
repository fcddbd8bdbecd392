import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { Emitter } from "../../../../src/base/emitter.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import type { FleetAgent, FleetPullRequest } from "../../../../src/extension/fleet/fleetAgent.ts";
import type { Quota } from "../../../../src/extension/ship/gitHubApi.ts";
import { defaultGitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { PullRequests } from "../../../../src/extension/ship/pullRequests.ts";
import type { Check, PullRequestStanding } from "../../../../src/extension/ship/pullRequestStanding.ts";
import { PullRequestWatch } from "../../../../src/extension/ship/pullRequestWatch.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { aPull } from "./aPull.ts";
import { FakeMemento } from "./memento.ts";

const minute = 60_000;

function check(state: Check["state"], name = "test"): Check {
  return { name, state, url: undefined, summary: "", runId: 1, isJob: true };
}

function standing(changes: Partial<PullRequestStanding> = {}): PullRequestStanding {
  return {
    pull: aPull({ state: "open" }),
    checks: [],
    review: "none",
    merge: "ready",
    isBranchDeleted: false,
    ...changes,
  };
}

/** Agents with pull requests, a GitHub that counts what it is asked, and a person who may look away. */
class World {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  readonly merged: string[] = [];
  readonly agents = new Map<string, FleetAgent>();
  readonly #looks = new Emitter<void>((error) => {
    throw error;
  });
  isSeen = true;
  isSignedIn = true;
  quota: Quota | undefined;
  failure: AppError | undefined;
  /** GitHub answers when this does. */
  hold: Promise<void> | undefined;
  standings: PullRequestStanding[] = [standing()];
  readonly state = new FakeMemento();
  readonly pullRequests = new PullRequests(this.state, (key, { pullRequest }) => this.put(key, pullRequest));
  readonly watch: PullRequestWatch;

  constructor(prepare: (world: World) => void = (world) => world.add("1", 7)) {
    prepare(this);
    this.watch = new PullRequestWatch({
      agents: () => this.agents.values(),
      pullRequests: this.pullRequests,
      servers: () => [defaultGitHubServer],
      reader: async () => (this.isSignedIn ? this.#reader() : undefined),
      seen: { isSeen: () => this.isSeen, onDidChange: this.#looks.event },
      merged: async ({ session }) => void this.merged.push(session),
      clock: this.clock,
      random: () => 0,
      logger: silentLogger,
    });
  }

  #reader() {
    return {
      quota: this.quota,
      readAll: async (
        { owner, repo }: { owner: string; repo: string },
        numbers: readonly number[],
        branches: ReadonlySet<string>,
      ) => {
        this.asked.push([`${owner}/${repo}`, ...numbers, ...branches].join(" "));
        await this.hold;
        if (this.failure !== undefined) throw this.failure;
        return this.standings;
      },
    };
  }

  add(id: string, number: number | undefined, changes: Partial<FleetAgent> = {}): void {
    const url = `https://github.com/o/r/pull/${number}`;
    const pullRequest: FleetPullRequest | undefined = number === undefined ? undefined : { url, number, state: "open" };
    const agent = aFleetAgent({
      session: `ahp-session:/${id}`,
      repository: "https://github.com/o/r",
      pullRequest,
      ...changes,
    });
    this.agents.set(agent.key, agent);
  }

  put(key: string, pullRequest: FleetPullRequest | undefined): void {
    const agent = this.agents.get(key);
    if (agent !== undefined) this.agents.set(key, { ...agent, pullRequest });
  }

  pullRequestOf(id: string): FleetPullRequest | undefined {
    return this.agents.get(`a|ahp-session:/${id}`)?.pullRequest;
  }

  async look(isSeen: boolean): Promise<void> {
    this.isSeen = isSeen;
    this.#looks.fire();
    await this.clock.advance(0);
    await settle();
  }

  async pass(ms: number): Promise<number> {
    const before = this.asked.length;
    await this.clock.advance(ms);
    await settle();
    return this.asked.length - before;
  }
}

describe("the watch over pull requests", () => {
  it("shows what GitHub tells in the agent's row", async () => {
    const world = new World();
    world.standings = [standing({ checks: [check("failed"), check("passed", "lint")], review: "changesRequested" })];
    await world.pass(0);
    expect(world.pullRequestOf("1")).toMatchObject({
      number: 7,
      checks: "failed",
      failedChecks: ["test"],
      review: "changesRequested",
      merge: "ready",
    });
    world.watch.dispose();
    expect(world.clock.pending).toBe(0);
  });

  it("asks one repository once for all its pull requests, and of branches that may have got one elsewhere", async () => {
    const world = new World((each) => {
      each.add("1", 7);
      each.add("2", 8);
      each.add("3", undefined, { branch: "agent/three" });
      each.add("4", 9, { isArchived: true });
      each.add("5", undefined, { branch: "agent/five", repository: "https://github.com/other/r" });
    });
    const found = aPull({
      number: 11,
      state: "open",
      headBranch: "agent/three",
      url: "https://github.com/o/r/pull/11",
    });
    world.standings = [standing({ pull: found })];
    expect(await world.pass(0)).toBe(1);
    expect(world.asked).toEqual(["o/r 7 8 agent/three"]);
    expect(world.pullRequestOf("3")).toMatchObject({ number: 11, state: "open" });
  });

  it("looks often while checks run and seldom while nothing happens", async () => {
    const world = new World();
    world.standings = [standing({ checks: [check("pending")] })];
    expect(await world.pass(minute)).toBe(3);
    world.standings = [standing()];
    await world.pass(minute / 2);
    expect(await world.pass(10 * minute)).toBe(5);
  });

  it("asks nothing while nobody looks, and at once when somebody does after a while", async () => {
    const world = new World();
    await world.pass(0);
    await world.look(false);
    expect(await world.pass(60 * minute)).toBe(0);
    await world.look(true);
    expect(world.asked).toHaveLength(2);
    await world.look(false);
    await world.look(true);
    expect(world.asked).toHaveLength(2);
  });

  it("asks nothing of whom is not signed in, and of agents without a pull request", async () => {
    const world = new World();
    world.isSignedIn = false;
    expect(await world.pass(10 * minute)).toBe(0);
    const other = new World((each) => each.add("1", undefined, { branch: "b" }));
    expect(await other.pass(10 * minute)).toBe(0);
  });

  it("waits for as long as GitHub says, and longer each time that it does not answer", async () => {
    const world = new World();
    world.failure = new AppError("github.rateLimited", "", { details: { retryAfterMs: 30 * minute } });
    expect(await world.pass(29 * minute)).toBe(1);
    world.failure = new AppError("github.unreachable", "");
    const first = await world.pass(20 * minute);
    expect(first).toBeGreaterThan(2);
    // Half of the longest wait, which is a quarter of an hour, is certain.
    expect(await world.pass(60 * minute)).toBeLessThanOrEqual(8);
    world.failure = undefined;
    await world.pass(20 * minute);
    expect(await world.pass(10 * minute)).toBe(5);
  });

  it("leaves the last tenth of the hour's requests to the person", async () => {
    const world = new World();
    world.quota = { limit: 5000, remaining: 400, resetsAt: world.clock.now() + 40 * minute };
    expect(await world.pass(39 * minute)).toBe(1);
    world.quota = { limit: 5000, remaining: 5000, resetsAt: world.clock.now() + 60 * minute };
    expect(await world.pass(5 * minute)).toBeGreaterThan(0);
  });

  it("tells once that it was merged, and watches it no longer", async () => {
    const world = new World();
    world.standings = [standing({ pull: aPull({ state: "merged" }), isBranchDeleted: true })];
    await world.pass(0);
    expect(world.merged).toEqual(["ahp-session:/1"]);
    expect(world.pullRequestOf("1")).toMatchObject({ state: "merged", isBranchDeleted: true });
    expect(await world.pass(60 * minute)).toBe(0);
  });

  it("looks soon after something was done", async () => {
    const world = new World();
    await world.pass(0);
    world.watch.lookSoon();
    expect(await world.pass(5_000)).toBe(1);
  });

  it("looks again after a look that may have come too early", async () => {
    const world = new World();
    const answered = Promise.withResolvers<void>();
    world.hold = answered.promise;
    await world.pass(0);
    world.watch.lookSoon();
    const refreshed = world.watch.refresh();
    answered.resolve();
    await refreshed;
    expect(world.asked).toHaveLength(2);
    expect(await world.pass(5_000)).toBe(1);
  });

  it("reads those first that were not read the longest when there are too many for one round", async () => {
    const world = new World((each) => {
      for (let number = 1; number <= 100; number++) each.add(String(number), number);
    });
    const numbersAsked = () => new Set(world.asked.at(-1)?.split(" ").slice(1));
    world.standings = Array.from({ length: 100 }, (_, index) =>
      standing({ pull: aPull({ number: index + 1, state: "open", url: `https://github.com/o/r/pull/${index + 1}` }) }),
    );
    await world.pass(0);
    expect(numbersAsked().size).toBe(60);
    await world.pass(3 * minute);
    expect(numbersAsked()).toContain("100");
  });
});
