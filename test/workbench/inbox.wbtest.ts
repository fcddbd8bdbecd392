import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { Certificates } from "../support/certificates.ts";
import { Elsewhere } from "./elsewhere.ts";
import * as flow from "./flow.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { AgentsView, HostsView } from "./pages/treeViews.ts";
import { inOrder, type Scene, startScene } from "./scene.ts";

// What the sample agent is told: two ask for the same, one fails, one has something to review.
const asking = ["Ask permission to clean the build output", "Ask permission, then tidy up"];
const crashing = "Crash at once";
const describing = "Describe the layout";

describe("hosts and the inbox", () => {
  inOrder();
  let scene: Scene;
  let certificates: Certificates;
  let stranger: Server;
  let elsewhere: Elsewhere | undefined;
  before(async () => {
    scene = await startScene({ name: "inbox" });
    certificates = new Certificates();
    const { cert, key } = certificates.selfSigned("127.0.0.1");
    stranger = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    elsewhere?.dispose();
    stranger?.close();
    certificates?.remove();
    await scene?.close();
  });

  it("shows the certificate that nobody vouches for, and goes no further unless it is trusted", async () => {
    const { workbench } = scene;
    const address = stranger.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await flow.enterHost(workbench, { url: `wss://127.0.0.1:${port}`, token: "any" });
    const notifications = new Notifications(workbench);
    await notifications.dialog(/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/).waitFor();
    await workbench.screenshotThemes("host-certificate");
    await notifications.answer(/Trust it\?/, "Cancel");
    const input = new QuickInput(workbench);
    await input.step(/is self-signed/);
    await workbench.screenshotThemes("host-add-failed");
    await input.cancel();
    assert.equal(await new HostsView(workbench).rows.count(), 0);
  });

  it("tells of a host what it is and what it does", async () => {
    const { workbench, host } = scene;
    await flow.addHost(workbench, host);
    elsewhere = new Elsewhere(host);
    for (const prompt of [crashing, describing, ...asking]) await elsewhere.launch(scene.repositoryUrl, prompt);
    const hosts = new HostsView(workbench);
    await hosts.show();
    await new AgentsView(workbench).pane.locator(".pane-header").click();
    await hosts.expand(new URL(host.url).host);
    await hosts.row("Queue", /at most 2 at a time/).waitFor();
    await hosts.row("Spend today").waitFor();
    await workbench.screenshotThemes("hosts");
    await new AgentsView(workbench).show();
  });

  it("tells that agents ask, until they have been answered", async () => {
    const { workbench } = scene;
    for (const title of asking) await flow.waitForRow(workbench, title, /needs your approval/);
    const notice = new Notifications(workbench).toast(/2 agents need you/);
    await notice.waitFor();
    await workbench.screenshot("inbox-notice");
    await notice.getByText("Answer").click();
    await new QuickInput(workbench).step(/^Inbox/);
  });

  it("holds every reason, and answers the same request of two agents at once", async () => {
    const { workbench } = scene;
    const input = new QuickInput(workbench);
    for (const label of [/2 agents ask for the same/, crashing, describing]) await input.row(label).waitFor();
    await workbench.screenshotThemes("inbox");
    await input.pick(/2 agents ask for the same/);
    await input.step(/Allow this/);
    await workbench.screenshotThemes("inbox-approval");
    await input.pick("Approve all 2");
    await input.step(/^Inbox/);
    await input.row(/2 agents ask for the same/).waitFor({ state: "detached" });
    await input.cancel();
    await new Notifications(workbench).toast(/2 agents need you/).waitFor({ state: "detached" });
  });
});
