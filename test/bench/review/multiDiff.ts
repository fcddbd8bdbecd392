import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { WireClient } from "../../host/wireClient.ts";
import { createSession, refs } from "../../host/sessionFixture.ts";
import { sampleAgentConfig } from "../../support/sampleAgent/sampleAgentConfig.ts";
import { Lifetime } from "../../support/vscode/lifetime.ts";
import { startVsCode, type Workbench } from "../../support/vscode/workbench.ts";
import { type HostProcess, startHostProcess } from "../../workbench/hostProcess.ts";
import { ReviewEditor } from "../../workbench/pages/reviewEditor.ts";
import { AgentsView } from "../../workbench/pages/treeViews.ts";
import { checkout, packBuilt, temporaryFolder } from "../editor/builtEditor.ts";
import { compare } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { git, linesAFile, makeOrigin, writeAll } from "./manyFiles.ts";

const id = "11111111-bench-0000";
const title = "Change everything";
/** Longer than anybody waits for a diff. */
const limitMs = 120_000;
/** Real keys, so that neither side waits for a palette. */
const keys = { ours: "Control+Alt+F7", theirs: "Control+Alt+F8", close: "Control+Alt+F9" };

/**
 * From a key to the first changed lines on the screen, for the same change of the same files in the same window: an agent's
 * branch that is on a host, and VS Code's own "View Changes" of a copy that is checked out here. Each for the first time
 * since its window was loaded.
 */
export const multiDiff: Part = async (options) => {
  const lifetime = new Lifetime();
  try {
    const files = at(options, 1_000, 200, 10);
    const folder = await temporaryFolder(lifetime);
    const origin = path.join(folder, "origin.git");
    await makeOrigin(origin, files);
    const copy = path.join(folder, "copy");
    await git(folder, "clone", "--quiet", pathToFileURL(origin).href, copy);
    writeAll(copy, files, 2);
    await mkdir(path.join(checkout, "test-results", "logs"), { recursive: true });
    const host = await startHostProcess(lifetime, {
      folder: path.join(folder, "host"),
      agents: [sampleAgentConfig()],
      allowLocal: [folder],
      logFile: path.join(checkout, "test-results", "logs", "bench-multi-diff-host.log"),
    });
    await changeAll(host, origin, files);
    const vscode = await startVsCode({
      name: "bench-multi-diff",
      vsix: [await packBuilt(folder)],
      workspaceFolder: copy,
      settings: {
        "git.openDiffOnClick": false,
        "muster.notifications.level": "off",
        "muster.hosts": [{ id: "bench", name: "bench", url: host.url, tokenFile: path.join(folder, "host", "token") }],
      },
    });
    lifetime.defer(() => vscode.close());
    await bindKeys(vscode.server.dataDir);
    const workbench = await vscode.openWindow();
    workbench.page.setDefaultTimeout(2 * limitMs);
    const costs = { ours: [] as number[], theirs: [] as number[] };
    for (let round = 0; round < at(options, 2, 1, 1); round++) {
      for (const side of ["ours", "theirs"] as const) {
        // What the other side left to do is not counted here.
        if (round > 0 || side !== "ours") await workbench.reload();
        await whenReady(workbench, files);
        const ms = await openIn(workbench, keys[side]);
        if (ms >= limitMs)
          options.note(`multiDiff: ${side} had drawn no line after ${limitMs / 1000} s, which is what counts`);
        costs[side].push(Math.min(ms, limitMs));
      }
    }
    const what = "key to first lines of a review / of VS Code's own multi-file diff of a checked-out copy";
    return [
      compare(`${files} files, ${files * linesAFile} lines: ${what}, ms`, costs.ours, costs.theirs, { atMost: 1 }),
    ];
  } finally {
    await lifetime.end();
  }
};

/** An agent whose checkpoint holds the second version of all files. */
async function changeAll(host: HostProcess, repository: string, files: number): Promise<void> {
  const client = await WireClient.connect(host.url, host.token);
  const all = await createSession(client, id, "sample", repository);
  client.dispatch(all.session, { type: "session/titleChanged", title });
  await client.until(() => client.state("fleetSession", all.fleet).phase === "ready");
  writeAll(path.join(host.data, "sessions", id, "workspace"), files, 2);
  await client.request("x-fleet/checkpoint", { channel: all.session });
  client.close();
}

async function bindKeys(dataDir: string): Promise<void> {
  const bindings = [
    { key: "ctrl+alt+f7", command: "muster.agent.review", args: { hostId: "bench", session: refs(id).session } },
    { key: "ctrl+alt+f8", command: "git.viewChanges" },
    { key: "ctrl+alt+f9", command: "workbench.action.closeAllEditors" },
  ];
  await writeFile(path.join(dataDir, "data", "User", "keybindings.json"), JSON.stringify(bindings));
}

/** The host is connected, and git has counted its changes. */
async function whenReady(workbench: Workbench, files: number): Promise<void> {
  const agents = new AgentsView(workbench);
  await agents.show();
  await agents.row(title, /ready for review/).waitFor();
  await workbench.page.locator(`.action-item a[aria-label*="${files} pending"]`).first().waitFor();
}

/** In milliseconds; the limit, or a little more, when nothing was drawn until then. */
async function openIn(workbench: Workbench, key: string): Promise<number> {
  const editor = new ReviewEditor(workbench);
  const begin = performance.now();
  await workbench.page.keyboard.press(key);
  const ready = editor.ready();
  // Without a reader when the limit comes first.
  ready.catch(() => undefined);
  await Promise.race([ready, delay(limitMs, undefined, { ref: false })]);
  const ms = performance.now() - begin;
  // It would come back with the next window.
  await workbench.page.keyboard.press(keys.close);
  await workbench.page.locator(".tabs-container .tab").first().waitFor({ state: "detached" });
  return ms;
}
