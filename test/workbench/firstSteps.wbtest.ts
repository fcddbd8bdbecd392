import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { packFolder } from "../package/packExtension.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { startVsCode, type Workbench } from "../support/vscode/workbench.ts";
import * as flow from "./flow.ts";
import { Notifications } from "./pages/notifications.ts";
import { AgentsView, HostsView } from "./pages/treeViews.ts";
import { Walkthrough } from "./pages/walkthrough.ts";
import { inOrder, outputDir, pictured } from "./scene.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
const asks = "Tidy up the build output, but ask first";
const finishes = "Quickly describe the project layout";

describe("the first five minutes", () => {
  inOrder();
  const lifetime = new Lifetime();
  let workbench: Workbench;
  // With the extension as it is shipped: what it starts has to be in there.
  before(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "muster-first-steps-"));
    lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    const vsix = path.join(folder, "muster.vsix");
    await packFolder(checkout, vsix);
    const vscode = await startVsCode({ name: "first-steps", outputDir, vsix: [vsix] });
    lifetime.defer(() => vscode.close());
    workbench = await vscode.openWindow();
    pictured(vscode);
  });
  after(async () => {
    pictured(undefined);
    await lifetime.end();
  });

  it("say what the empty views are for, with a button for each way on", async () => {
    const agents = new AgentsView(workbench);
    await agents.show();
    await agents.welcome.getByText("Add a Host").waitFor();
    const welcome = await agents.welcome.innerText();
    for (const button of ["Add a Host", "Start Demo Fleet"]) assert.match(welcome, new RegExp(button));
    await workbench.screenshotThemes("welcome");
  });

  it("show the walkthrough, of which nothing is done yet", async () => {
    await workbench.command("Muster: Get Started");
    const walkthrough = new Walkthrough(workbench);
    await walkthrough.step("Connect a host").waitFor();
    assert.equal(await walkthrough.done.count(), 0);
    await walkthrough.picture.waitFor();
    await workbench.screenshotThemes("walkthrough");
  });

  it("bring a fleet on this machine by one click", async () => {
    await new Walkthrough(workbench).press("Start Demo Fleet");
    await flow.waitForRow(workbench, asks);
    await flow.waitForRow(workbench, finishes, /ready for review/i);
    await flow.waitForRow(workbench, asks, /needs your approval/);
    await new Walkthrough(workbench).doneStep("Connect a host").waitFor();
    const hosts = new HostsView(workbench);
    await hosts.show();
    await hosts.row("Demo", /\bconnected\b/).waitFor();
    await new AgentsView(workbench).show();
    await workbench.resizeSideBar(500);
    await workbench.screenshotThemes("demo-fleet");
  });

  it("tick off what was done, and nothing else", async () => {
    await flow.approveFromTree(workbench, asks);
    await flow.review(workbench, finishes);
    await workbench.command("Muster: Get Started");
    const walkthrough = new Walkthrough(workbench);
    for (const step of ["Connect a host", "Answer an agent", "Review what an agent changed"])
      await walkthrough.doneStep(step).waitFor();
    assert.equal(await walkthrough.doneStep("Launch an agent").count(), 0);
    assert.equal(await walkthrough.doneStep("Create a pull request").count(), 0);
    await workbench.screenshot("walkthrough-later");
  });

  it("bring the same fleet back after a reload of the window", async () => {
    await workbench.reload();
    await new AgentsView(workbench).show();
    await flow.waitForRow(workbench, finishes, /ready for review/i);
  });

  it("take it away again with its data", async () => {
    await workbench.command("Muster: Stop Demo Fleet…");
    await new Notifications(workbench).answer("Stop the demo fleet?", "Stop and Remove Data");
    await new AgentsView(workbench).welcome.getByText("Start Demo Fleet").waitFor();
  });
});
