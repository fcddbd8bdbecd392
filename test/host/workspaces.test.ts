import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyIndex } from "../../src/host/workspaces/staging.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

let fixture: WorkspacesFixture;
beforeEach(() => {
  fixture = new WorkspacesFixture();
});
afterEach(() => fixture.dispose());

describe("making a workspace", () => {
  it("checks out the default branch on the agent's branch, with an ordinary .git of the agent's own", async () => {
    const commit = fixture.seedCommit({ "README.md": "# Hello\n", "src/a.ts": "export {};\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());

    expect(workspace).toMatchObject({ baseBranch: "main", baseCommit: commit, branch: "agent/fix-login-11111111" });
    expect(readFileSync(path.join(workspace.paths.root, "src/a.ts"), "utf8")).toBe("export {};\n");
    expect(fixture.git(workspace.paths.root, "status", "--porcelain", "--branch")).toBe("## agent/fix-login-11111111");
    expect(fixture.git(workspace.paths.root, "config", "remote.origin.url")).toBe(fixture.origin);
    expect(statSync(workspace.paths.home).mode & 0o777).toBe(0o700);
  });

  it("starts from the branch that was asked for", async () => {
    fixture.seedCommit({ "a.txt": "main" });
    const commit = fixture.seedCommit({ "a.txt": "release" }, "release/1.0");
    const workspace = await (await fixture.workspaces()).provision(fixture.request({ baseBranch: "release/1.0" }));
    expect(workspace).toMatchObject({ baseBranch: "release/1.0", baseCommit: commit });
  });

  it("copies from the mirror instead of fetching again, and sees what was pushed since", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const workspaces = await fixture.workspaces();
    const stages: string[] = [];
    await workspaces.provision(fixture.request());
    const second = fixture.seedCommit({ "a.txt": "two" });
    const workspace = await workspaces.provision(
      fixture.request({ sessionId: "second", onStage: (text) => stages.push(text) }),
    );
    expect(workspace.baseCommit).toBe(second);
    expect(readdirSync(path.join(fixture.dataDir, "mirrors"))).toHaveLength(1);
    expect(stages[0]).toBe("Connecting");
    expect(stages).toContain("Checking out");
  });

  it("shares no file with the mirror, so an agent cannot write into other sessions", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    const objects = path.join(workspace.paths.root, ".git", "objects");
    const files = readdirSync(objects, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(statSync(path.join(file.parentPath, file.name)).nlink).toBe(1);
    expect(existsSync(path.join(objects, "info", "alternates"))).toBe(false);
  });

  it("makes ten workspaces of one repository at once", async () => {
    const commit = fixture.seedCommit({ "a.txt": "one" });
    const workspaces = await fixture.workspaces();
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        workspaces.provision(fixture.request({ sessionId: `session-${index}` })),
      ),
    );
    expect(made.map(({ baseCommit }) => baseCommit)).toEqual(Array.from({ length: 10 }, () => commit));
    expect(new Set(made.map(({ paths }) => paths.root)).size).toBe(10);
  });

  it("opens the same workspace again after a restart and goes on with its checkpoints", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const first = await (await fixture.workspaces()).provision(fixture.request());
    fixture.write(first.paths.root, { "b.txt": "two" });
    const checkpoint = await first.checkpoint("Turn 1");

    const again = await (await fixture.workspaces()).open(fixture.request().sessionId);
    expect(again.baseCommit).toBe(first.baseCommit);
    expect(await again.checkpoint("Turn 2")).toBeUndefined();
    fixture.write(again.paths.root, { "c.txt": "three" });
    expect(await again.checkpoint("Turn 3")).toMatchObject({ id: "2", parent: checkpoint?.commit, files: 2 });
  });

  it("provisioning a session twice keeps the agent's work", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const workspaces = await fixture.workspaces();
    const first = await workspaces.provision(fixture.request());
    fixture.write(first.paths.root, { "b.txt": "work" });
    const second = await (await fixture.workspaces()).provision(fixture.request());
    expect(readFileSync(path.join(second.paths.root, "b.txt"), "utf8")).toBe("work");
  });

  it("clears what an attempt that was cut short left behind", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const workspaces = await fixture.workspaces();
    const { paths } = await workspaces.provision(fixture.request());
    rmSync(path.join(paths.root, "..", "workspace.json"));
    fixture.write(paths.root, { "leftover.txt": "x" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    expect(existsSync(path.join(workspace.paths.root, "leftover.txt"))).toBe(false);
  });

  it("removes everything of a session, also read-only directories, and follows no link", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const workspaces = await fixture.workspaces();
    const { paths } = await workspaces.provision(fixture.request());
    fixture.write(fixture.root, { "outside/keep.txt": "keep" });
    mkdirSync(path.join(paths.home, "cache/readonly"), { recursive: true });
    fixture.write(paths.home, { "cache/readonly/file": "x" });
    chmodSync(path.join(paths.home, "cache/readonly"), 0o555);
    symlinkSync(path.join(fixture.root, "outside"), path.join(paths.root, "link"));
    await workspaces.remove(fixture.request().sessionId);
    expect(existsSync(path.dirname(paths.root))).toBe(false);
    expect(existsSync(path.join(fixture.root, "outside/keep.txt"))).toBe(true);
    await expect(workspaces.open(fixture.request().sessionId)).rejects.toMatchObject({ code: "notFound" });
  });
});

