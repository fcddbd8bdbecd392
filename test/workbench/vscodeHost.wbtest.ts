import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { TestRepository } from "../support/repositories/testRepository.ts";
import { startVsCodeAgentHost, type VsCodeAgentHost, whyNoAgentHost } from "../support/vscode/agentHost.ts";
import { startVsCode, type VsCode, type Workbench } from "../support/vscode/workbench.ts";
import * as flow from "./flow.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { SessionPanel } from "./pages/sessionPanel.ts";
import { TerminalPanel } from "./pages/terminalPanel.ts";
import { AgentsView, HostsView } from "./pages/treeViews.ts";
import { inOrder, outputDir, pictured } from "./scene.ts";

const prompt = "Tidy the readme";

/** VS Code's own agent host, a stranger to us, without an account for its agents. */
describe("an agent host of VS Code", () => {
  inOrder();
  let agentHost: VsCodeAgentHost | undefined;
  let vscode: VsCode | undefined;
  let workbench: Workbench;

  before(async function start() {
    const missing = await whyNoAgentHost();
    if (missing !== undefined) {
      console.log(`SKIPPED: VS Code's agent host can't be had on this machine: ${missing}`);
      this.skip();
    }
    agentHost = await startVsCodeAgentHost({ name: "workbench-agent-host" });
    const code = path.join(agentHost.home, "code");
    await mkdir(code);
    const repository = await TestRepository.create("widgets", code);
    await repository.write("README.md", "# Widgets\n\nSmall parts for large machines.\n");
    await repository.write("src/widget.ts", "export const widget = 1;\n");
    await repository.commit("Begin");
    vscode = await startVsCode({
      name: "vscode-host",
      outputDir,
      extensionDevelopmentPaths: [path.resolve(import.meta.dirname, "../..")],
      workspaceFolder: code,
      // Drawn as text, so that a test can read it.
      settings: { "terminal.integrated.gpuAcceleration": "off" },
    });
    pictured(vscode);
    workbench = await vscode.openWindow();
    await workbench.resizeSideBar(460);
  });
  after(async () => {
    pictured(undefined);
    await vscode?.close();
    await agentHost?.dispose();
  });

  it("is added by its address and token, and named for what it is", async () => {
    assert.ok(agentHost);
    await new AgentsView(workbench).show();
    await flow.addHost(workbench, agentHost);
    await new HostsView(workbench).row(new URL(agentHost.url).host, /VS Code agent host/).waitFor();
  });

  it("launches an agent in a folder that is found by walking the host's folders", async () => {
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Launch Agent…");
    await input.step("Which kind of agent?");
    await input.pick("Copilot");
    await input.step(/Which folder on the host/);
    await input.pick("widgets");
    await input.row("Work in widgets").waitFor();
    await input.pick("..");
    await input.row("Work in code").waitFor();
    await input.pick("widgets");
    await input.row("Work in widgets").waitFor();
    await workbench.screenshotBothThemes("vscode-host-folder");
    await input.pick("Work in widgets");
    await input.step("What should the agent do?");
    await input.enter(prompt);
    await new SessionPanel(workbench).ready(prompt);
  });

  it("shows why the turn ended, with a way to resume it", async () => {
    const panel = new SessionPanel(workbench);
    await panel.problem.filter({ hasText: "No GitHub OAuth token" }).waitFor();
    await new AgentsView(workbench).row(prompt, /failed/).waitFor();
    await panel.status.filter({ hasText: "Failed" }).waitFor();
    await workbench.screenshotBothThemes("vscode-host-error");
    await panel.page.getByRole("button", { name: "Resume" }).waitFor();
  });

  it("offers nothing that this host cannot do", async () => {
    const offered = await new AgentsView(workbench).contextActions(prompt);
    assert.ok(offered.includes("Open Terminal…"), offered.join());
    assert.ok(offered.includes("Resume Agent"), offered.join());
    assert.ok(!offered.some((label) => /Pull Request/.test(label)), offered.join());
    const panel = new SessionPanel(workbench);
    assert.equal(await panel.page.getByText("not isolated").count(), 0);
    assert.equal(await panel.page.getByRole("button", { name: /pull request/i }).count(), 0);
  });

  it("opens a terminal in the agent's folder and runs a command there", async () => {
    await new AgentsView(workbench).contextAction(prompt, "Open Terminal…");
    const terminal = new TerminalPanel(workbench);
    // The shell's prompt, whatever it looks like on this machine.
    await terminal.shows(/\S/);
    await terminal.type("echo sum-$((40 + 2)); pwd");
    await terminal.shows("sum-42");
    await terminal.shows(/widgets.worktrees/);
    const hosts = new HostsView(workbench);
    await hosts.show();
    await hosts.expand(new URL(agentHost?.url ?? "").host);
    await hosts.row("Terminal", /Tidy the readme/).waitFor();
    await workbench.screenshotBothThemes("vscode-host-terminal");
  });

  it("shows what was changed through the terminal, and which changes these are", async () => {
    const terminal = new TerminalPanel(workbench);
    await terminal.type("echo 'Made with care.' >> README.md && echo new > src/other.ts && git rm -q src/widget.ts");
    const panel = new SessionPanel(workbench);
    await panel.select("Changes");
    await panel.changedFiles.filter({ hasText: "README.md" }).waitFor();
    await panel.changedFiles.filter({ hasText: "other.ts" }).waitFor();
    assert.equal(await panel.changedFiles.count(), 3);
    await panel.page.getByText("Branch Changes").waitFor();
    await workbench.screenshotBothThemes("vscode-host-changes");
    await terminal.hide();
  });

  it("reviews them as they are at one moment, and takes them again", async () => {
    await new AgentsView(workbench).show();
    const editor = await flow.review(workbench, prompt);
    const title = workbench.page.locator(".tab.active .label-name", { hasText: /as of \d\d:\d\d:\d\d/ });
    await title.waitFor();
    await editor.line("Made with care.").waitFor();
    await workbench.screenshotBothThemes("vscode-host-review");
    await workbench.command("Terminal: Focus Terminal");
    const terminal = new TerminalPanel(workbench);
    await terminal.type("echo 'Twice.' >> README.md");
    await terminal.hide();
    assert.equal(await editor.line("Twice.").count(), 0);
    await workbench.command("Muster: Refresh Changes");
    await editor.line("Twice.").waitFor();
    assert.equal(await workbench.page.locator(".tab .label-name", { hasText: "as of" }).count(), 1);
  });

  it("takes the turn up where it ended, and stops it", async () => {
    const panel = await flow.openAgent(workbench, prompt);
    await panel.select("Transcript");
    await panel.page.getByRole("button", { name: "Resume" }).click();
    // Without an account this host says nothing more once it is resumed.
    await panel.status.filter({ hasText: "Working" }).waitFor();
    await panel.stop();
    await panel.status.filter({ hasText: "Ready for review" }).waitFor();
    assert.equal(await panel.turns.count(), 1);
  });

  it("renames and archives it like any agent", async () => {
    const agents = new AgentsView(workbench);
    const input = new QuickInput(workbench);
    await agents.contextAction(prompt, "Rename Agent…");
    await input.step("Rename agent");
    await input.enter("Better readme");
    await agents.row("Better readme").waitFor();
    await agents.contextAction("Better readme", "Archive Agent");
    await agents.row("Better readme").waitFor({ state: "hidden" });
  });
});
