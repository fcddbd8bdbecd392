import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { exactly } from "../support/vscode/workbench.ts";
import * as flow from "./flow.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { SessionPanel } from "./pages/sessionPanel.ts";
import { StatusBar } from "./pages/statusBar.ts";
import { AgentsView, ReviewView } from "./pages/treeViews.ts";
import { inOrder, type Scene, startScene } from "./scene.ts";

// The sample agent does what words of the prompt say; the first one works until it is stopped.
const staying = "Describe the layout, then wait for me";
const asking = "Ask permission to clean the build output";
const working = "Work on the documentation";

describe("the main job", () => {
  inOrder();
  let scene: Scene;
  before(async () => {
    scene = await startScene({ name: "main-job" });
  });
  after(() => scene?.close());

  it("welcomes a person who has no host yet", async () => {
    const agents = new AgentsView(scene.workbench);
    await agents.show();
    await agents.welcome.filter({ hasText: "Add a Host" }).waitFor();
    await scene.workbench.screenshotThemes("empty");
  });

  it("connects a host by its address and token", async () => {
    await flow.addHost(scene.workbench, scene.host);
    await new AgentsView(scene.workbench).welcome.filter({ hasText: "No agent has been launched yet" }).waitFor();
  });

  it("launches agents and tells what each of them does", async () => {
    const { workbench, repositoryUrl: repository } = scene;
    for (const prompt of [staying, asking, working]) {
      await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt });
    }
    await flow.waitForRow(workbench, staying, /working/);
    await flow.waitForRow(workbench, asking, /needs your approval/);
    // Two agents at a time is what this host allows.
    await flow.waitForRow(workbench, working, /queue/i);
    await workbench.screenshotThemes("tree");
  });

  it("says in the status bar and on the icon who needs the person", async () => {
    const bar = new StatusBar(scene.workbench);
    await bar.item.filter({ hasText: /1$/ }).waitFor();
    await bar.badge.filter({ hasText: "1" }).waitFor();
  });

  it("lets the queued agent work when another one is stopped, and streams what it writes", async () => {
    const { workbench } = scene;
    const panel = await flow.openAgent(workbench, working);
    const before = (await panel.transcript.innerText()).length;
    await flow.stopFromTree(workbench, staying);
    await panel.transcript.evaluate(
      (element, length) =>
        new Promise<void>((resolve) => {
          // A whole answer would arrive in one change; streamed text keeps growing.
          let growths = 0;
          let longest = length;
          new MutationObserver(() => {
            const now = (element.textContent ?? "").length;
            if (now <= longest) return;
            longest = now;
            growths++;
            if (growths >= 5) resolve();
          }).observe(element, { childList: true, subtree: true, characterData: true });
        }),
      before,
    );
    // Far enough for a picture that shows tools as well as text.
    await panel.transcript
      .getByText(/A test keeps those links alive/)
      .first()
      .waitFor();
    await workbench.screenshotThemes("session-streaming");
  });

  it("shows a request whole and lets the agent go on when it is approved", async () => {
    await flow.approveFromTree(scene.workbench, asking);
    await flow.waitForRow(scene.workbench, asking, /ready for review/);
  });

  it("keeps what the tools printed", async () => {
    const panel = await flow.openAgent(scene.workbench, working);
    await flow.waitForRow(scene.workbench, working, /ready for review/);
    await panel.select("Log");
    await panel.page
      .getByText(/\bpass 1\b/)
      .first()
      .waitFor();
    await scene.workbench.screenshotThemes("session-log");
    await panel.select("Changes");
    await panel.changedFiles.filter({ hasText: "CONTRIBUTING.md" }).waitFor();
    await scene.workbench.screenshotThemes("session-changes");
    await panel.select("Transcript");
  });

  it("opens the changes in the editor's own diff", async () => {
    const editor = await flow.review(scene.workbench, working);
    const names = await editor.names();
    assert.ok(
      names.some((name) => name.includes("CONTRIBUTING.md")),
      names.join(", "),
    );
    await scene.workbench.screenshotThemes("review");
  });

  it("creates a draft pull request of what was reviewed", async () => {
    const { gitHub, repository, workbench } = scene;
    const created = await flow.createPullRequest(workbench, working);
    await flow.waitForRow(workbench, working, new RegExp(`draft #${created.number}\\b`));
    await workbench.screenshotThemes("pull-request");
    const pull = repository.pulls.get(created.number);
    assert.equal(pull?.title, working);
    assert.equal(pull?.draft, true);
    assert.equal(pull?.base, "main");
    assert.match(pull?.body ?? "", new RegExp(`Reviewed-Commit: [0-9a-f]{40}`));
    assert.deepEqual(gitHub.violations, []);
  });

  it("finds the pull request that is there when asked again", async () => {
    const { repository, workbench } = scene;
    await workbench.command("Notifications: Clear All Notifications");
    const panel = await flow.openAgent(workbench, working);
    await panel.page.getByRole("button", { name: "Pull request #" }).waitFor();
    assert.equal(repository.pulls.size, 1);
  });

  it("has everything back after the window was reloaded", async () => {
    const { workbench } = scene;
    await workbench.reload();
    const agents = new AgentsView(workbench);
    await agents.show();
    await agents.row(working, /draft #\d+/).waitFor();
    await agents.row(asking, /ready for review/).waitFor();
    const tab = workbench.page.locator(".tabs-container .tab .label-name", { hasText: exactly(working) });
    await tab.click();
    await new SessionPanel(workbench).ready(working);
  });

  it("shows an agent in the tab that it had before the reload, not in a second one", async () => {
    const { workbench } = scene;
    const tabs = workbench.page.locator(".tabs-container .tab").filter({ hasText: asking });
    assert.equal(await tabs.count(), 1);
    await flow.openAgent(workbench, asking);
    assert.equal(await tabs.count(), 1);
  });

  it("sends comments on lines as one round, and shows at each what became of it", async () => {
    const { workbench } = scene;
    const remark = "Say where the output of the tests goes, too.";
    const editor = await flow.review(workbench, asking);
    await editor.comment("Build output goes to", remark);
    await workbench.screenshotThemes("review-comment");
    await workbench.command("Muster: Send Review Comments to Agent");
    await editor.thread(remark).filter({ hasText: "Answered" }).waitFor();
    const view = new ReviewView(workbench);
    await view.refresh();
    await editor
      .thread(remark)
      .filter({ hasText: /Moved from line|Outdated|Answered/ })
      .waitFor();
    await view.markViewed("CONTRIBUTING.md");
    await view.row("CONTRIBUTING.md", /, viewed/).waitFor();
    await workbench.screenshotThemes("review-answered");
  });

  it("takes work over beside a clone with uncommitted work, and merges what a person did into the agent's files", async () => {
    const { workbench, repository, repositoryUrl, host } = scene;
    const agents = new AgentsView(workbench);
    const notifications = new Notifications(workbench);
    await flow.waitForRow(workbench, asking, /ready for review.*1 comment open/);
    const clone = new URL(workbench.page.url()).searchParams.get("folder") ?? "";
    const git = async (...args: string[]) => (await promisify(execFile)("git", args, { cwd: clone })).stdout;
    await git("clone", "--quiet", repository.git.directory, ".");
    await git("remote", "set-url", "origin", repositoryUrl);
    const mine = (name: string) => path.join(clone, name);
    await writeFile(mine("readme.md"), `Mine.\n\n${await readFile(mine("readme.md"), "utf8")}`);

    const opened = workbench.page.context().waitForEvent("page");
    await agents.contextAction(asking, "Check Out Locally…");
    await notifications.answer(/Check out .* in /, "Check Out");
    const window = await opened;
    await window.waitForURL(/folder=/);
    const folder = new URL(window.url()).searchParams.get("folder") ?? "";
    await window.close();
    assert.match(await readFile(path.join(folder, "CONTRIBUTING.md"), "utf8"), /Build output goes to/);
    assert.equal(await git("status", "--porcelain"), " M readme.md\n");

    const send = async () => {
      await agents.contextAction(asking, "Send Changes of This Folder to Agent…");
      await notifications.answer(/Send the changes of /, "Send");
    };
    await send();
    await notifications.read(/has your changes/);
    const sessions = path.join(host.data, "sessions");
    const readmes = (await readdir(sessions)).map((id) =>
      readFile(path.join(sessions, id, "workspace/readme.md"), "utf8"),
    );
    assert.equal((await Promise.all(readmes)).filter((text) => text.startsWith("Mine.\n")).length, 1);
    await notifications.clear();
    // The agent has a file of that name: neither side is overwritten.
    await writeFile(mine("CONTRIBUTING.md"), "Mine.\n");
    await send();
    await notifications.read(/do not fit .*CONTRIBUTING\.md.*Nothing was changed/);
    await workbench.screenshot("hand-off-refused");
    await notifications.clear();
    assert.equal(await readFile(mine("CONTRIBUTING.md"), "utf8"), "Mine.\n");
  });

  it("tells in the row that a check of the pull request is red", async () => {
    const { gitHub, repository, workbench } = scene;
    const [pull] = repository.pulls.values();
    const log = "2026-01-05T09:00:00.0000000Z > node --test\n2026-01-05T09:00:01.0000000Z ##[error]not ok 1 - links\n";
    const red = { name: "test", status: "completed", conclusion: "failure", title: "1 failed", log } as const;
    gitHub.addCheckRun(repository, { ...red, headSha: pull?.headSha ?? "" });
    await workbench.command("Muster: Refresh Agents");
    await flow.waitForRow(workbench, working, /checks failed/);
    await workbench.screenshot("pull-request-red");
  });

  it("sends the agent what failed when the person has read it", async () => {
    const { workbench } = scene;
    const input = new QuickInput(workbench);
    await new AgentsView(workbench).inlineAction(working, "Fix Failing Checks");
    await input.step(/Failing checks of pull request/);
    await workbench.screenshot("fix-checks");
    await input.choose("Tell the Agent to Fix Them…");
    await input.step("Read the message, and change what you like");
    await workbench.screenshot("fix-checks-message");
    await input.choose("Send to the Agent");
    await flow.waitForRow(workbench, working, /new changes to push/);
  });

  it("pushes what was reviewed to the pull request that is there", async () => {
    const { gitHub, repository, workbench } = scene;
    const [pull] = repository.pulls.values();
    const before = pull?.headSha;
    await flow.review(workbench, working);
    const agents = new AgentsView(workbench);
    await agents.inlineAction(working, "Update Pull Request");
    await flow.agreeUntil(workbench, agents.row(working, /^(?!.*new changes to push).*draft #\d+/));
    await workbench.command("Notifications: Clear All Notifications");
    await flow.waitForRow(workbench, working, /draft #\d+/);
    const headSha = (await repository.git.branch(pull?.head ?? "")) ?? "";
    assert.notEqual(headSha, before);
    gitHub.addCheckRun(repository, { name: "test", status: "completed", conclusion: "success", headSha });
  });

  it("merges the pull request on a click when it is green, and archives the agent", async () => {
    const { gitHub, repository, workbench } = scene;
    const agents = new AgentsView(workbench);
    const input = new QuickInput(workbench);
    await workbench.command("Muster: Refresh Agents");
    await flow.waitForRow(workbench, working, /checks passed/);
    await agents.contextAction(working, "Mark Pull Request as Ready");
    await flow.waitForRow(workbench, working, /ready to merge/);
    await workbench.screenshot("pull-request-green");
    await agents.inlineAction(working, "Merge Pull Request");
    await input.step(/Merge pull request #\d+/);
    await workbench.screenshot("merge");
    await input.choose("Squash and Merge");
    await new Notifications(workbench).press(/Merged pull request #\d+/, "Archive Agent");
    await agents.row(working).waitFor({ state: "detached" });
    assert.equal(Array.from(repository.pulls.values())[0]?.merged, true);
    assert.deepEqual(gitHub.violations, []);
  });
});
