import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noCredentials, type Workspace } from "../../src/host/workspaces/workspace.ts";
import { HostileOrigin } from "./hostileOrigin.ts";

let fixture: HostileOrigin;
beforeEach(() => {
  fixture = new HostileOrigin();
});
afterEach(() => fixture.dispose());

describe("GIT-9 pushes", () => {
  let workspace: Workspace;
  let commit: string;
  const { branch } = { branch: "agent/fix-login-11111111" };

  beforeEach(async () => {
    fixture.seedCommit({ "a.txt": "one\n" });
    workspace = await fixture.provision();
    fixture.write(workspace.paths.root, { "b.txt": "b\n" });
    commit = (await workspace.checkpoint("Turn"))?.commit ?? "";
  });

  const push = (name: string, what = commit) =>
    workspace.push({ branch: name, commit: what, title: "Work", credentials: noCredentials });
  const refs = () => fixture.inOrigin("for-each-ref", "--format=%(refname)").split("\n");

  it("go to no branch but the session's own", async () => {
    const others = [
      "main",
      "master",
      "refs/heads/main",
      "refs/heads/../main",
      "agent/../main",
      "refs/tags/v1",
      "tags/v1",
      "agent/",
      "agent",
      "Agent/x",
      "AGENT/x",
      "agent/x:refs/heads/main",
      "agent/x:main",
      ":main",
      ":refs/heads/main",
      `+agent/x`,
      "agent/x main",
      "agent/x\nrefs/heads/main",
      "agent/x\0main",
      "agent//x",
      "agent/.x",
      "agent/x.lock",
      "agent/-f",
      "--force",
      "--delete",
      "--mirror",
      "--all",
      "--receive-pack=touch EXECUTED",
      "HEAD",
      "@",
      "agent/another-22222222",
      `agent/${"x".repeat(300)}`,
      "agent/\u202enimda",
      "agent/$(id)",
      "https://evil.test/x",
    ];
    for (const name of others) {
      const failure: unknown = await push(name).catch((error: unknown) => error);
      expect([name, failure]).toEqual([name, expect.objectContaining({ code: "push.refused" })]);
    }
    expect(refs()).toEqual(["refs/heads/main"]);
  });

  it("goes to the repository that the session was made from, whatever the agent writes into its own configuration", async () => {
    const evil = path.join(fixture.root, "evil.git");
    fixture.git(fixture.root, "init", "--quiet", "--bare", evil);
    const own = (...args: string[]) => fixture.git(workspace.paths.root, ...args);
    own("config", "remote.origin.url", evil);
    own("config", "remote.origin.pushurl", evil);
    own("config", `url.${evil}.insteadOf`, fixture.origin);
    own("config", "remote.pushDefault", "evil");
    own("config", "push.default", "matching");
    own("tag", "v1");
    await push(branch);
    expect(fixture.git(evil, "for-each-ref")).toBe("");
    expect(refs()).toEqual([`refs/heads/${branch}`, "refs/heads/main"]);
  });

  it("keeps its lease: a branch that moved, went or was made by others is not touched", async () => {
    await push(branch);
    const mine = fixture.inOrigin("rev-parse", branch);
    fixture.inOrigin("update-ref", `refs/heads/${branch}`, "main");
    fixture.write(workspace.paths.root, { "c.txt": "c\n" });
    const next = (await workspace.checkpoint("Turn"))?.commit ?? "";
    await expect(push(branch, next)).rejects.toMatchObject({ code: "push.refused" });
    expect(fixture.inOrigin("rev-parse", branch)).toBe(fixture.inOrigin("rev-parse", "main"));
    fixture.inOrigin("update-ref", "-d", `refs/heads/${branch}`);
    await expect(push(branch, next)).rejects.toMatchObject({
      code: "push.refused",
      message: expect.stringContaining("was deleted on the server"),
      details: { isBranchDeleted: true },
    });
    expect(refs()).toEqual(["refs/heads/main"]);
    fixture.inOrigin("update-ref", `refs/heads/${branch}`, mine);
    await push(branch, next);
    expect(fixture.inOrigin("rev-parse", `${branch}^`)).toBe(mine);
  });

  it("pushes no commit that the agent made itself, and no tag", async () => {
    fixture.git(workspace.paths.root, "add", "--all");
    fixture.git(workspace.paths.root, "commit", "--quiet", "-m", "By the agent");
    const own = fixture.git(workspace.paths.root, "rev-parse", "HEAD");
    fixture.git(workspace.paths.root, "tag", "-a", "v9", "-m", "x");
    await expect(push(branch, own)).rejects.toMatchObject({ code: "notFound" });
    await push(branch);
    expect(fixture.inOrigin("tag", "--list")).toBe("");
  });
});
