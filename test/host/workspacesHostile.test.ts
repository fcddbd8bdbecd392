import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Workspace } from "../../src/host/workspaces/workspace.ts";
import { noCredentials } from "../../src/host/workspaces/workspace.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

let fixture: WorkspacesFixture;
let marker: string;
beforeEach(() => {
  fixture = new WorkspacesFixture();
  marker = path.join(fixture.root, "EXECUTED");
});
afterEach(() => fixture.dispose());

/** Everything that the host does with a workspace. */
async function useAll(workspace: Workspace): Promise<void> {
  await workspace.snapshot();
  const checkpoint = await workspace.checkpoint("Turn 1");
  await workspace.changes(workspace.baseCommit, checkpoint?.commit ?? (await workspace.snapshot()));
  await workspace.checkpoint("Turn 2");
  if (checkpoint) {
    const { branch } = workspace;
    await workspace.push({ branch, commit: checkpoint.commit, title: "Work", credentials: noCredentials });
  }
}

function evilScript(): string {
  const file = path.join(fixture.root, "evil.sh");
  writeFileSync(file, `#!/bin/sh\necho "$0 $*" >> ${marker}\ncat\n`);
  chmodSync(file, 0o755);
  return file;
}

/** All the ways in which a `.git` directory runs a program. */
function poison(gitDir: string): void {
  const evil = evilScript();
  const hooks = path.join(gitDir, "hooks");
  mkdirSync(hooks, { recursive: true });
  for (const hook of [
    "pre-commit",
    "post-checkout",
    "post-index-change",
    "pre-push",
    "reference-transaction",
    "fsmonitor-watchman",
  ]) {
    writeFileSync(path.join(hooks, hook), `#!/bin/sh\necho ${hook} >> ${marker}\n`);
    chmodSync(path.join(hooks, hook), 0o755);
  }
  const config = [
    ["core.fsmonitor", evil],
    ["core.hooksPath", hooks],
    ["core.pager", evil],
    ["core.editor", evil],
    ["core.sshCommand", evil],
    ["core.askPass", evil],
    ["credential.helper", `!${evil}`],
    ["diff.external", evil],
    ["diff.evil.textconv", evil],
    ["diff.evil.command", evil],
    ["merge.evil.driver", evil],
    ["filter.evil.clean", evil],
    ["filter.evil.smudge", evil],
    ["filter.evil.process", evil],
    ["filter.evil.required", "true"],
    ["uploadpack.packObjectsHook", evil],
    ["gpg.program", evil],
    ["commit.gpgSign", "true"],
  ] as const;
  for (const [key, value] of config) execFileSync("git", ["config", "--file", path.join(gitDir, "config"), key, value]);
}

const attributes = "* filter=evil diff=evil merge=evil\n";

