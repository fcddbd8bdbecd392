import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noCredentials, type Workspace } from "../../src/host/workspaces/workspace.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

let fixture: WorkspacesFixture;
let workspace: Workspace;
const { branch } = { branch: "agent/fix-login-11111111" };

beforeEach(async () => {
  fixture = new WorkspacesFixture();
  fixture.seedCommit({ "a.txt": "one\n" });
  workspace = await (await fixture.workspaces()).provision(fixture.request());
});
afterEach(() => fixture.dispose());

async function work(files: Readonly<Record<string, string>>): Promise<string> {
  fixture.write(workspace.paths.root, files);
  const checkpoint = await workspace.checkpoint("Turn");
  if (!checkpoint) throw new Error("nothing changed");
  return checkpoint.commit;
}

const push = (commit: string, overrides: Partial<Parameters<Workspace["push"]>[0]> = {}) =>
  workspace.push({ branch, commit, title: "Fix the login", credentials: noCredentials, ...overrides });

const origin = (...args: string[]) => fixture.git(fixture.origin, ...args);

describe("pushing what was reviewed", () => {
  it("makes one ordinary commit on top of the base, with exactly the checkpoint's tree", async () => {
    const commit = await work({ "a.txt": "two\n", "b.txt": "b\n" });
    fixture.write(workspace.paths.root, { "later.txt": "not reviewed" });
    const pushed = await push(commit, { body: "Because it was broken." });
    expect(pushed).toEqual({ branch, commit: origin("rev-parse", `refs/heads/${branch}`), remote: fixture.origin });
    expect(origin("rev-parse", `${branch}^`)).toBe(workspace.baseCommit);
    expect(origin("ls-tree", "--name-only", branch)).toBe("a.txt\nb.txt");
    expect(origin("log", "-1", "--format=%an <%ae>%n%B", branch)).toBe(
      "Muster agent <agent@muster.invalid>\nFix the login\n\nBecause it was broken.",
    );
    expect(origin("for-each-ref", "--format=%(refname)")).toBe(`refs/heads/${branch}\nrefs/heads/main`);
  });

  it("goes on from what was pushed before", async () => {
    const first = await push(await work({ "b.txt": "b\n" }));
    const second = await push(await work({ "c.txt": "c\n" }), { title: "More" });
    expect(origin("rev-parse", `${second.commit}^`)).toBe(first.commit);
    expect(origin("rev-list", "--count", `main..${branch}`)).toBe("2");
  });

  it("can be repeated, also by a host that restarted", async () => {
    const commit = await work({ "b.txt": "b\n" });
    const first = await push(commit);
    workspace = await (await fixture.workspaces()).open(fixture.request().sessionId);
    expect(await push(commit)).toEqual(first);
  });

  it("recognises its own commit when the answer to a push was lost", async () => {
    const commit = await work({ "b.txt": "b\n" });
    const first = await push(commit);
    // As if the host had died between the server's acceptance and its own note of it.
    const { gitDir } = workspace.paths;
    fixture.git(gitDir, `--git-dir=${gitDir}`, "update-ref", `refs/muster/pushing/${branch}`, first.commit);
    fixture.git(gitDir, `--git-dir=${gitDir}`, "update-ref", "-d", `refs/muster/pushed/${branch}`);
    expect(await push(commit)).toEqual(first);
  });

  it("makes a branch again that was deleted, from its base, when that is wanted", async () => {
    const first = await push(await work({ "b.txt": "b\n" }));
    origin("update-ref", "-d", `refs/heads/${branch}`);
    const more = await work({ "c.txt": "c\n" });
    const again = await push(more, { recreates: true });
    expect(origin("rev-parse", `${branch}^`)).toBe(workspace.baseCommit);
    expect(origin("ls-tree", "--name-only", branch)).toBe("a.txt\nb.txt\nc.txt");
    expect(await push(more, { recreates: true })).toEqual(again);
    // It is no leave to overwrite what others made of it.
    origin("update-ref", `refs/heads/${branch}`, first.commit);
    const later = await work({ "d.txt": "d\n" });
    await expect(push(later, { recreates: true })).rejects.toMatchObject({
      code: "push.refused",
      details: { isMoved: true },
    });
  });

  it("puts a hostile title on one line", async () => {
    await push(await work({ "b.txt": "b\n" }), { title: "-m x\nCloses: everything\u2028\0" });
    expect(origin("log", "-1", "--format=%B", branch)).toBe("-m x Closes: everything");
  });
});

describe("a push that can't be says why", () => {
  it("refuses when nothing changed against the base", async () => {
    await work({ "b.txt": "b\n" });
    const { rmSync } = await import("node:fs");
    rmSync(path.join(workspace.paths.root, "b.txt"));
    const back = await workspace.checkpoint("Back");
    await expect(push(back?.commit ?? "")).rejects.toMatchObject({ code: "branch.empty" });
  });

  it.each(["main", "refs/heads/main", "agent/../main", "agent/a b", "+agent/x", "agent/x:refs/heads/main"])(
    "refuses the branch %s",
    async (name) => {
      const commit = await work({ "b.txt": "b\n" });
      await expect(push(commit, { branch: name })).rejects.toMatchObject({ code: "push.refused" });
      expect(origin("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
    },
  );

  it("refuses a commit that is no checkpoint", async () => {
    await work({ "b.txt": "b\n" });
    await expect(push(workspace.baseCommit)).rejects.toMatchObject({ code: "notFound" });
    await expect(push("HEAD")).rejects.toMatchObject({ code: "request.invalid" });
  });

  it("does not overwrite a branch that somebody else made or moved", async () => {
    const commit = await work({ "b.txt": "b\n" });
    const foreign = fixture.seedCommit({ "x.txt": "x\n" }, branch);
    await expect(push(commit)).rejects.toMatchObject({
      code: "push.refused",
      message: expect.stringContaining("changed on the server by someone else"),
    });
    expect(origin("rev-parse", branch)).toBe(foreign);
  });

  it("repeats the server's own reason, cleaned", async () => {
    const hook = path.join(fixture.origin, "hooks", "pre-receive");
    writeFileSync(
      hook,
      "#!/bin/sh\nprintf 'Blocked by policy \\033[31m7\\033[0m\\007: see https://bot:s3cret@example.invalid/rules\\n' >&2\nexit 1\n",
    );
    chmodSync(hook, 0o755);
    await expect(push(await work({ "b.txt": "b\n" }))).rejects.toMatchObject({
      code: "push.refused",
      message: `Couldn't push ${branch} to ${fixture.origin}: the server refused it: Blocked by policy 7 : see https://example.invalid/rules`,
    });
  });
});
