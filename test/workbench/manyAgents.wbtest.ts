import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { titleOfSession, writeManySessions } from "../support/manySessions.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { startVsCode, type Workbench } from "../support/vscode/workbench.ts";
import { Elsewhere } from "./elsewhere.ts";
import { type HostProcess, startHostProcess } from "./hostProcess.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { AgentsView } from "./pages/treeViews.ts";
import { inOrder, outputDir, pictured } from "./scene.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
const count = 2_000;
const wanted = titleOfSession(1_236);

describe(`a host with ${count} agents`, () => {
  inOrder();
  const lifetime = new Lifetime();
  let host: HostProcess;
  let workbench: Workbench;
  let agents: AgentsView;
  before(async () => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), "muster-many-")));
    lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    await writeManySessions(path.join(folder, "host", "data"), count);
    host = await startHostProcess(lifetime, {
      folder: path.join(folder, "host"),
      agents: [sampleAgentConfig()],
      logFile: path.join(outputDir, "logs", "many-agents-host.log"),
    });
    const tokenFile = path.join(folder, "host", "token");
    const settings = {
      "muster.hosts": [{ id: "farm", name: "farm", url: host.url, tokenFile }],
      "muster.notifications.level": "off",
    };
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
    agents = new AgentsView(workbench);
  });
  after(async () => {
    pictured(undefined);
    await lifetime.end();
  });

  it("is listed whole, group by group", async () => {
    await agents.show();
    await agents.rows.nth(20).waitFor();
    // Of ten sessions one has failed, and three rest with changes.
    await agents.row("Needs you", /200 agents/).waitFor();
    await workbench.screenshotThemes("many-agents");
    await agents.row("Needs you").click();
    await agents.row("Ready for review", /600 agents/).waitFor();
    await agents.row("Needs you").click();
  });

  it("is narrowed to the few that are wanted", async () => {
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Filter Agents…");
    await input.field.fill(wanted);
    await agents.row(wanted).waitFor();
    await input.field.press("Enter");
    await agents.rows
      .filter({ hasText: titleOfSession(1) })
      .first()
      .waitFor({ state: "detached" });
    await workbench.screenshot("many-agents-filtered");
    await workbench.command("Muster: Clear Filter of Agents");
    await agents.rows.nth(20).waitFor();
  });

  it("shows what happens to one of them", async () => {
    const elsewhere = new Elsewhere(host);
    lifetime.defer(() => elsewhere.dispose());
    const title = "Renamed somewhere else";
    await elsewhere.rename(titleOfSession(3), title);
    await agents.row(title, /failed/).waitFor();
  });
});