describe("an agent-writable checkout runs nothing on the host", () => {
  it("with hooks, fsmonitor, filters, textconv and external diff in the agent's .git", async () => {
    fixture.seedCommit({ "a.txt": "one\n", ".gitattributes": attributes });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    poison(path.join(workspace.paths.root, ".git"));
    fixture.write(workspace.paths.root, { "a.txt": "two\n", "b.txt": "b\n", "sub/.gitattributes": attributes });
    // The trap works: the developer's own git falls into it.
    expect(() => fixture.git(workspace.paths.root, "status")).toThrow("filter 'evil' failed");
    expect(existsSync(marker)).toBe(true);
    rmSync(marker);
    await useAll(workspace);
    expect(existsSync(marker)).toBe(false);
  });

  it("with a nested repository, and with a submodule of the base commit that the agent filled", async () => {
    const oid = fixture.seedCommit({ "a.txt": "one\n" });
    fixture.git(fixture.seed, "update-index", "--add", "--cacheinfo", `160000,${oid},module`);
    fixture.write(fixture.seed, { ".gitmodules": '[submodule "module"]\n\tpath = module\n\turl = ../module\n' });
    fixture.git(fixture.seed, "add", ".gitmodules");
    fixture.git(fixture.seed, "commit", "--quiet", "--message", "Submodule");
    fixture.git(fixture.seed, "push", "--quiet", "origin", "HEAD:refs/heads/main");
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    for (const name of ["module", "nested", "deep/nested"]) {
      const directory = path.join(workspace.paths.root, name);
      mkdirSync(directory, { recursive: true });
      fixture.git(directory, "init", "--quiet");
      fixture.write(directory, { "x.txt": "x\n" });
      fixture.git(directory, "add", "--all");
      fixture.git(directory, "commit", "--quiet", "--message", "Nested");
      fixture.write(directory, { "x.txt": "changed\n", ".gitattributes": attributes });
      poison(path.join(directory, ".git"));
    }
    const unborn = path.join(workspace.paths.root, "unborn");
    mkdirSync(unborn);
    fixture.git(unborn, "init", "--quiet");
    fixture.write(workspace.paths.root, { "b.txt": "b\n" });

    const checkpoint = await workspace.checkpoint("Turn 1");
    expect(checkpoint).toMatchObject({ files: 2, nestedRepositories: ["deep/nested", "nested", "unborn"] });
    const changes = await workspace.changes(workspace.baseCommit, checkpoint?.commit ?? "");
    expect(changes.map(({ path: name }) => name)).toEqual(["b.txt", "module"]);
    fixture.write(workspace.paths.root, { "c.txt": "c\n" });
    await useAll(workspace);
    expect(existsSync(marker)).toBe(false);
  });

  it("with a .git that points somewhere else, or is gone", async () => {
    fixture.seedCommit({ "a.txt": "one\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    const elsewhere = path.join(fixture.root, "elsewhere");
    fixture.git(fixture.root, "init", "--quiet", elsewhere);
    poison(path.join(elsewhere, ".git"));
    rmSync(path.join(workspace.paths.root, ".git"), { recursive: true });
    writeFileSync(path.join(workspace.paths.root, ".git"), `gitdir: ${elsewhere}/.git\n`);
    fixture.write(workspace.paths.root, { "b.txt": "b\n" });
    const checkpoint = await workspace.checkpoint("Turn 1");
    expect(checkpoint).toMatchObject({ files: 1 });
    rmSync(path.join(workspace.paths.root, ".git"));
    fixture.write(workspace.paths.root, { "c.txt": "c\n" });
    await useAll(workspace);
    expect(existsSync(marker)).toBe(false);
  });

  it("while it clones a repository whose attributes name filters", async () => {
    fixture.seedCommit({
      ".gitattributes": "* filter=lfs diff=lfs merge=lfs -text\n",
      ".lfsconfig": "[lfs]\n",
      "big.bin": "data",
    });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    expect(readFileSync(path.join(workspace.paths.root, "big.bin"), "utf8")).toBe("data");
  });
});

describe("links are content, not paths", () => {
  it("records a link as a link and reads nothing behind it", async () => {
    fixture.seedCommit({ "dir/a.txt": "one\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    fixture.write(fixture.root, { "secret/key.txt": "secret key" });
    rmSync(path.join(workspace.paths.root, "dir"), { recursive: true });
    symlinkSync(path.join(fixture.root, "secret"), path.join(workspace.paths.root, "dir"));
    const checkpoint = await workspace.checkpoint("Turn 1");
    const changes = await workspace.changes(workspace.baseCommit, checkpoint?.commit ?? "");
    expect(changes.map(({ path: name, status, after }) => [name, status, after?.mode])).toEqual([
      ["dir", "added", "120000"],
      ["dir/a.txt", "deleted", undefined],
    ]);
  });

  it("refuses a checkout that was replaced by a link", async () => {
    fixture.seedCommit({ "a.txt": "one\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    fixture.write(fixture.root, { "secret/key.txt": "secret key" });
    rmSync(workspace.paths.root, { recursive: true });
    symlinkSync(path.join(fixture.root, "secret"), workspace.paths.root);
    await expect(workspace.checkpoint("Turn 1")).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("what a repository's address may be", () => {
  it.each([
    ["ext::sh -c touch% x", /spaces, control/],
    ["ext::sh", /transport helper/],
    ["--upload-pack=touch", /can't begin/],
    ["https://user:token@github.com/o/r", /user name or password/],
    ["https://token@github.com/o/r", /user name or password/],
    ["http://github.com/o/r", /Use https:\/\/github.com\/o\/r/],
    ["https://github.com", /no repository/],
    ["https://github.com/o/r?x=1", /no "\?" or "#"/],
    ["https://github.com/o/r\nx", /control/],
    ["https:\\\\github.com\\o", /backslashes/],
    ["ftp://example.com/r", /can't be fetched by "ftp:"/],
    ["-oProxyCommand=x@host:path", /can't begin/],
    ["ssh://-oProxyCommand=x/path", /not valid|no repository address/],
    ["git@host:-x", /no repository address/],
    ["/etc", /allowLocal/],
    ["file:///etc", /allowLocal/],
    ["nonsense", /no repository address/],
  ])("refuses %s", async (repository, message) => {
    const workspaces = await fixture.workspaces();
    await expect(workspaces.provision(fixture.request({ repository }))).rejects.toMatchObject({
      code: "repository.invalid",
      message: expect.stringMatching(message),
    });
  });

  it("refuses a local path that leaves the allowed directory by a link", async () => {
    mkdirSync(path.join(fixture.root, "allowed"));
    symlinkSync(fixture.origin, path.join(fixture.root, "allowed", "out.git"));
    const workspaces = await fixture.workspaces({ allowLocal: [path.join(fixture.root, "allowed")] });
    const repository = path.join(fixture.root, "allowed", "out.git");
    await expect(workspaces.provision(fixture.request({ repository }))).rejects.toMatchObject({
      code: "repository.invalid",
      message: expect.stringMatching(/only from the directories/),
    });
    rmSync(repository);
    await expect(workspaces.provision(fixture.request({ repository }))).rejects.toThrow(/^There is no repository at /);
  });

  it.each(["--force", "a..b", "a;id", "$(id)", "a b", "ünï", "a/.hidden", "x.lock", "/abs"])(
    "refuses the branch %s",
    async (branch) => {
      const workspaces = await fixture.workspaces();
      await expect(workspaces.provision(fixture.request({ branch }))).rejects.toMatchObject({
        code: "request.invalid",
      });
      await expect(workspaces.provision(fixture.request({ baseBranch: branch }))).rejects.toMatchObject({
        code: "request.invalid",
      });
    },
  );

  it.each(["../x", "a/b", "", ".", "a\0b"])("refuses the session id %j", async (sessionId) => {
    const workspaces = await fixture.workspaces();
    await expect(workspaces.remove(sessionId)).rejects.toMatchObject({ code: "request.invalid" });
  });
});
