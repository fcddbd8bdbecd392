import { describe, expect, it } from "vitest";
import type { FleetPullRequest } from "../../../../src/extension/fleet/fleetAgent.ts";
import { finishBody, provenance } from "../../../../src/extension/ship/pullRequestText.ts";
import { PullRequests } from "../../../../src/extension/ship/pullRequests.ts";
import { aPull } from "./aPull.ts";
import { aFile, anAgent, reviewedCommit } from "./anAgent.ts";
import { ShipWorld } from "./shipWorld.ts";

describe("creating a pull request", () => {
  it("goes from the gate over push and find to create, of the reviewed commit, as a draft", async () => {
    const world = new ShipWorld();
    expect(await world.run()).toMatchObject({ outcome: "created", pullRequest: { number: 7 } });
    expect(world.steps).toEqual(["sign in", "repository", "find", "form", "push reviewed", "create", "close"]);
    expect(world.created).toEqual([
      expect.objectContaining({
        title: "Fix the parser",
        headBranch: "agent/fix-the-parser-12345678",
        baseBranch: "main",
        isDraft: true,
        body: expect.stringContaining(`Reviewed-Commit: ${reviewedCommit}`),
      }),
    ]);
    expect(world.pushedTitles).toEqual(["Fix the parser"]);
    expect(world.shown.get("h1|ahp-session:/s1")).toMatchObject({ number: 7, state: "open", isDraft: true });
  });

  it.each([
    ["nothing reviewed", (world: ShipWorld) => (world.reviewed = undefined), "block notReviewed"],
    ["a head that moved", (world: ShipWorld) => (world.agent = anAgent({ head: "d".repeat(40) })), "block headMoved"],
    ["a running turn", (world: ShipWorld) => (world.agent = anAgent({ phase: "working" })), "block stillWorking"],
  ])("stops at the gate for %s, before anything leaves the machine", async (_name, spoil, step) => {
    const world = new ShipWorld();
    spoil(world);
    expect(await world.run()).toBeUndefined();
    expect(world.steps).toEqual([step]);
  });

  it("asks about what looks like a secret, and takes a no for a no", async () => {
    const world = new ShipWorld();
    world.agent = anAgent({ files: [aFile("src/a.ts", { after: { uri: "x", blob: undefined, sizeBytes: 1 } })] });
    world.after = `old\nconst key = "AKIA${"A1".repeat(8)}";`;
    world.accepts = false;
    expect(await world.run()).toBeUndefined();
    expect(world.steps).toEqual([expect.stringContaining("an AWS access key in src/a.ts:2")]);
    world.accepts = true;
    expect(await world.run()).toMatchObject({ outcome: "created" });
  });

  it("PR-4: asks about risky paths first and takes a no for a no", async () => {
    const world = new ShipWorld();
    world.agent = anAgent({ files: [aFile(".github/workflows/ci.yml")] });
    world.accepts = false;
    expect(await world.run()).toBeUndefined();
    expect(world.steps).toEqual(["warn workflow"]);
  });

  it.each([
    ["an empty branch", { files: [] }, "branch.empty"],
    ["a repository elsewhere", { repository: "https://gitlab.com/o/r" }, "github.notGitHub"],
  ])("says so for %s", async (_name, overrides, code) => {
    const world = new ShipWorld();
    world.agent = anAgent(overrides);
    await expect(world.run()).rejects.toMatchObject({ code });
    expect(world.steps).toEqual([]);
  });

  it.each([
    ["sign in", "github.noSession"],
    ["repository", "github.unreachable"],
    ["find", "github.rateLimited"],
  ] as const)("asks for nothing when %s fails with %s", async (step, code) => {
    const world = new ShipWorld();
    world.failures.set(step, code);
    await expect(world.run()).rejects.toMatchObject({ code });
    expect(world.steps.at(-1)).toBe(step);
    expect(await world.run()).toMatchObject({ outcome: "created" });
  });

  it("says so for an archived repository, before anything is typed", async () => {
    const world = new ShipWorld();
    world.isArchived = true;
    await expect(world.run()).rejects.toMatchObject({
      code: "github.refused",
      message: expect.stringContaining("archived"),
    });
    expect(world.steps).not.toContain("form");
  });

  it.each([
    ["push reviewed", "push.refused"],
    ["push reviewed", "branch.moved"],
    ["create", "github.refused"],
  ] as const)("keeps what was typed when %s fails with %s, and ends well the next time", async (step, code) => {
    const world = new ShipWorld();
    world.form = (values) => ({ ...values, title: "My own title" });
    world.failures.set(step, code);
    await expect(world.run()).rejects.toMatchObject({ code });
    expect(world.drafts.get(world.agent.target)).toEqual({ title: "My own title" });
    expect(world.shown.size).toBe(0);

    world.form = undefined;
    await world.run();
    expect(world.created).toMatchObject([{ title: "My own title" }]);
    expect(world.drafts.get(world.agent.target)).toEqual({});
  });

  it("keeps what was typed when the form is left", async () => {
    const world = new ShipWorld();
    world.form = () => undefined;
    expect(await world.run()).toBeUndefined();
    expect(world.steps.at(-1)).toBe("form");
    expect(world.drafts.get(world.agent.target)).toEqual({ title: "half a tit" });
  });

  it("makes a branch again that was deleted on the server, on the person's word alone", async () => {
    const world = new ShipWorld();
    world.isBranchDeleted = true;
    world.accepts = false;
    await expect(world.run()).rejects.toMatchObject({ code: "cancelled" });
    expect(world.created).toEqual([]);
    world.accepts = true;
    expect(await world.run()).toMatchObject({ outcome: "created" });
    const deleted = "deleted agent/fix-the-parser-12345678";
    expect(world.steps.slice(-5)).toEqual(["push reviewed", deleted, "push reviewed again", "create", "close"]);
  });

  it("says that the pull request from before was closed or merged elsewhere", async () => {
    const world = new ShipWorld();
    await world.run();
    expect(world.findings).toEqual([]);
    world.existing = undefined;
    expect(await world.run()).toMatchObject({ outcome: "created" });
    expect(world.findings).toEqual([expect.stringContaining("pull request #7, which is not open any more")]);
  });

  it("PR-3: finds the pull request that the branch has, and makes no second one", async () => {
    const world = new ShipWorld();
    world.existing = aPull({ state: "open" });
    expect(await world.run()).toMatchObject({ outcome: "found" });
    expect(await world.run()).toMatchObject({ outcome: "found" });
    expect(world.created).toEqual([]);
    expect(world.steps.filter((step) => step === "push reviewed")).toHaveLength(2);
    expect(world.steps).not.toContain("form");
    expect(world.bodies).toEqual([]);
    expect(world.shown.get("h1|ahp-session:/s1")).toMatchObject({ shipped: reviewedCommit });
  });

  it("tells in the description that it made which commit was pushed last, and leaves the words", async () => {
    const world = new ShipWorld();
    const trailer = provenance(world.agent, "1".repeat(40));
    world.existing = aPull({ body: finishBody("My words.", trailer) });
    await world.run();
    expect(world.bodies).toEqual([finishBody("My words.", provenance(world.agent, reviewedCommit))]);
  });

  it("goes from a fork to the repository that it is a fork of", async () => {
    const world = new ShipWorld();
    world.parent = { owner: "up", repo: "r", defaultBranch: "main" };
    expect(await world.run()).toMatchObject({ outcome: "created", repository: { owner: "up" } });
    expect(world.steps).toContain("find o:agent/fix-the-parser-12345678 in up");
    expect(world.created).toMatchObject([{ headBranch: "o:agent/fix-the-parser-12345678", baseBranch: "main" }]);
  });

  it("closes the issues that the person ticked, and no others", async () => {
    const world = new ShipWorld();
    world.agent = anAgent({ prompt: "Fixes #12 and #13" });
    world.form = (values) => ({ ...values, closes: ["#13"] });
    await world.run();
    expect(world.created[0]?.body.match(/\b(?:closes|fixes) \S*#\d+/gi)).toEqual(["Closes #13"]);
  });

  it("says what of the extras GitHub did not take; the pull request is there", async () => {
    const world = new ShipWorld();
    world.form = (values) => ({ ...values, extras: { ...values.extras, labels: ["bug"] } });
    world.failures.set("extras bug", "github.refused");
    expect(await world.run()).toMatchObject({
      outcome: "created",
      unfinished: { code: "github.refused", message: "extras bug failed" },
    });
    expect(world.shown.get("h1|ahp-session:/s1")).toMatchObject({ number: 7 });
  });

  it("begins with the repository's template", async () => {
    const world = new ShipWorld();
    world.template = "## Summary\n<!-- why -->\n\n## Checklist\n- [ ] docs";
    await world.run();
    expect(world.created[0]?.body).toMatch(/^## What changed[\s\S]*## Summary\n\n> Fix the parser[\s\S]*- \[ \] docs/);
  });

  it("PR-3: finds the one it made when only the reply got lost", async () => {
    const world = new ShipWorld();
    world.isReplyLost = true;
    expect(await world.run()).toMatchObject({ outcome: "created", pullRequest: { number: 7 } });
    expect(world.steps.slice(-3)).toEqual(["create", "find", "close"]);
    expect(world.created).toHaveLength(1);
  });

  it("tells of the lost reply when nothing was made", async () => {
    const world = new ShipWorld();
    world.failures.set("create", "github.unreachable");
    await expect(world.run()).rejects.toMatchObject({ code: "github.unreachable", message: "create failed" });
  });

  it("takes the one that somebody else made in between", async () => {
    const world = new ShipWorld();
    world.failures.set("create", "conflict");
    world.beforeCreate = () => {
      world.existing = aPull({ number: 9 });
    };
    expect(await world.run()).toMatchObject({ outcome: "found", pullRequest: { number: 9 } });
  });

  it("takes the repository's default branch when no base is named", async () => {
    const world = new ShipWorld();
    world.form = (values) => ({ ...values, baseBranch: " " });
    await world.run();
    expect(world.created).toMatchObject([{ baseBranch: "trunk" }]);
  });

  it("PR-3: runs once at a time for an agent", async () => {
    const world = new ShipWorld();
    const first = world.run();
    await expect(world.run()).rejects.toMatchObject({ code: "conflict" });
    await first;
    expect(world.created).toHaveLength(1);
  });

  it("shows what it tracked before a reload", async () => {
    const world = new ShipWorld();
    await world.run();
    const shown = new Map<string, FleetPullRequest | undefined>();
    const later = new PullRequests(world.state, (key, { pullRequest }) => shown.set(key, pullRequest));
    expect(shown.get("h1|ahp-session:/s1")).toMatchObject({ number: 7 });
    await later.track(world.agent.target, world.agent.repository, aPull({ state: "merged" }));
    expect(shown.get("h1|ahp-session:/s1")).toMatchObject({ state: "merged" });
    expect(later.all()).toHaveLength(1);
  });
});
