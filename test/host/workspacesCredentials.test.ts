import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Credentials, noCredentials } from "../../src/host/workspaces/workspace.ts";
import { handleGit } from "../support/gitHttp/gitHttp.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

const reader = "reader-token-0123456789";
const writer = "writer-token-0123456789";

let fixture: WorkspacesFixture;
let servers: Server[];
let origin: string;
let repository: string;
/** Command lines and environments seen while git talked to the server, in which a token must not be found. */
let sightings: string[];

beforeEach(async () => {
  fixture = new WorkspacesFixture();
  servers = [];
  sightings = [];
  fixture.seedCommit({ "a.txt": "one\n" });
  mkdirSync(path.join(fixture.root, "http/octo"), { recursive: true });
  execFileSync("cp", ["-r", fixture.origin, path.join(fixture.root, "http/octo/private.git")]);
  execFileSync("git", [
    "--git-dir",
    path.join(fixture.root, "http/octo/private.git"),
    "config",
    "http.receivepack",
    "true",
  ]);
  origin = await listen((request, response) => {
    recordCommandLines();
    const access = (_owner: string, _name: string, token: string | undefined) =>
      token === reader || token === writer ? { login: "octo", canRead: true, canWrite: token === writer } : undefined;
    void handleGit({ root: path.join(fixture.root, "http"), access }, request, response);
  });
  repository = `${origin}/octo/private.git`;
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  fixture.dispose();
});

async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function recordCommandLines(): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (commandLine.includes(reader) || commandLine.includes(writer)) sightings.push(commandLine);
    } catch {
      // It ended meanwhile.
    }
  }
}

function holding(token: string, forOrigin = origin): Credentials & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    tokenFor(wanted) {
      asked.push(wanted);
      return wanted === forOrigin ? token : undefined;
    },
  };
}

it("asks for a sign-in, naming the server, when none is there", async () => {
  const workspaces = await fixture.workspaces();
  await expect(workspaces.provision(fixture.request({ repository }))).rejects.toMatchObject({
    code: "auth.required",
    message: `Couldn't clone ${origin.slice("http://".length)}/octo/private.git: the server wants a sign-in: the repository is private, or there is none at this address. Check the address, or sign in and try again.`,
    details: { resource: origin, scopes: ["repo"] },
  });
});

it("says that a sign-in was not accepted", async () => {
  const workspaces = await fixture.workspaces();
  const credentials = holding("wrong-token");
  await expect(workspaces.provision(fixture.request({ repository, credentials }))).rejects.toMatchObject({
    code: "auth.required",
    message: expect.stringContaining("did not accept the sign-in"),
  });
});

it("clones and pushes with a token that is in no argument and no file afterwards", async () => {
  const workspaces = await fixture.workspaces();
  const credentials = holding(writer);
  const workspace = await workspaces.provision(fixture.request({ repository, credentials }));
  expect(new Set(credentials.asked)).toEqual(new Set([origin]));
  fixture.write(workspace.paths.root, { "b.txt": "b\n" });
  const checkpoint = await workspace.checkpoint("Turn");
  const request = { branch: workspace.branch, commit: checkpoint?.commit ?? "", title: "Work", credentials };
  expect(await workspace.push(request)).toMatchObject({ remote: repository });

  expect(sightings).toEqual([]);
  expect(fixture.git(workspace.paths.root, "config", "remote.origin.url")).toBe(repository);
  for (const entry of readdirSync(fixture.dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    expect(readFileSync(path.join(entry.parentPath, entry.name)).includes(writer)).toBe(false);
  }
});

it("gives the mirror of one person to nobody whom the server would not", async () => {
  const workspaces = await fixture.workspaces();
  await workspaces.provision(fixture.request({ repository, credentials: holding(reader) }));
  const stranger = workspaces.provision(
    fixture.request({ sessionId: "other", repository, credentials: noCredentials }),
  );
  await expect(stranger).rejects.toMatchObject({ code: "auth.required" });
});

it("says that one who may only read may not push", async () => {
  const workspace = await (
    await fixture.workspaces()
  ).provision(fixture.request({ repository, credentials: holding(reader) }));
  fixture.write(workspace.paths.root, { "b.txt": "b\n" });
  const checkpoint = await workspace.checkpoint("Turn");
  const request = { branch: workspace.branch, commit: checkpoint?.commit ?? "", title: "Work" };
  await expect(workspace.push({ ...request, credentials: holding(reader) })).rejects.toMatchObject({
    code: "push.refused",
    message: expect.stringContaining("Permission to octo/private.git denied to octo."),
  });
  await expect(workspace.push({ ...request, credentials: noCredentials })).rejects.toMatchObject({
    code: "auth.required",
    details: { resource: origin },
  });
});

it("follows no redirect to another server and sends it nothing", async () => {
  const received: (string | undefined)[] = [];
  const elsewhere = await listen((request, response) => {
    received.push(request.headers.authorization);
    response.writeHead(401, { "www-authenticate": "Basic" }).end();
  });
  const redirecting = await listen((request, response) => {
    response.writeHead(302, { location: `${elsewhere}${request.url}` }).end();
  });
  const workspaces = await fixture.workspaces();
  const moved = { repository: `${redirecting}/octo/private.git`, credentials: holding(writer, redirecting) };
  await expect(workspaces.provision(fixture.request(moved))).rejects.toMatchObject({
    code: "repository.cloneFailed",
    message: expect.stringContaining("Use the repository's present address"),
  });
  expect(received).toEqual([]);
});