describe("a workspace that can't be made says why", () => {
  it("names the branch that does not exist", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const workspaces = await fixture.workspaces();
    await expect(workspaces.provision(fixture.request({ baseBranch: "nope" }))).rejects.toMatchObject({
      code: "repository.cloneFailed",
      message: expect.stringMatching(/^Couldn't start from "nope": .* has no such branch/),
    });
    expect(existsSync(path.join(fixture.dataDir, "sessions", fixture.request().sessionId))).toBe(false);
  });

  it("says that an empty repository is empty", async () => {
    const workspaces = await fixture.workspaces();
    await expect(workspaces.provision(fixture.request())).rejects.toMatchObject({
      code: "repository.cloneFailed",
      message: expect.stringContaining("the repository is empty"),
    });
  });

  it("says that there is no repository", async () => {
    const workspaces = await fixture.workspaces();
    mkdirSync(path.join(fixture.root, "plain"));
    const repository = path.join(fixture.root, "plain");
    await expect(workspaces.provision(fixture.request({ repository }))).rejects.toMatchObject({
      code: "repository.cloneFailed",
      message: expect.stringContaining("there is no repository at this address"),
    });
  });

  it("says that a server can't be reached", async () => {
    const workspaces = await fixture.workspaces();
    await expect(
      workspaces.provision(fixture.request({ repository: "http://127.0.0.1:9/a/b.git" })),
    ).rejects.toMatchObject({
      code: "repository.cloneFailed",
      message: "Couldn't clone 127.0.0.1:9/a/b.git: the server can't be reached. Check the address and try again.",
    });
  });

  it("stops when it is told to", async () => {
    fixture.seedCommit({ "a.txt": "one" });
    const workspaces = await fixture.workspaces();
    const abort = new AbortController();
    const provisioning = workspaces.provision(fixture.request({ signal: abort.signal, onStage: () => abort.abort() }));
    await expect(provisioning).rejects.toMatchObject({ code: "cancelled" });
    expect(existsSync(path.join(fixture.dataDir, "sessions", fixture.request().sessionId))).toBe(false);
  });
});

