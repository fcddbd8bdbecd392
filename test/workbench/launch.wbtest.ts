import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { WireClient } from "../host/wireClient.ts";
import * as flow from "./flow.ts";
import type { HostProcess } from "./hostProcess.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { ReportPage } from "./pages/reportPage.ts";
import { SessionPanel } from "./pages/sessionPanel.ts";
import { AgentsView } from "./pages/treeViews.ts";
import { inOrder, type Scene, startScene } from "./scene.ts";

/** Two of the attempts go on, each in its own way, and a third elsewhere in the same file. */
async function writeOn(host: HostProcess): Promise<void> {
  const client = await WireClient.connect(host.url, host.token);
  const sessions = path.join(host.data, "sessions");
  for (const [index, id] of (await readdir(sessions)).toSorted().slice(0, 3).entries()) {
    const file = path.join(sessions, id, "workspace", "package.json");
    const text = await readFile(file, "utf8");
    const isSame = index < 2;
    const changed = isSame
      ? text.replace(/"description": ".*?"/, `"description": "As agent ${index} says"`)
      : text.replace(/\n\}\s*$/, ',\n  "funding": "https://example.com"\n}\n');
    await writeFile(file, changed);
    await client.request("x-fleet/checkpoint", { channel: `ahp-session:/${id}` });
  }
  client.close();
}

const first = "Finish the notes on the layout";
const attempts = "Finish what newcomers have to know";
const costly = "Work on the documentation";
const list = "Launch, or choose what to change";

