import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { noCredentials } from "../../src/host/workspaces/workspace.ts";
import { handleGit } from "../support/gitHttp/gitHttp.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

let fixture: WorkspacesFixture;
let server: Server;
let requests: string[];
let port: number;

/** Listens where no name of this machine leads. */
beforeEach(async () => {
  fixture = new WorkspacesFixture();
  requests = [];
  fixture.seedCommit({ "a.txt": "one\n" });
  const root = path.join(fixture.root, "http");
  mkdirSync(path.join(root, "octo"), { recursive: true });
  execFileSync("ln", ["-s", fixture.origin, path.join(root, "octo/app.git")]);
  fixture.git(fixture.origin, "config", "http.receivepack", "true");
  server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const access = () => ({ login: "octo", canRead: true, canWrite: true });
    void handleGit({ root, access }, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.2", resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  fixture.dispose();
});

it("BRG-4 git connects to the address that was checked, whatever the name leads to by then", async () => {
  const answers = ["127.0.0.2", "127.0.0.2", "169.254.169.254"];
  const workspaces = await fixture.workspaces({ resolve: () => Promise.resolve([answers.shift() ?? ""]) });
  const repository = `http://localhost:${port}/octo/app.git`;
  const credentials = { tokenFor: () => "any" };
  const workspace = await workspaces.provision(fixture.request({ repository, credentials }));
  expect(readFileSync(path.join(workspace.paths.root, "a.txt"), "utf8")).toBe("one\n");
  fixture.write(workspace.paths.root, { "b.txt": "b\n" });
  const commit = (await workspace.checkpoint("Turn"))?.commit ?? "";
  const push = { branch: workspace.branch, commit, title: "Work", credentials };
  await workspace.push(push);
  expect(fixture.git(fixture.origin, "ls-tree", "--name-only", workspace.branch)).toBe("a.txt\nb.txt");
  const before = requests.length;
  await expect(workspace.push(push)).rejects.toMatchObject({ code: "repository.invalid" });
  expect(requests).toHaveLength(before);
});

it("BRG-4 this machine is no server unless the configuration says so", async () => {
  const workspaces = await fixture.workspaces({ privateNetworks: [] });
  const repository = `http://127.0.0.2:${port}/octo/app.git`;
  await expect(workspaces.provision(fixture.request({ repository, credentials: noCredentials }))).rejects.toMatchObject(
    {
      code: "repository.invalid",
      message: expect.stringContaining('"repositories.privateNetworks"'),
    },
  );
  expect(requests).toEqual([]);
});
