import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import { brokenRepository } from "../support/repositories/repositories.ts";
import { TestRepository } from "../support/repositories/testRepository.ts";
import { startVsCodeAgentHost, type VsCodeAgentHost, whyNoAgentHost } from "../support/vscode/agentHost.ts";
import { startCopilotAccount } from "../support/vscode/copilotAccount.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { startVsCode, type VsCode, type Workbench } from "../support/vscode/workbench.ts";
import * as flow from "./flow.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { SessionPanel } from "./pages/sessionPanel.ts";
import { TerminalPanel } from "./pages/terminalPanel.ts";
import { AgentsView, HostsView } from "./pages/treeViews.ts";
import { inOrder, outputDir, pictured } from "./scene.ts";

const prompt = "Tidy the readme";
const fix = "Please fix the add function";

/** VS Code's own agent host, a stranger to us, whose agents have no account until somebody signs in for them. */
describe("an agent host of VS Code", () => {
  inOrder();
  const lifetime = new Lifetime();
  let agentHost: VsCodeAgentHost | undefined;
  let vscode: VsCode | undefined;
  let workbench: Workbench;
  let code: string;

  before(async function start() {
    const missing = await whyNoAgentHost();
    if (missing !== undefined) {
      console.log(`SKIPPED: VS Code's agent host can't be had on this machine: ${missing}`);
      this.skip();
    }
    const model = await startModelServer({ scenarios: CODING_SCENARIOS });
    lifetime.defer(() => model.close());
    const account = await startCopilotAccount(model.url);
    lifetime.defer(() => account.close());
    agentHost = await startVsCodeAgentHost({ name: "workbench-agent-host", env: account.env });
    const host = agentHost;
    lifetime.defer(() => host.dispose());
    code = path.join(agentHost.home, "code");
    await mkdir(code);
    await brokenRepository(code);
    const repository = await TestRepository.create("widgets", code);
    await repository.write("README.md", "# Widgets\n\nSmall parts for large machines.\n");
    await repository.write("src/widget.ts", "export const widget = 1;\n");
    await repository.commit("Begin");
    vscode = await startVsCode({
      name: "vscode-host",
      outputDir,
      extensionDevelopmentPaths: [path.resolve(import.meta.dirname, "../..")],
      workspaceFolder: code,
      githubToken: account.token,
      // Drawn as text, so that a test can read it.
      settings: { "terminal.integrated.gpuAcceleration": "off" },
    });
    const opened = vscode;
    lifetime.defer(() => opened.close());
    pictured(vscode);
    workbench = await vscode.openWindow();
    await workbench.resizeSideBar(460);
  });
  after(async () => {
    pictured(undefined);
    await lifetime.end();
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
    await input.step(/Which folder on the host/);
    await input.pick("widgets");
    await input.row("Work in widgets").waitFor();
    await input.pick("..");
    await input.row("Work in code").waitFor();
    await input.pick("widgets");
    await input.row("Work in widgets").waitFor();
    await workbench.screenshotThemes("vscode-host-folder");
    await input.pick("Work in widgets");
    await input.step("What should the agent do?");
    await input.enter(prompt);
  });

  it("asks whether the agent may have the person's account, and launches without it", async () => {
    const notifications = new Notifications(workbench);
    const question = notifications.dialog("Sign in to github.com for Copilot");
    await question.filter({ hasText: "with the rights read:user, user:email" }).waitFor();
    await workbench.screenshotThemes("vscode-host-sign-in");
    await notifications.answer("Sign in to github.com for Copilot", "Launch Without");
    await new SessionPanel(workbench).ready(prompt);
  });

  it("shows why the turn ended, with a way to resume it", async () => {
    const panel = new SessionPanel(workbench);
    await panel.problem.filter({ hasText: "No GitHub OAuth token" }).waitFor();
    await new AgentsView(workbench).row(prompt, /failed/).waitFor();
    await panel.status.filter({ hasText: "Failed" }).waitFor();
    await workbench.screenshotThemes("vscode-host-error");
    await panel.page.getByRole("button", { name: "Resume" }).waitFor();
    await panel.page.getByRole("button", { name: "Sign In" }).waitFor();
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
    await workbench.screenshotThemes("vscode-host-terminal");
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
    await workbench.screenshotThemes("vscode-host-changes");
    await terminal.hide();
  });

  it("reviews them as they are at one moment, and takes them again", async () => {
    await new AgentsView(workbench).show();
    const editor = await flow.review(workbench, prompt);
    const title = workbench.page.locator(".tab.active .label-name", { hasText: /as of \d\d:\d\d:\d\d/ });
    await title.waitFor();
    await editor.line("Made with care.").waitFor();
    await workbench.screenshotThemes("vscode-host-review");
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
    // A row that is about to move is not pressed.
    await agents.row("Working").waitFor({ state: "hidden" });
    await agents.row("Ready for review").waitFor();
    await agents.contextAction(prompt, "Rename Agent…");
    await input.step("Rename agent");
    await input.enter("Better readme");
    await agents.row("Better readme").waitFor();
    await agents.contextAction("Better readme", "Archive Agent");
    await agents.row("Better readme").waitFor({ state: "hidden" });
  });

  it("does not ask again before the next launch, and signs in from the panel of what failed", async () => {
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Launch Agent…");
    await input.step("What should the agent do?");
    await input.field.fill(fix);
    await input.button("Change the choices").click();
    const choices = "Launch, or choose what to change";
    await input.step(choices);
    await input.choose("Folder");
    await input.step(/Which folder on the host/);
    await input.pick("..");
    await input.pick("arithmetic");
    await input.pick("Work in arithmetic");
    await input.step(choices);
    await input.choose("Launch");
    const panel = new SessionPanel(workbench);
    await panel.ready(fix);
    await panel.problem.filter({ hasText: "No GitHub OAuth token" }).waitFor();
    await panel.page.getByRole("button", { name: "Sign In" }).click();
    const notifications = new Notifications(workbench);
    await notifications.answer("Sign in to github.com for Copilot", "Sign In");
    const told = notifications.toast("has your sign-in");
    const agreedTo = await flow.agreeUntil(workbench, told);
    assert.match(agreedTo.join(), /wants to sign in using GitHub/);
    await panel.page.getByRole("button", { name: "Sign In" }).waitFor({ state: "detached" });
    await notifications.clear();
  });

  it("runs a whole turn with that account", async () => {
    const panel = new SessionPanel(workbench);
    await panel.send(fix);
    await panel.approve();
    await panel.transcript.filter({ hasText: "Done: add in src/math.mjs adds" }).waitFor();
    await panel.status.filter({ hasText: "Ready for review" }).waitFor();
    const worktrees = path.join(code, "arithmetic.worktrees");
    const [worktree = ""] = await readdir(worktrees);
    assert.match(await readFile(path.join(worktrees, worktree, "src/math.mjs"), "utf8"), /return a \+ b;/);
    await panel.select("Changes");
    await panel.changedFiles.filter({ hasText: "math.mjs" }).waitFor();
    await panel.select("Transcript");
    await workbench.screenshotThemes("vscode-host-turn");
  });

  it("hands the account over again by itself when the host has started afresh", async () => {
    const hosts = new HostsView(workbench);
    const name = new URL(agentHost?.url ?? "").host;
    const openTerminal = workbench.page.locator('.editor-actions [aria-label^="Open Terminal"]');
    await openTerminal.waitFor();
    await agentHost?.stop();
    await hosts.row(name, /not reachable|connecting/).waitFor();
    await openTerminal.waitFor({ state: "detached" });
    await agentHost?.restart();
    await hosts.row(name, /connected, VS Code/).waitFor();
    const panel = new SessionPanel(workbench);
    await panel.send("What did you change?");
    await panel.transcript.filter({ hasText: "I fixed add in src/math.mjs" }).waitFor();
  });
});