describe("checkpoints and changes", () => {
  it("copies the index with its time: git reads again what was written in the same second", async () => {
    fixture.write(fixture.root, { index: "x" });
    const [index, copy] = [path.join(fixture.root, "index"), path.join(fixture.root, "copy")];
    utimesSync(index, 1_700_000_000, 1_700_000_000);
    await copyIndex(index, copy);
    expect(statSync(copy).mtimeMs).toBe(1_700_000_000_000);
  });

  it("records tracked, untracked and deleted files, not ignored ones, and none when nothing changed", async () => {
    fixture.seedCommit({ ".gitignore": "out/\n", "a.txt": "one\n", "gone.txt": "gone\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    expect(await workspace.checkpoint("Nothing yet")).toBeUndefined();

    fixture.write(workspace.paths.root, { "a.txt": "one\ntwo\n", "new.txt": "n\n", "out/build.js": "x" });
    rmSync(path.join(workspace.paths.root, "gone.txt"));
    const checkpoint = await workspace.checkpoint("Turn 1");
    expect(checkpoint).toMatchObject({ id: "1", files: 3, additions: 2, deletions: 1, nestedRepositories: [] });
    expect(await workspace.checkpoint("Turn 1 again")).toBeUndefined();

    const changes = await workspace.changes(workspace.baseCommit, checkpoint?.commit ?? "");
    expect(changes.map(({ path: name, status }) => [name, status])).toEqual([
      ["a.txt", "modified"],
      ["gone.txt", "deleted"],
      ["new.txt", "added"],
    ]);
    expect(changes[0]).toMatchObject({ before: { size: 4, mode: "100644" }, after: { size: 8 }, additions: 1 });
    const after = changes[0]?.after?.oid ?? "";
    expect(Buffer.from(await workspace.readBlob(after, 100)).toString()).toBe("one\ntwo\n");
    await expect(workspace.readBlob(after, 3)).rejects.toMatchObject({ code: "content.tooLarge" });
    await expect(workspace.readBlob("0".repeat(39) + "1", 100)).rejects.toMatchObject({ code: "notFound" });
    await expect(workspace.readBlob(workspace.baseCommit, 100)).rejects.toMatchObject({ code: "notFound" });
    await expect(workspace.readBlob("--help", 100)).rejects.toMatchObject({ code: "request.invalid" });
  });

  it("copes with renames, modes, links, binaries and odd names", async () => {
    const long = Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join("");
    fixture.seedCommit({ "old name.txt": long, "run.sh": "#!/bin/sh\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    const { root } = workspace.paths;
    rmSync(path.join(root, "old name.txt"));
    fixture.write(root, {
      "dir/new näme.txt": `${long}more\n`,
      "tab\tnew\nline.txt": "x\n",
      ":colon": "x\n",
      "日本.txt": "x\n",
      "image.bin": new Uint8Array([0, 1, 2, 0, 255]),
    });
    chmodSync(path.join(root, "run.sh"), 0o755);
    symlinkSync("/etc/hostname", path.join(root, "link"));
    const changes = await workspace.changes(workspace.baseCommit, await workspace.snapshot());
    const byName = new Map(changes.map((change) => [change.path, change]));
    expect(byName.get("dir/new näme.txt")).toMatchObject({ status: "renamed", oldPath: "old name.txt", additions: 1 });
    expect(byName.get("tab\tnew\nline.txt")).toMatchObject({ status: "added" });
    expect(byName.get(":colon")).toMatchObject({ status: "added" });
    expect(byName.get("日本.txt")).toMatchObject({ status: "added" });
    expect(byName.get("image.bin")).toMatchObject({ binary: true, additions: 0, after: { size: 5 } });
    expect(byName.get("run.sh")).toMatchObject({ before: { mode: "100644" }, after: { mode: "100755" } });
    const link = byName.get("link")?.after;
    expect(link?.mode).toBe("120000");
    expect(Buffer.from(await workspace.readBlob(link?.oid ?? "", 100)).toString()).toBe("/etc/hostname");
  });

  it("leaves HEAD, index and commits of the agent's own repository alone", async () => {
    fixture.seedCommit({ "a.txt": "one\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    const { root } = workspace.paths;
    fixture.write(root, { "staged.txt": "s", "loose.txt": "l" });
    fixture.git(root, "add", "staged.txt");
    const before = fixture.git(root, "status", "--porcelain");
    await workspace.checkpoint("Turn 1");
    expect(fixture.git(root, "status", "--porcelain")).toBe(before);

    fixture.git(root, "add", "--all");
    fixture.git(root, "commit", "--quiet", "--message", "The agent commits");
    fixture.write(root, { "more.txt": "m" });
    expect(await workspace.checkpoint("Turn 2")).toMatchObject({ files: 3 });
  });

  it("takes checkpoints and snapshots one after another", async () => {
    fixture.seedCommit({ "a.txt": "one\n" });
    const workspace = await (await fixture.workspaces()).provision(fixture.request());
    fixture.write(workspace.paths.root, { "b.txt": "b" });
    const [first, tree, second] = await Promise.all([
      workspace.checkpoint("1"),
      workspace.snapshot(),
      workspace.checkpoint("2"),
    ]);
    expect(first?.tree).toBe(tree);
    expect(second).toBeUndefined();
  });
});