describe("launching and what it costs", () => {
  inOrder();
  let scene: Scene;
  before(async () => {
    scene = await startScene({ name: "launch", paceMs: 5, concurrentSessions: 3 });
    await flow.addHost(scene.workbench, scene.host);
  });
  after(() => scene?.close());

  it("asks for what is missing the first time, for a prompt the second, and keeps what is typed", async () => {
    const { workbench, repositoryUrl: repository } = scene;
    const input = new QuickInput(workbench);
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: first });
    await flow.waitForRow(workbench, first, /ready for review/);
    await workbench.command("Muster: Launch Agent…");
    await input.step("What should the agent do?");
    assert.match(await input.message.innerText(), /Sample agent on octocat\/format \(default branch\)/);
    await input.field.pressSequentially("Finish what newcomers");
    await workbench.screenshotThemes("launch-quick");
    await input.cancel();
    await workbench.command("Muster: Launch Agent…");
    await input.step("What should the agent do?");
    assert.equal(await input.field.inputValue(), "Finish what newcomers");
  });

  it("shows every choice in one list, and launches several attempts from there", async () => {
    const { workbench } = scene;
    const input = new QuickInput(workbench);
    await input.field.fill(attempts);
    await input.button("Change the choices").click();
    await input.step(list);
    await input.choose("Budget");
    await input.step("Budget of the agent");
    await input.enter("2.50");
    await input.step(list);
    await input.choose("Attempts");
    await input.step("How many agents shall try?");
    await input.choose("3 attempts");
    await input.step(list);
    await workbench.screenshotThemes("launch-form");
    await input.choose("Launch");
  });

  it("puts the attempts beside one another until one is kept", async () => {
    const { workbench } = scene;
    const report = new ReportPage(workbench);
    await report.row("Status").getByText("ready for review").nth(2).waitFor();
    await report.row("CONTRIBUTING.md").waitFor();
    await workbench.screenshotThemes("launch-attempts");
    await report.page.getByRole("button", { name: "Keep this: attempt 2" }).click();
    await new Notifications(workbench).answer("Keep attempt 2 and archive the other 2?", "Keep This Attempt");
    await report.page.getByText("archived").nth(1).waitFor();
    await new Notifications(workbench).press("Attempt 2 is kept", "Undo");
    await report.page.getByText("archived").first().waitFor({ state: "detached" });
  });

  it("shows where agents meet, with the lines, and what they would be told", async () => {
    const { workbench, host } = scene;
    await writeOn(host);
    const report = new ReportPage(workbench);
    await workbench.command("Muster: Show Overlaps");
    await report.page
      .getByRole("button", { name: /: conflict in .*package\.json/ })
      .first()
      .click();
    await report.page.getByText("meets another").first().waitFor();
    await report.page.getByRole("button", { name: "Tell the Agents…" }).click();
    assert.match(
      await report.page.getByLabel("Message").inputValue(),
      /can't be merged with each other[\s\S]*package\.json/,
    );
    await workbench.screenshotThemes("overlaps");
    await report.page.getByRole("button", { name: "Discard" }).click();
  });

  it("has the host update agents from their base, one after the other", async () => {
    const { workbench } = scene;
    const report = new ReportPage(workbench);
    const notifications = new Notifications(workbench);
    await scene.commitToMain("NOTES.md", "Written by somebody else.\n");
    await new AgentsView(workbench).contextAction(first, "Update from Base");
    await notifications.read(/was updated from its base: 1 commit/);
    await notifications.clear();
    await workbench.tab("Overlaps").click();
    const button = report.page.getByRole("button", { name: /^Update \d from Base/ });
    await button.scrollIntoViewIfNeeded();
    await workbench.screenshotThemes("overlaps-behind");
    await button.click();
    await notifications.read(/agents were updated from their base/);
    await workbench.screenshotThemes("overlaps-updated");
    await notifications.clear();
  });

  it("makes one branch of parts of several agents, which is an agent like any other", async () => {
    const { workbench } = scene;
    const report = new ReportPage(workbench);
    await report.page.getByRole("button", { name: "Combine…" }).click();
    const picked = (name: RegExp) => report.page.getByRole("checkbox", { name }).first().check();
    await picked(/^CONTRIBUTING\.md of /);
    await picked(/^package\.json of /);
    await report.page.getByText("The parts fit: 2 files").waitFor();
    await workbench.screenshotThemes("combine");
    await report.page.getByRole("button", { name: "Create Branch" }).click();
    await flow.waitForRow(workbench, "Combined:", /ready for review/);
  });

  it("shows what agents cost, by what one wants to know, and when there is nothing", async () => {
    const { workbench } = scene;
    const report = new ReportPage(workbench);
    await workbench.command("Muster: Show Spend");
    await report.page.getByRole("img", { name: /Model cost by day\. Most on/ }).waitFor();
    await workbench.screenshotThemes("spend-days");
    await report.page.getByText("Task", { exact: true }).click();
    await report.row(first).waitFor();
    await workbench.screenshotThemes("spend-tasks");
    await report.page.getByText("Last month", { exact: true }).click();
    await report.page.getByText("No agent has worked in this time.").waitFor();
    await workbench.screenshotThemes("spend-empty");
  });

  it("has its tabs back after a reload of the window, with what they showed", async () => {
    const { workbench } = scene;
    const report = new ReportPage(workbench);
    await workbench.reload();
    await report.page.getByText("No agent has worked in this time.").waitFor();
    await report.page.getByText("This month", { exact: true }).click();
    await report.row(first).waitFor();
    await workbench.tab("Attempts: ").click();
    await report.row("Status").getByText("ready for review").nth(2).waitFor();
    await report.row("CONTRIBUTING.md").waitFor();
    await workbench.screenshot("reloaded-attempts");
    await workbench.tab("Overlaps").click();
    await report.page
      .getByRole("button", { name: /: conflict in .*package\.json/ })
      .first()
      .waitFor();
  });

  it("holds an agent to its budget, and lets it go on when that is raised", async () => {
    const { workbench } = scene;
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Launch Agent with Options…");
    await input.step(list);
    await input.choose("Prompt");
    await input.step("What should the agent do?");
    await input.enter(costly);
    await input.step(list);
    await input.choose("Budget");
    await input.step("Budget of the agent in US dollars");
    await input.enter("0.003");
    await input.step(list);
    await input.choose("Launch");
    await new SessionPanel(workbench).ready(costly);
    await flow.waitForRow(workbench, costly, /reached its budget/);
    await workbench.screenshotThemes("budget-reached");
    await workbench.command("Muster: Raise Budget…");
    await input.step("Raise Budget of");
    await input.enter("5");
    await new AgentsView(workbench).row(costly, /reached its budget/).waitFor({ state: "detached" });
  });
});
