import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { devNull, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changedFilesOf } from "../../src/extension/fleet/changedFiles.ts";
import { importCommit, importedIn, importTree } from "../../src/extension/handOff/importedCommit.ts";
import { checkOut, cloneOf, ensureBase, fetchPushed, folderFor } from "../../src/extension/handOff/localCheckout.ts";
import { localGit } from "../../src/extension/handOff/localGit.ts";
import { patchSince } from "../../src/extension/handOff/localPatch.ts";
import { toChangesetFiles } from "../../src/host/sessions/changesetFiles.ts";
import { parseChanges } from "../../src/host/workspaces/changes.ts";

let directory = "";
const inside = (...names: readonly string[]) => path.join(directory, ...names);
const git = (cwd: string, ...args: readonly string[]) =>
  execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.test", ...args], {
    cwd,
    env: { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_SYSTEM: devNull },
    stdio: ["ignore", "pipe", "ignore"],
  });

beforeEach(() => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-hand-off-")));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A clone of the person's, and an agent's commit in a repository that the clone knows nothing of. */
function aHandOff() {
  for (const name of ["agent", "clone"]) mkdirSync(inside(name));
  git(inside("agent"), "init", "--quiet", "--initial-branch=main");
  writeFileSync(inside("agent", "old name.txt"), "one\ntwo\nthree\nfour\n");
  writeFileSync(inside("agent", "gone.txt"), "gone\n");
  writeFileSync(inside("agent", ".gitattributes"), "*.txt text eol=crlf\n");
  git(inside("agent"), "add", ".");
  git(inside("agent"), "commit", "--quiet", "--message=Base");
  git(directory, "clone", "--quiet", inside("agent"), "clone");
  writeFileSync(inside("clone", "mine.txt"), "mine\n");
  const change = (text: string) => {
    const root = inside("agent");
    rmSync(path.join(root, "gone.txt"), { force: true });
    if (existsSync(path.join(root, "old name.txt")))
      renameSync(path.join(root, "old name.txt"), path.join(root, "näme.txt"));
    writeFileSync(path.join(root, "image.bin"), Buffer.from([0, 1, 255]));
    writeFileSync(path.join(root, "run.sh"), text);
    chmodSync(path.join(root, "run.sh"), 0o755);
    rmSync(path.join(root, "link"), { force: true });
    symlinkSync("run.sh", path.join(root, "link"));
    git(root, "add", "--all");
    git(root, "commit", "--quiet", "--message=Work");
    const [baseCommit = ""] = git(root, "rev-list", "--max-parents=0", "HEAD").toString().trim().split("\n");
    const raw = git(
      root,
      "diff-tree",
      "-r",
      "-z",
      "--raw",
      "--numstat",
      "--no-abbrev",
      "--find-renames",
      baseCommit,
      "HEAD",
    );
    const version = <T>(side: T | undefined) => side && { ...side, size: 0 };
    const changed = parseChanges(raw).map((each) => ({
      ...each,
      ...(each.before && { before: version(each.before) }),
      ...(each.after && { after: version(each.after) }),
    }));
    return {
      title: "Fix the parser",
      session: "ahp-session:/s1",
      commit: git(root, "rev-parse", "HEAD").toString().trim(),
      tree: git(root, "rev-parse", "HEAD^{tree}").toString().trim(),
      baseCommit,
      files: changedFilesOf({ files: toChangesetFiles("s1", changed as never) }),
    };
  };
  const read = async ({ blob }: { readonly blob?: { readonly oid: string } | undefined }) =>
    git(inside("agent"), "cat-file", "blob", blob?.oid ?? "");
  const bring = async (agent: ReturnType<typeof change>) => {
    await importTree(localGit, inside("clone"), agent, agent.files, read);
    const commit = await importCommit(localGit, inside("clone"), agent);
    await checkOut(localGit, {
      clone: inside("clone"),
      folder: inside("clone-agent-fix"),
      branch: "agent/fix",
      commit,
    });
  };
  return { change, bring, read };
}

describe("taking an agent's work over", () => {
  it("makes a folder of its own that holds exactly the agent's commit", async () => {
    const { change, bring } = aHandOff();
    const agent = change("echo 1\n");
    await bring(agent);
    const folder = inside("clone-agent-fix");
    expect(git(folder, "rev-parse", "HEAD^{tree}").toString().trim()).toBe(agent.tree);
    expect(git(folder, "status", "--porcelain").toString()).toBe("");
    expect(git(folder, "ls-files", "-s", "link", "run.sh").toString()).toMatch(/^120000 .*link\n100755 /);
    expect(readFileSync(path.join(folder, "image.bin"))).toEqual(Buffer.from([0, 1, 255]));
    expect(await importedIn(localGit, folder)).toMatchObject({ commit: agent.commit, session: agent.session });
    // The person's own files are as they were.
    expect(git(inside("clone"), "status", "--porcelain").toString()).toBe("?? mine.txt\n");
    expect(git(inside("clone"), "branch", "--show-current").toString()).toBe("main\n");
  });

  it("moves an earlier checkout on, and overwrites nothing that is the person's", async () => {
    const { change, bring } = aHandOff();
    await bring(change("echo 1\n"));
    const folder = inside("clone-agent-fix");
    await bring(change("echo 2\n"));
    expect(readFileSync(path.join(folder, "run.sh"), "utf8")).toBe("echo 2\n");
    const next = change("echo 3\n");
    writeFileSync(path.join(folder, "run.sh"), "echo mine\n");
    await expect(bring(next)).rejects.toThrow("not committed");
    git(folder, "commit", "--quiet", "--all", "--message=Mine");
    await expect(bring(next)).rejects.toThrow("commits of yours");
    expect(readFileSync(path.join(folder, "run.sh"), "utf8")).toBe("echo mine\n");
    git(inside("clone"), "worktree", "remove", folder);
    await expect(bring(next)).rejects.toThrow("has a branch agent/fix already");
    mkdirSync(folder);
    await expect(bring(next)).rejects.toThrow("no checkout of this agent");
  });

  it("refuses content that is not what the host named, and paths that leave the folder", async () => {
    const { change, bring, read } = aHandOff();
    const agent = change("echo 1\n");
    const lie = async () => Buffer.from("other\n");
    await expect(importTree(localGit, inside("clone"), agent, agent.files, lie)).rejects.toThrow(
      "other content than it named",
    );
    await expect(bring({ ...agent, tree: "a".repeat(40) })).rejects.toThrow("not those of the agent's commit");
    for (const name of ["../out.txt", ".git/hooks/post-checkout", "a/../../b"]) {
      const files = agent.files.map((file) => (file.path === "run.sh" ? { ...file, path: name } : file));
      await expect(importTree(localGit, inside("clone"), agent, files, read), name).rejects.toThrow();
    }
    expect(existsSync(inside("out.txt"))).toBe(false);
    expect(existsSync(inside("clone-agent-fix"))).toBe(false);
  });

  it("finds the clone by its remotes, whatever their spelling, and says what it lacks", async () => {
    const { change } = aHandOff();
    const { baseCommit } = change("x\n");
    git(inside("clone"), "remote", "set-url", "origin", "git@GitHub.com:acme/widgets.git");
    const clone = { root: inside("clone"), remote: "origin" };
    expect(await cloneOf(localGit, inside("clone"), "https://github.com/acme/widgets")).toEqual(clone);
    expect(await cloneOf(localGit, inside("clone"), "https://github.com/acme/other")).toBeUndefined();
    expect(await cloneOf(localGit, tmpdir(), "https://github.com/acme/widgets")).toBeUndefined();
    expect(folderFor("/home/me/widgets", "agent/fix-it")).toBe("/home/me/widgets-agent-fix-it");
    await ensureBase(localGit, clone, baseCommit);
    git(inside("clone"), "remote", "set-url", "origin", inside("nowhere"));
    await expect(ensureBase(localGit, clone, "b".repeat(40))).rejects.toMatchObject({
      values: ["fetch", expect.stringContaining("nowhere")],
    });
  });

  it("fetches what was pushed by the person's own remote, and leaves their branches as they are", async () => {
    const { change } = aHandOff();
    const { tree } = change("echo 1\n");
    git(inside("agent"), "branch", "agent/fix");
    const clone = { root: inside("clone"), remote: "origin" };
    const refs = () => git(inside("clone"), "for-each-ref").toString();
    const before = refs();
    const attempt = (branch: string, wanted = tree) => fetchPushed(localGit, clone, { branch, tree: wanted });
    for (const name of ["agent/gone", "agent/fix:refs/heads/main", "+agent/fix", "main"]) {
      expect(await attempt(name), name).toBe(false);
    }
    expect(await attempt("agent/fix", "c".repeat(40))).toBe(false);
    expect(await attempt("agent/fix")).toBe(true);
    expect(refs()).toBe(before);
    expect(existsSync(inside("clone", ".git", "FETCH_HEAD"))).toBe(false);
  });
});

describe("giving work back", () => {
  it("brings what is committed, changed and new as a patch that applies, and leaves the folder alone", async () => {
    const { change, bring } = aHandOff();
    await bring(change("echo 1\n"));
    const folder = inside("clone-agent-fix");
    const { here } = (await importedIn(localGit, folder))!;
    await expect(patchSince(localGit, folder, here)).rejects.toThrow("nothing to send");
    writeFileSync(path.join(folder, "run.sh"), "echo mine\n");
    git(folder, "commit", "--quiet", "--all", "--message=Mine");
    writeFileSync(path.join(folder, "image.bin"), Buffer.from([0, 7]));
    writeFileSync(path.join(folder, "new.md"), "```\nnew\n```\n");
    writeFileSync(path.join(folder, "latin.dat"), Buffer.from("caf\u00e9\n", "latin1"));
    const before = git(folder, "status", "--porcelain").toString();
    const patch = await patchSince(localGit, folder, here);
    expect(git(folder, "status", "--porcelain").toString()).toBe(before);
    const root = inside("agent");
    execFileSync("git", ["apply", "--index"], { cwd: root, input: patch });
    expect(readFileSync(path.join(root, "run.sh"), "utf8")).toBe("echo mine\n");
    expect(readFileSync(path.join(root, "image.bin"))).toEqual(Buffer.from([0, 7]));
    expect(readFileSync(path.join(root, "new.md"), "utf8")).toBe("```\nnew\n```\n");
    expect(readFileSync(path.join(root, "latin.dat"), "latin1")).toBe("caf\u00e9\n");
  });

  it("leaves repositories within out, and refuses what is too much for a message", async () => {
    const { change, bring } = aHandOff();
    await bring(change("echo 1\n"));
    const folder = inside("clone-agent-fix");
    git(directory, "clone", "--quiet", inside("agent"), path.join(folder, "within"));
    await expect(patchSince(localGit, folder, "HEAD")).rejects.toThrow("nothing to send");
    writeFileSync(path.join(folder, "much.txt"), "x".repeat(1_400_000));
    await expect(patchSince(localGit, folder, "HEAD")).rejects.toMatchObject({ code: "content.tooLarge" });
  });

  it("moves a checkout on whose changes the agent has got, and loses none of them", async () => {
    const { change, bring } = aHandOff();
    await bring(change("echo 1\n"));
    const folder = inside("clone-agent-fix");
    writeFileSync(path.join(folder, "run.sh"), "echo mine\n");
    await bring(change("echo mine\n"));
    expect(git(folder, "status", "--porcelain").toString()).toBe("");
    expect(readFileSync(path.join(folder, "run.sh"), "utf8")).toBe("echo mine\n");
  });
});
