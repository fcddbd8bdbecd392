import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Credentials } from "../../src/host/workspaces/workspace.ts";
import { handleGit } from "../support/gitHttp/gitHttp.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

/** 10,000 and 5,000 by `MUSTER_LARGE_REPOSITORY=full`. */
const isFull = process.env["MUSTER_LARGE_REPOSITORY"] === "full";
const files = isFull ? 10_000 : 1_000;
const commits = isFull ? 5_000 : 500;

const token = "writer";
const credentials: Credentials = { tokenFor: () => token };
const nameOf = (index: number) => `folder-${index % 100}/file-${index}.txt`;
const textOf = (index: number, version: number) => `file ${index}\n${"line\n".repeat(20)}version ${version}\n`;

let fixture: WorkspacesFixture;
let server: Server;
let repository = "";

beforeAll(async () => {
  fixture = new WorkspacesFixture();
  const first = Array.from({ length: files }, (_, index) => index);
  write(["Everything", first], ...Array.from({ length: commits }, (_, at) => [`Change ${at}`, [at % files]] as const));
  const root = path.join(fixture.root, "http");
  mkdirSync(path.join(root, "octo"), { recursive: true });
  symlinkSync(fixture.origin, path.join(root, "octo/large.git"));
  execFileSync("git", ["--git-dir", fixture.origin, "config", "http.receivepack", "true"]);
  const access = (_owner: string, _name: string, given: string | undefined) =>
    given === token ? { login: "octo", canRead: true, canWrite: true } : undefined;
  server = createServer((request, response) => void handleGit({ root, access }, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  repository = `http://127.0.0.1:${(server.address() as AddressInfo).port}/octo/large.git`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  fixture.dispose();
});

let version = 0;

/** Commits on the server's branch, each with the files that it changes. */
function write(...history: readonly (readonly [message: string, changed: readonly number[]])[]): void {
  const isFirst = version === 0;
  const lines = history.flatMap(([message, changed], at) => {
    version += 1;
    const from = isFirst || at > 0 ? [] : ["from refs/heads/main^0"];
    const who = `committer Muster Test <muster@example.invalid> ${1_700_000_000 + version} +0000`;
    const content = changed.flatMap((index) => {
      const text = textOf(index, version);
      return [`M 100644 inline ${nameOf(index)}`, `data ${text.length}`, text];
    });
    return ["commit refs/heads/main", who, `data ${message.length}`, message, ...from, ...content];
  });
  execFileSync("git", ["--git-dir", fixture.origin, "fast-import", "--quiet"], { input: `${lines.join("\n")}\n` });
}

it(`a repository of ${files} files and ${commits} commits: work, review, update from base and push over HTTP`, async () => {
  const workspaces = await fixture.workspaces();
  const workspace = await workspaces.provision(fixture.request({ repository, credentials }));
  const { root } = workspace.paths;
  const before = workspace.baseCommit;
  const changed = Array.from({ length: files / 10 }, (_, index) => nameOf(index));
  fixture.write(
    root,
    Object.fromEntries(changed.map((name) => [name, `mine\n${readFileSync(path.join(root, name), "utf8")}`])),
  );
  const checkpoint = await workspace.checkpoint("Work");
  const names = (await workspace.changes(before, checkpoint?.commit ?? "")).map((change) => change.path);
  expect(names).toEqual(changed.toSorted());

  // The base goes on, at other lines of the same files too.
  write(...Array.from({ length: commits / 5 }, (_, at) => [`Later ${at}`, [at % files]] as const));
  const place = { turnId: "", turns: 0 };
  const handlers = { onSafe: () => undefined, onStage: () => undefined };
  const signal = new AbortController().signal;
  const updated = await workspace.update({ place, credentials, signal, leaveConflicts: false, ...handlers });
  expect(updated).toMatchObject({ commits: commits / 5, conflicts: [] });
  expect(readFileSync(path.join(root, nameOf(0)), "utf8")).toMatch(/^mine\nfile 0\n.*version \d+\n$/s);
  expect(await workspace.changes(workspace.baseCommit, updated?.updated.commit ?? "")).toHaveLength(files / 10);

  const commit = updated?.updated.commit ?? "";
  const pushed = await workspace.push({ branch: workspace.branch, commit, title: "Work", credentials });
  const log = fixture.git(fixture.origin, "log", "--format=%s", `main..${pushed.commit}`);
  expect(log).toBe("Work");
  const stat = fixture.git(fixture.origin, "diff", "--name-only", `main...${pushed.commit}`).split("\n");
  expect(stat.toSorted()).toEqual(changed.toSorted());
});
