import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GitWorkspaces } from "../../src/host/workspaces/gitWorkspaces.ts";
import { type Credentials, noCredentials } from "../../src/host/workspaces/workspace.ts";
import { handleGit } from "../support/gitHttp/gitHttp.ts";
import { fixedClock, WorkspacesFixture } from "./workspacesFixture.ts";

let fixture: WorkspacesFixture;
let server: Server | undefined;
/** What git asked of the server: `upload-pack` for a listing, `fetch` for objects. */
let asked: string[];

beforeEach(() => {
  fixture = new WorkspacesFixture();
  asked = [];
  fixture.seedCommit({ "a.txt": "one\n", "b.txt": "b\n" });
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  fixture.dispose();
});

/** The server's repository over HTTP, for two tokens that may read. Its address. */
async function serve(): Promise<string> {
  const root = path.join(fixture.root, "http");
  mkdirSync(path.join(root, "octo"), { recursive: true });
  execFileSync("ln", ["-s", fixture.origin, path.join(root, "octo/app.git")]);
  const access = (_owner: string, _name: string, token: string | undefined) =>
    token === "one" || token === "two" ? { login: token, canRead: true, canWrite: false } : undefined;
  server = createServer((request, response) => {
    const token = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
    let body = "";
    if (request.method === "POST") request.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
    request.once("end", () => {
      if (token !== "" && request.method === "POST") {
        asked.push(`${token.split(":")[1] ?? ""} ${body.includes("command=fetch") ? "fetch" : "list"}`);
      }
    });
    void handleGit({ root, access }, request, response);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/octo/app.git`;
}

const holding = (token: string): Credentials => ({ tokenFor: () => token });

async function provision(workspaces: GitWorkspaces, sessionId: string, overrides: object = {}) {
  return await workspaces.provision(fixture.request({ sessionId, branch: `agent/${sessionId}`, ...overrides }));
}

const mirrors = () => path.join(fixture.dataDir, "mirrors");
const mirror = () => path.join(mirrors(), readdirSync(mirrors()).find((name) => name.endsWith(".git")) ?? "");
const packs = (gitDir: string) =>
  readdirSync(path.join(gitDir, "objects/pack"))
    .filter((name) => name.endsWith(".pack"))
    .map((name) => path.join(gitDir, "objects/pack", name));

describe("the copy of a repository", () => {
  it("asks the server for objects only when there are new ones, and always whether the person may have them", async () => {
    const repository = await serve();
    const workspaces = await fixture.workspaces();
    await provision(workspaces, "first", { repository, credentials: holding("one") });
    expect(asked.filter((line) => line.endsWith("fetch")).length).toBeGreaterThan(0);
    asked = [];
    await provision(workspaces, "second", { repository, credentials: holding("two") });
    expect(asked).toEqual(["two list"]);
    await expect(provision(workspaces, "third", { repository, credentials: noCredentials })).rejects.toMatchObject({
      code: "auth.required",
    });
    await expect(provision(workspaces, "fourth", { repository, credentials: holding("x") })).rejects.toMatchObject({
      code: "auth.required",
    });
    const commit = fixture.seedCommit({ "a.txt": "two\n" });
    const fifth = await provision(workspaces, "fifth", { repository, credentials: holding("one") });
    expect(fifth.baseCommit).toBe(commit);
    expect(readFileSync(path.join(fifth.paths.root, "a.txt"), "utf8")).toBe("two\n");
  });

  it("sees a new tag and a branch that is gone", async () => {
    const workspaces = await fixture.workspaces();
    fixture.seedCommit({ "c.txt": "c\n" }, "gone");
    await provision(workspaces, "first");
    fixture.git(fixture.origin, "tag", "v1", "main");
    fixture.git(fixture.origin, "branch", "-D", "gone");
    const second = await provision(workspaces, "second");
    const refs = fixture.git(second.paths.root, "for-each-ref", "--format=%(refname)");
    expect(refs).toContain("refs/tags/v1");
    expect(refs).not.toContain("gone");
  });

  it("knows the server's default branch, whatever it is called and wherever the agent begins", async () => {
    fixture.git(fixture.origin, "branch", "trunk", "main");
    fixture.git(fixture.origin, "branch", "release/1", "main");
    fixture.git(fixture.origin, "symbolic-ref", "HEAD", "refs/heads/trunk");
    const workspaces = await fixture.workspaces();
    const { paths, baseBranch } = await provision(workspaces, "first", { baseBranch: "release/1" });
    expect(baseBranch).toBe("release/1");
    expect(fixture.git(paths.root, "symbolic-ref", "refs/remotes/origin/HEAD")).toBe("refs/remotes/origin/trunk");
    const local = fixture.git(paths.root, "for-each-ref", "--format=%(refname:short)", "refs/heads/");
    expect(local).toBe("agent/first\nrelease/1");
    expect((await provision(workspaces, "second")).baseBranch).toBe("trunk");
  });

  it("serves eight at once from one fetch, each with a whole checkout", async () => {
    const repository = await serve();
    const workspaces = await fixture.workspaces();
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        provision(workspaces, `s${index}`, { repository, credentials: holding(index % 2 === 0 ? "one" : "two") }),
      ),
    );
    expect(asked.filter((line) => line.endsWith("list")).length).toBeGreaterThanOrEqual(8);
    expect(packs(mirror())).toHaveLength(1);
    for (const { paths } of made) expect(readFileSync(path.join(paths.root, "a.txt"), "utf8")).toBe("one\n");
  });

  it("costs a session's git directory no room on disk", async () => {
    const workspaces = await fixture.workspaces();
    const { paths } = await provision(workspaces, "first");
    const [pack = ""] = packs(paths.gitDir);
    expect(statSync(pack).ino).toBe(statSync(packs(mirror())[0] ?? "").ino);
    // The agent's own has another: it may write there.
    expect(statSync(packs(path.join(paths.root, ".git"))[0] ?? "").ino).not.toBe(statSync(pack).ino);
  });

  it.each([
    ["cut short", (pack: string) => truncateSync(pack, statSync(pack).size - 30)],
    ["emptied", (pack: string) => truncateSync(pack, 0)],
    [
      "changed in one byte",
      (pack: string) => {
        const bytes = readFileSync(pack);
        bytes[40] = (bytes[40] ?? 0) ^ 0xff;
        writeFileSync(pack, bytes);
      },
    ],
    ["without its index", (pack: string) => execFileSync("rm", ["-f", pack.replace(/pack$/, "idx")])],
  ])("is made anew when its pack is %s", async (_name, damage) => {
    const workspaces = await fixture.workspaces();
    await provision(workspaces, "first");
    const [pack = ""] = packs(mirror());
    execFileSync("chmod", ["u+w", pack]);
    damage(pack);
    const second = await provision(workspaces, "second");
    expect(readFileSync(path.join(second.paths.root, "a.txt"), "utf8")).toBe("one\n");
    expect(fixture.git(second.paths.root, "fsck", "--full")).toBe("");
  });

  it("is made anew when it has lost its refs or its HEAD is nonsense", async () => {
    const workspaces = await fixture.workspaces();
    await provision(workspaces, "first");
    writeFileSync(path.join(mirror(), "packed-refs"), "nonsense\n");
    await provision(workspaces, "second");
    writeFileSync(path.join(mirror(), "HEAD"), "nonsense\n");
    const third = await provision(workspaces, "third");
    expect(readFileSync(path.join(third.paths.root, "a.txt"), "utf8")).toBe("one\n");
  });
});

describe("unused copies", () => {
  const dayMs = 24 * 60 * 60 * 1_000;
  const limits = { mirrorIdleMs: 10 * dayMs, maxMirrorBytes: 2 ** 30 };

  function lastUsed(gitDir: string, agoMs: number): void {
    const at = new Date(fixedClock.now() - agoMs);
    utimesSync(path.join(gitDir, "HEAD"), at, at);
  }

  it("go after a time, and the sessions that were made from them go on", async () => {
    const workspaces = await fixture.workspaces({ limits });
    const workspace = await provision(workspaces, "first");
    lastUsed(mirror(), 9 * dayMs);
    expect(await workspaces.collectMirrors()).toBe(0);
    lastUsed(mirror(), 11 * dayMs);
    expect(await workspaces.collectMirrors()).toBe(1);
    expect(existsSync(path.join(mirrors(), "x.git"))).toBe(false);
    expect(readdirSync(mirrors())).toEqual([]);
    fixture.write(workspace.paths.root, { "new.txt": "new\n" });
    const checkpoint = await workspace.checkpoint("Later");
    expect(checkpoint).toMatchObject({ files: 1 });
    const pushed = await workspace.push({
      branch: workspace.branch,
      commit: checkpoint?.commit ?? "",
      title: "Work",
      credentials: noCredentials,
    });
    expect(fixture.git(fixture.origin, "rev-parse", workspace.branch)).toBe(pushed.commit);
    await provision(workspaces, "second");
  });

  it("go when together they are too large, the longest unused first", async () => {
    const other = path.join(fixture.root, "other.git");
    execFileSync("cp", ["-r", fixture.origin, other]);
    const bytes = 1_000_000;
    const workspaces = await fixture.workspaces({ limits: { ...limits, maxMirrorBytes: bytes } });
    fixture.seedCommit({ "big.bin": randomBytes(600_000) });
    await provision(workspaces, "first");
    const first = mirror();
    await provision(workspaces, "second", { repository: other });
    const second = path.join(mirrors(), readdirSync(mirrors()).find((name) => !first.endsWith(name)) ?? "");
    writeFileSync(path.join(second, "filler"), Buffer.alloc(bytes, 1));
    lastUsed(first, dayMs);
    lastUsed(second, 2 * dayMs);
    expect(await workspaces.collectMirrors()).toBe(1);
    expect(readdirSync(mirrors())).toEqual([path.basename(first)]);
  });

  it("stay while a workspace of an earlier version takes its objects from them", async () => {
    const workspaces = await fixture.workspaces({ limits });
    const { paths } = await provision(workspaces, "first");
    mkdirSync(path.join(paths.gitDir, "objects/info"), { recursive: true });
    writeFileSync(path.join(paths.gitDir, "objects/info/alternates"), `${path.join(mirror(), "objects")}\n`);
    lastUsed(mirror(), 100 * dayMs);
    expect(await workspaces.collectMirrors()).toBe(0);
  });
});
