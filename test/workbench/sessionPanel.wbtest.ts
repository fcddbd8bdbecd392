import assert from "node:assert/strict";
import * as flow from "./flow.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { SessionPanel } from "./pages/sessionPanel.ts";
import { AgentsView } from "./pages/treeViews.ts";
import { inOrder, type Scene, startScene } from "./scene.ts";

// The sample agent does what words of the prompt say: it works until it is stopped.
const staying = "Describe the layout, then wait for me";
const working = "Work on the documentation";
const failing = "Crash at once";

describe("the session panel", () => {
  inOrder();
  let scene: Scene;
  let panel: SessionPanel;
  before(async () => {
    scene = await startScene({ name: "session-panel", isSignedInToGitHub: false });
    const { workbench } = scene;
    panel = new SessionPanel(workbench);
    await workbench.resizeSideBar(300);
    await new AgentsView(workbench).show();
    await flow.addHost(workbench, scene.host);
  });
  after(() => scene?.close());

  it("shows an agent at work, and keeps what is written for later", async () => {
    const { workbench, repositoryUrl: repository } = scene;
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: staying });
    await panel.page.getByRole("button", { name: "Stop the agent" }).waitFor();
    await panel.send("Then say what is left to do");
    await panel.queue.filter({ hasText: "Then say what is left" }).waitFor();
    await workbench.screenshotThemes("panel-working");
    await panel.queue.getByRole("button", { name: "Remove from the queue" }).click();
    await panel.queue.first().waitFor({ state: "detached" });
  });

  it("has everything that the tools printed, and finds what somebody looks for", async () => {
    const { workbench, repositoryUrl: repository } = scene;
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: working });
    await panel.page.getByText(/Plan \d of \d/).waitFor();
    await panel.status.filter({ hasText: "Ready for review" }).waitFor();
    await panel.select("Log");
    await panel.page.getByRole("textbox", { name: "Find in the log" }).fill("pass");
    await panel.page.getByText(/^\d+ of \d+$/).waitFor();
    await panel.log.locator("mark").first().waitFor();
    await workbench.screenshotThemes("panel-log");
  });

  it("shows the lines of a changed file where it stands", async () => {
    await panel.select("Changes");
    await panel.changedFiles.filter({ hasText: "CONTRIBUTING.md" }).locator(".file").click();
    await panel.page.getByRole("group", { name: "Diff" }).locator(".diff-line.added").first().waitFor();
    await scene.workbench.screenshotThemes("panel-changes");
  });

  it("stays in its place in a narrow window, whatever gets the keyboard", async () => {
    const { page } = scene.workbench;
    const wide = page.viewportSize();
    await page.setViewportSize({ width: 700, height: 900 });
    await panel.page.getByRole("tab", { name: "Timeline" }).focus();
    const left = await panel.page.locator("header h1").evaluate((title) => title.getBoundingClientRect().left);
    await scene.workbench.screenshot("panel-narrow");
    if (wide !== null) await page.setViewportSize(wide);
    assert.ok(left > 0, `the title begins at ${left}`);
  });

  it("puts files back after it has been asked, and tells of it", async () => {
    const { workbench } = scene;
    await panel.select("Timeline");
    const launched = panel.timeline.filter({ hasText: "Launched" });
    await launched.hover();
    await launched.getByRole("button", { name: "Restore…" }).click();
    await new Notifications(workbench).answer(/safety checkpoint/, "Restore");
    await panel.timeline.filter({ hasText: /files put back .*by you/ }).waitFor();
    await workbench.screenshotThemes("panel-timeline");
    await panel.select("Changes");
    await panel.page.getByText("No changes yet").waitFor();
    await workbench.screenshot("panel-changes-empty");
  });

  it("lets the mode be changed, and shows what the host says of it", async () => {
    const { workbench } = scene;
    await panel.select("Transcript");
    const mode = () => panel.page.getByRole("combobox", { name: "Mode" });
    await mode().selectOption("Never ask");
    await workbench.command("Muster: Set Mode or Model…");
    const input = new QuickInput(workbench);
    await input.step("Work on in which mode, or with which model?");
    await workbench.screenshot("panel-mode");
    await input.choose("Ask before deleting");
    await mode().locator("option:checked", { hasText: "Ask before deleting" }).waitFor({ state: "attached" });
  });

  it("says why an agent failed", async () => {
    const { workbench, repositoryUrl: repository } = scene;
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: failing });
    await panel.problem.waitFor();
    await workbench.screenshotThemes("panel-failed");
    await panel.select("Log");
    await panel.page.getByText("No tool has printed anything yet").waitFor();
  });

  it("keeps what it shows when the host goes away, says how old it is, and loads nothing meanwhile", async () => {
    const { workbench, host } = scene;
    await panel.select("Transcript");
    await host.kill();
    await panel.page
      .getByText(/offline|Connecting/)
      .first()
      .waitFor();
    assert.equal(await panel.page.getByRole("button", { name: "Send message" }).isDisabled(), true);
    await workbench.screenshotThemes("panel-offline");
    await scene.restartHost();
    await panel.page.getByTitle(/Connected to/).waitFor();
  });
});
