import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import type { FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { Endings } from "../../../../src/extension/ship/endings.ts";
import type { FailedCheck } from "../../../../src/extension/ship/failedChecks.ts";
import { FixChecks } from "../../../../src/extension/ship/fixChecks.ts";
import type { MergeMethod } from "../../../../src/extension/ship/gitHubPort.ts";
import { defaultGitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { PullRequestDesk } from "../../../../src/extension/ship/pullRequestDesk.ts";
import type { PullRequestPort, ReviewFeedback } from "../../../../src/extension/ship/pullRequestPort.ts";
import { PullRequests } from "../../../../src/extension/ship/pullRequests.ts";
import type { Check, PullRequestStanding } from "../../../../src/extension/ship/pullRequestStanding.ts";
import { ReviewRounds } from "../../../../src/extension/ship/reviewRounds.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { aPull } from "./aPull.ts";
import { FakeMemento } from "./memento.ts";

const url = "https://github.com/o/r/pull/7";
const red: Check = { name: "test", state: "failed", url: undefined, summary: "1 failed", runId: 1, isJob: true };

/** An agent with a pull request, a GitHub that does what it is told, and a person. */
class World {
  readonly done: string[] = [];
  readonly sent: string[] = [];
  readonly told: string[] = [];
  agent: FleetAgent = aFleetAgent({ pullRequest: { url, number: 7, state: "open" }, spend: 1 });
  standing: PullRequestStanding = {
    pull: aPull({ state: "open" }),
    checks: [red],
    review: "none",
    merge: "ready",
    isBranchDeleted: false,
  };
  failed: FailedCheck[] = [{ check: red, complaints: [], log: "not ok", blame: "own" }];
  feedback: ReviewFeedback = { threads: [], summaries: [] };
  methods: MergeMethod[] = ["squash", "merge"];
  mergeFailure: AppError | undefined;
  chosen: string | undefined;
  confirms = true;
  archives = false;
  isBehind = false;
  edit: (text: string) => string | undefined = (text) => text;
  readonly pullRequests = new PullRequests(new FakeMemento(), (_key, { pullRequest }) => {
    this.agent = { ...this.agent, pullRequest };
  });

  readonly #port: PullRequestPort = {
    read: async () => this.standing,
    readFailedChecks: async (_standing, isBehind) => {
      if (isBehind) this.done.push("behind");
      return this.failed;
    },
    rerun: async (checks) => void this.done.push(`rerun ${checks.map(({ name }) => name).join()}`),
    mergeMethods: async () => this.methods,
    merge: async ({ headCommit }, method) => {
      if (this.mergeFailure !== undefined) throw this.mergeFailure;
      this.done.push(`merge ${method} ${headCommit.slice(0, 3)}`);
      this.standing = { ...this.standing, pull: aPull({ state: "merged" }) };
    },
    markReady: async ({ id }) => void this.done.push(`ready ${id}`),
    close: async (number) => void this.done.push(`close ${number}`),
    readFeedback: async () => this.feedback,
    reply: async (id, body) => void this.done.push(`reply ${id} ${body}`),
    resolve: async (id) => void this.done.push(`resolve ${id}`),
  };

  readonly desk = new PullRequestDesk({
    fleet: { get: () => this.agent },
    pullRequests: this.pullRequests,
    servers: () => [defaultGitHubServer],
    connect: async () => this.#port,
    lookSoon: () => void this.done.push("look"),
  });

  readonly #parts = {
    desk: this.desk,
    pullRequests: this.pullRequests,
    fleet: {
      send: async (_key: string, text: string) => void this.sent.push(text),
      archive: async () => void this.done.push("archive"),
    },
    confirmMessage: async (_title: string, text: string, send: (message: string) => Promise<void>) => {
      const message = this.edit(text);
      if (message !== undefined) await send(message);
      return message !== undefined;
    },
    dialogs: {
      tell: async (text: string) => {
        this.told.push(text);
        return this.chosen;
      },
      choose: async (question: string) => {
        this.told.push(question);
        return this.chosen;
      },
      confirm: async () => this.confirms,
      progress: <T>(_title: string, run: (report: (text: string) => void) => Promise<T>) => run(() => undefined),
    },
  };

  readonly fixChecks = new FixChecks({
    ...this.#parts,
    limits: () => ({ attempts: 2, spendUsd: 5 }),
    showPage: async () => void this.done.push("page"),
    updateFromBase: async () => void this.done.push("update"),
    isBehind: async () => this.isBehind,
  });
  readonly rounds = new ReviewRounds(this.#parts);
  readonly endings = new Endings({ ...this.#parts, archivesOnMerge: () => this.archives });

  /** Runs until the person is asked, and lets them. */
  async run(work: Promise<void>, person: () => void | Promise<void>): Promise<void> {
    await settle();
    await person();
    await work;
  }

  fix(label: string): Promise<void> {
    return this.run(this.fixChecks.run(this.agent), () => fakeVscode.quickInputs.open.choose(label));
  }
}

let world: World;
beforeEach(() => {
  fakeVscode.reset();
  world = new World();
});

describe("failing checks", () => {
  it("are told to the agent after the person has read what it is told", async () => {
    world.edit = (text) => `${text}\nAnd be careful.`;
    await world.fix("Tell the Agent");
    expect(world.sent).toEqual([expect.stringMatching(/#7[\s\S]*not ok[\s\S]*And be careful\./)]);
    expect(world.pullRequests.get(world.agent)?.attempts).toEqual({ count: 1, spendUsd: 1 });
  });

  it("are told to nobody when the person does not want it", async () => {
    world.edit = () => undefined;
    await world.fix("Tell the Agent");
    expect(world.sent).toEqual([]);
    expect(world.pullRequests.get(world.agent)?.attempts).toBeUndefined();
    await world.run(world.fixChecks.run(world.agent), () => fakeVscode.quickInputs.open.hide());
    expect(world.done).toEqual([]);
  });

  it.each([
    ["own", "Tell the Agent", "sent"],
    ["flaky", "Run the Failed Jobs", "rerun test"],
    ["staleBase", "Update from Base", "update"],
    ["base", "Open the Pull Request's Page", "page"],
  ] as const)("that look like %s are met with what is usual then: %s", async (blame, label, outcome) => {
    world.failed = world.failed.map((one) => ({ ...one, blame }));
    await world.run(world.fixChecks.run(world.agent), () => {
      expect(fakeVscode.quickInputs.open.activeItems[0]?.label).toContain(label);
      fakeVscode.quickInputs.open.accept();
    });
    expect([...world.done, ...(world.sent.length > 0 ? ["sent"] : [])]).toContain(outcome);
  });

  it("become the person's after so many attempts, until green checks end the count", async () => {
    await world.fix("Tell the Agent");
    await world.fix("Tell the Agent");
    await world.fix("Tell the Agent");
    expect(world.sent).toHaveLength(2);
    expect(world.told).toEqual([expect.stringContaining("stay red")]);
    world.chosen = "Try Once More";
    await world.fix("Tell the Agent");
    expect(world.sent).toHaveLength(3);
    const green = { ...world.standing, checks: [{ ...red, state: "passed" as const }] };
    await world.pullRequests.learn(world.agent, "https://github.com/o/r", green);
    expect(world.pullRequests.get(world.agent)?.attempts).toBeUndefined();
  });

  it("become the person's when they have cost too much", async () => {
    await world.fix("Tell the Agent");
    world.agent = { ...world.agent, spend: 6.5 };
    world.chosen = "Open Pull Request";
    await world.fix("Tell the Agent");
    expect(world.sent).toHaveLength(1);
    expect(world.done).toContain("page");
  });

  it("are judged with what the host knows of the base", async () => {
    world.isBehind = true;
    await world.fix("Open the Pull Request");
    expect(world.done).toEqual(expect.arrayContaining(["behind", "page"]));
  });

  it("are none when they have turned green in the meantime", async () => {
    world.failed = [];
    await world.fixChecks.run(world.agent);
    expect(world.told).toEqual([expect.stringContaining("No check")]);
  });
});

describe("review comments", () => {
  const thread = (id: string) => ({
    id,
    path: `${id}.ts`,
    line: 1,
    isOutdated: false,
    diffHunk: "@@ @@\n+a",
    comments: [{ author: "rev", body: "Why?" }],
  });

  it("go to the agent in one message, and are then offered to be resolved", async () => {
    world.feedback = { threads: [thread("a"), thread("b")], summaries: [] };
    await world.rounds.address(world.agent);
    expect(world.sent).toEqual([expect.stringMatching(/a\.ts:1[\s\S]*b\.ts:1/)]);
    world.feedback = { threads: [thread("a"), thread("b"), thread("c")], summaries: [] };
    await world.run(world.rounds.resolve(world.agent), async () => {
      const pick = fakeVscode.quickInputs.open;
      expect(pick.selectedItems.map(({ label }) => label)).toEqual(["a.ts:1", "b.ts:1"]);
      pick.tick("b.ts:1");
      pick.accept();
      await settle();
      fakeVscode.quickInputs.open.enter("Done.");
    });
    expect(world.done.filter((step) => step !== "look")).toEqual(["reply b Done.", "resolve b"]);
  });

  it("are resolved without an answer when the person types none", async () => {
    world.feedback = { threads: [thread("a")], summaries: [] };
    await world.run(world.rounds.resolve(world.agent), async () => {
      fakeVscode.quickInputs.open.tick("a.ts:1");
      fakeVscode.quickInputs.open.accept();
      await settle();
      fakeVscode.quickInputs.open.enter("");
    });
    expect(world.done).toEqual(["resolve a", "look"]);
  });

  it("that are none are told to nobody", async () => {
    await world.rounds.address(world.agent);
    await world.rounds.resolve(world.agent);
    expect(world.told).toHaveLength(2);
    expect(world.sent).toEqual([]);
  });
});

describe("the end of a pull request", () => {
  const merge = (label: string) =>
    world.run(world.endings.merge(world.agent), () => fakeVscode.quickInputs.open.choose(label));

  it("is a merge of the commit that was shown, by a method that the repository allows", async () => {
    await world.run(world.endings.merge(world.agent), () => {
      const { labels, placeholder } = fakeVscode.quickInputs.open;
      expect(labels.slice(0, 2)).toEqual(["$(git-commit) Squash and Merge", "$(git-merge) Create a Merge Commit"]);
      expect(labels).toContain("$(warning) Checks have failed.");
      expect(placeholder).toContain("at fffffff → main");
      fakeVscode.quickInputs.open.choose("Squash");
    });
    expect(world.done).toEqual(["merge squash fff", "look"]);
    expect(world.agent.pullRequest?.state).toBe("merged");
    expect(world.told).toEqual(["Merged pull request #7."]);
  });

  it("archives the agent where the setting says so, or the person does", async () => {
    world.chosen = "Archive Agent";
    await merge("Squash");
    await settle();
    expect(world.done).toContain("archive");
    world = new World();
    world.archives = true;
    await merge("Squash");
    expect(world.done.filter((step) => step === "archive")).toHaveLength(1);
  });

  it("says that somebody else has pushed to it", async () => {
    await world.pullRequests.track(world.agent, "https://github.com/o/r", world.standing.pull, {
      shipped: "a",
      pushed: "b",
    });
    await world.run(world.endings.merge(world.agent), () => {
      expect(fakeVscode.quickInputs.open.labels).toContain("$(warning) Somebody else has pushed to it since you did.");
      fakeVscode.quickInputs.open.hide();
    });
    expect(world.done).toEqual([]);
  });

  it("does not come when GitHub refuses, or when it is a draft or over", async () => {
    world.mergeFailure = new AppError("branch.moved", "moved");
    await expect(merge("Squash")).rejects.toMatchObject({ code: "branch.moved" });
    for (const state of ["draft", "merged", "closed"] as const) {
      world.standing = { ...world.standing, pull: aPull({ state }) };
      await expect(world.endings.merge(world.agent)).rejects.toMatchObject({ code: "conflict" });
    }
    expect(world.told).toEqual([]);
  });

  it("is closed only after a yes", async () => {
    world.confirms = false;
    await world.endings.close(world.agent);
    expect(world.done).toEqual([]);
    world.confirms = true;
    await world.endings.close(world.agent);
    expect(world.done).toEqual(["close 7", "look"]);
  });

  it("begins with its being ready", async () => {
    world.standing = { ...world.standing, pull: aPull() };
    await world.endings.markReady(world.agent);
    expect(world.done).toEqual(["ready PR_7", "look"]);
  });

  it("needs a server that the settings name", async () => {
    world.agent = { ...world.agent, pullRequest: { url: "https://evil.example/o/r/pull/7", number: 7, state: "open" } };
    await expect(world.endings.close(world.agent)).rejects.toMatchObject({ code: "github.notGitHub" });
    world.agent = { ...world.agent, pullRequest: undefined };
    await expect(world.endings.close(world.agent)).rejects.toMatchObject({ code: "notFound" });
  });
});
