import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import { dispatchOn } from "../../src/extension/fleet/agentCommands.ts";
import { launchAgent } from "../../src/extension/fleet/launch.ts";
import { dialWebSocket } from "../../src/extension/hosts/wsTransport.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { sessionUri } from "../../src/protocol/uris.ts";
import { titleOfSession, writeManySessions } from "../support/manySessions.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { picturedThemes, startVsCode, type Workbench } from "../support/vscode/workbench.ts";
import { type HostProcess, startHostProcess } from "./hostProcess.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { AgentsView } from "./pages/treeViews.ts";
import { inOrder, outputDir, pictured } from "./scene.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
const asking = "Ask permission to clean the build output";
const queued = "Wait for a place on the host";
/** By the support data: the sessions 0, 2 and 6 of ten rest with changes, 3 has failed, 5 and 9 are archived. */
const [reviewed, another, third] = [0, 2, 6].map(titleOfSession) as [string, string, string];
const failed = titleOfSession(3);
const archived = titleOfSession(5);

describe("the Agents view", () => {
  inOrder();
  const lifetime = new Lifetime();
  let host: HostProcess;
  let elsewhere: AhpClient;
  let workbench: Workbench;
  let agents: AgentsView;

  before(async () => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), "muster-agents-")));
    lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    await writeManySessions(path.join(folder, "host", "data"), 20);
    const { path: repository } = await makeRepository("package", path.join(folder, "repositories"));
    host = await startHostProcess(lifetime, {
      folder: path.join(folder, "host"),
      agents: [sampleAgentConfig({ paceMs: 60 })],
      concurrentSessions: 1,
      allowLocal: [path.join(folder, "repositories")],
      logFile: path.join(outputDir, "logs", "agents-view-host.log"),
    });
    const { token, url } = host;
    elsewhere = new AhpClient({
      dial: (attempt) => dialWebSocket(url, token, attempt, silentLogger),
      clientId: randomUUID(),
      clientInfo: { name: "another window" },
      hostName: "this",
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    });
    lifetime.defer(() => elsewhere.dispose());
    const isLive = new Promise<void>((resolve) => {
      elsewhere.onDidChangeState(({ kind }) => {
        if (kind === "live") resolve();
      });
    });
    elsewhere.connect();
    await isLive;
    for (const prompt of [asking, queued]) {
      const request = { hostId: "", provider: "sample", prompt, repository };
      await launchAgent(elsewhere, sessionUri(randomUUID()), request, { clock: systemClock, newId: randomUUID });
    }
    const vscode = await startVsCode({
      name: "agents-view",
      outputDir,
      extensionDevelopmentPaths: [checkout],
      settings: {
        "muster.notifications.level": "off",
        "muster.hosts": [{ id: "farm", name: "farm", url, tokenFile: path.join(folder, "host", "token") }],
      },
    });
    lifetime.defer(() => vscode.close());
    pictured(vscode);
    workbench = await vscode.openWindow();
    await workbench.resizeSideBar(560);
    agents = new AgentsView(workbench);
    await agents.show();
  });
  after(async () => {
    pictured(undefined);
    await lifetime.end();
  });

  it("shows in groups what was launched from elsewhere, with what each does and its place in the queue", async () => {
    await agents.row(asking, /needs your approval/).waitFor();
    await agents.row(queued, /1st in the queue: .*limit of this host/).waitFor();
    const groups = (await agents.groups()).map((label) => label.split(",")[0]);
    assert.deepEqual(groups, ["Needs you", "Queued", "Ready for review", "Done"]);
    await agents.row(reviewed, /unread/).waitFor();
    await workbench.screenshotThemes("agents-view");
  });

  it("tells the rest in a hover", async () => {
    for (const theme of picturedThemes) {
      await workbench.setTheme(theme);
      const card = await agents.hover(asking);
      await card.getByText("Isolation").waitFor();
      assert.match(await card.innerText(), /Host\s+farm/);
      await workbench.page.screenshot({ path: path.join(outputDir, `agents-view-hover-${theme}.png`) });
      await workbench.page.mouse.move(900, 600);
      await card.waitFor({ state: "hidden" });
    }
  });

  it("filters by text and states at once, says so, and takes it back with one click", async () => {
    const input = new QuickInput(workbench);
    await agents.titleAction("Filter Agents");
    await input.step("Filter agents");
    await input.field.fill("acme");
    for (const state of ["Failed", "Ready for review"]) await input.row(state).click();
    await agents.row(queued).waitFor({ state: "detached" });
    await agents.row(failed).waitFor();
    await agents.row(reviewed).waitFor();
    await agents.row("Done").waitFor({ state: "detached" });
    await workbench.screenshot("agents-view-filtering");
    await input.field.press("Enter");
    await agents.message.filter({ hasText: /of \d+ agents: “acme”, Failed or Ready for review/ }).waitFor();
    await agents.row(failed).waitFor();
    await workbench.screenshotThemes("agents-view-filtered");
    await agents.titleAction("Clear Filter");
    await agents.row(queued).waitFor();
  });

  it("says that nothing passes a filter, with the way out", async () => {
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Filter Agents…");
    await input.enter("nowhere to be found");
    await agents.welcome.filter({ hasText: "No agent passes the filter" }).waitFor();
    await workbench.screenshotThemes("agents-view-nothing");
    await agents.welcome.getByText("Clear Filter").click();
    await agents.row(asking).waitFor();
  });

  it("archives many after one question, and brings them back on Undo", async () => {
    const notifications = new Notifications(workbench);
    await agents.select([reviewed, another, third]);
    await agents.contextAction(another, "Archive Agent");
    const question = notifications.dialog("Archive 3 agents?");
    await question.filter({ hasText: another }).waitFor();
    await workbench.screenshotThemes("agents-view-bulk");
    await notifications.answer("Archive 3 agents?", "Archive");
    await notifications.toast("Archived 3 agents.").waitFor();
    await agents.row(reviewed).waitFor({ state: "detached" });
    await workbench.screenshot("agents-view-archived");
    await notifications.press("Archived 3 agents.", "Undo");
    await agents.row(reviewed).waitFor();
  });

  it("shows archived agents apart when they are wanted", async () => {
    await workbench.command("Muster: Show Archived Agents");
    await agents.expand("Archived");
    await agents.row(archived, /archived/).waitFor();
    await agents.contextAction(archived, "Restore Agent");
    await agents.row(archived, /archived/).waitFor({ state: "detached" });
    await workbench.command("Muster: Hide Archived Agents");
  });

  it("groups by repository, with pinned agents first, and agrees with what other windows do", async () => {
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Group Agents By…");
    await input.pick("Repository");
    await agents.row("acme/widgets").waitFor();
    await agents.contextAction(reviewed, "Pin Agent");
    await agents.row(reviewed, /pinned/).waitFor();
    const session = Array.from(elsewhere.sessions.all.values()).find(({ title }) => title === another)?.resource;
    assert.ok(session);
    await dispatchOn(elsewhere, "session", session, { type: "session/titleChanged", title: "Named elsewhere" });
    await agents.row("Named elsewhere").waitFor();
    await workbench.screenshotThemes("agents-view-by-repository");
    await workbench.command("Muster: Group Agents By…");
    await input.pick("Attention");
  });

  it("keeps the rows of a host that is gone, greyed, with the age of what they show", async () => {
    elsewhere.dispose();
    await host.kill();
    await agents.row(reviewed, /as of \d+s ago.*not connected/).waitFor();
    await workbench.screenshotThemes("agents-view-stale");
    const offered = await agents.contextActions(asking);
    assert.ok(!offered.includes("Stop Agent") && offered.includes("Pin Agent"), offered.join());
  });
});
