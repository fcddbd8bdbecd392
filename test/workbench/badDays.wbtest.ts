import assert from "node:assert/strict";
import * as flow from "./flow.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { SessionPanel } from "./pages/sessionPanel.ts";
import { AgentsView, HostsView } from "./pages/treeViews.ts";
import { inOrder, type Scene, startScene } from "./scene.ts";

const crashing = "Crash at once";
const asking = "Ask permission to clean the build output";

describe("bad days", () => {
  inOrder();
  let scene: Scene;
  before(async () => {
    scene = await startScene({ name: "bad-days", isSignedInToGitHub: false });
    await new AgentsView(scene.workbench).show();
  });
  after(() => scene?.close());

  it("refuses an address that is none, and keeps what was typed", async () => {
    const { workbench } = scene;
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Add Host…");
    await input.step("Address of the host");
    await input.enter("not an address");
    await input.root
      .locator(".quick-input-message-severity, .monaco-inputbox.error, .quick-input-message")
      .first()
      .waitFor();
    assert.equal(await input.field.inputValue(), "not an address");
    await workbench.screenshot("bad-address");
    await input.cancel();
  });

  it("says that a host does not answer and offers the form again", async () => {
    const { workbench } = scene;
    const input = new QuickInput(workbench);
    // Port 9 is the discard service, which nobody runs.
    await flow.enterHost(workbench, { url: "ws://127.0.0.1:9", token: "any" });
    await input.step(/Nothing listens at/);
    assert.match(await input.message.innerText(), /Nothing listens at 127\.0\.0\.1:9\. Check/);
    assert.equal(await input.field.inputValue(), "ws://127.0.0.1:9");
    await workbench.screenshotThemes("host-unreachable");
  });

  it("says that the host refused the token and keeps the address", async () => {
    const { host, workbench } = scene;
    const input = new QuickInput(workbench);
    await flow.answerHost(workbench, { url: host.url, token: "a-wrong-token" });
    await input.step(/did not accept the token/);
    await input.step("(2/2)");
    await workbench.screenshot("host-wrong-token");
  });

  it("connects once the token is right", async () => {
    const { host, workbench } = scene;
    await new QuickInput(workbench).enter(host.token);
    const hosts = new HostsView(workbench);
    await hosts.show();
    await hosts.row(new URL(host.url).host, /\bconnected\b/).waitFor();
  });

  it("keeps an agent whose repository cannot be cloned, with the reason", async () => {
    const { gitHub, workbench } = scene;
    const title = "Look at a repository that is not there";
    const repository = gitHub.cloneUrl("octocat", "missing");
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: title });
    await flow.waitForRow(workbench, title, /failed|needs you/);
    const panel = new SessionPanel(workbench);
    await panel.problem.waitFor();
    assert.match(await panel.problem.innerText(), /clone|sign in|credentials/i);
    await workbench.screenshot("clone-failed");
  });

  it("says that an agent crashed and offers to go on", async () => {
    const { repositoryUrl: repository, workbench } = scene;
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: crashing });
    await flow.waitForRow(workbench, crashing, /failed/);
    const panel = new SessionPanel(workbench);
    await panel.problem.filter({ hasText: /stopped|crashed|ended/i }).waitFor();
    await workbench.screenshotThemes("agent-crashed");
  });

  it("shows how old its knowledge is while the host is away, and comes back with everything", async () => {
    const { host, repositoryUrl: repository, workbench } = scene;
    const agents = new AgentsView(workbench);
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: asking });
    await flow.waitForRow(workbench, asking, /needs your approval/);
    await host.kill();
    await agents.row(asking, /not connected/).waitFor();
    await workbench.screenshotThemes("host-away");
    await scene.restartHost();
    // The turn that ran when the host died ends as an error that can be resumed.
    await agents
      .row(asking, /failed/)
      .and(agents.rows.filter({ hasNotText: "as of" }))
      .waitFor();
    const panel = new SessionPanel(workbench);
    await panel.ready(asking);
    await panel.transcript.getByText("First I make git ignore it").first().waitFor();
  });

  it("says that the person is not signed in to GitHub, and keeps the agent as it was", async () => {
    const { workbench } = scene;
    const notifications = new Notifications(workbench);
    await flow.openAgent(workbench, crashing);
    await flow.review(workbench, crashing);
    await flow.declineGitHub(workbench, crashing);
    assert.match(await notifications.read(/create the pull request/), /not signed in/);
    await workbench.screenshot("github-not-signed-in");
    await flow.waitForRow(workbench, crashing, /failed/);
  });
});
