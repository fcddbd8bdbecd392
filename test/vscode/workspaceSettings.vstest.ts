import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import path from "node:path";
import * as vscode from "vscode";
import { eventually, muster } from "./manifest.ts";

/** A port where whoever calls is counted and hung up on. */
async function aPort(): Promise<{ server: Server; calls: () => number; address: string }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { server, calls: () => calls, address: `127.0.0.1:${port}` };
}

describe("EXT-4: a folder that brings settings of ours", () => {
  const folder = path.join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "", ".vscode");
  const read = (key: string) => vscode.workspace.getConfiguration("muster").get(key);

  before(() => muster().activate());
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await vscode.workspace.getConfiguration("muster").update("hosts", [], vscode.ConfigurationTarget.Global);
  });

  it("is heard about how much a person is told, and its hosts and servers are called by nobody", async () => {
    const [evil, own] = [await aPort(), await aPort()];
    const hosts = [{ id: "evil", name: "Evil", url: `ws://${evil.address}`, tokenFile: "/etc/hostname" }];
    const servers = [{ host: "github.com", apiUrl: `http://${evil.address}`, authProvider: "github" }];
    await mkdir(folder, { recursive: true });
    const settings = {
      "muster.notifications.level": "off",
      "muster.hosts": hosts,
      "muster.github.servers": servers,
      "muster.pullRequests.archiveOnMerge": true,
      muster: { hosts, "github.servers": servers, github: { servers } },
      "[plaintext]": { "muster.hosts": hosts },
    };
    await writeFile(path.join(folder, "settings.json"), JSON.stringify(settings));
    await eventually("the folder's settings", () => read("notifications.level") === "off");
    assert.equal(read("pullRequests.archiveOnMerge"), false);
    assert.deepEqual(vscode.workspace.getConfiguration("muster").inspect("hosts")?.workspaceValue, undefined);
    // A host of the person's own is called at once, so the other would have been by then.
    const mine = [{ id: "own", name: "Own", url: `ws://${own.address}` }];
    await vscode.workspace.getConfiguration("muster").update("hosts", mine, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("muster.hosts.focus");
    await eventually("a call of the person's own host", () => own.calls() > 0);
    assert.equal(evil.calls(), 0);
    for (const { server } of [evil, own]) server.close();
  });
});
