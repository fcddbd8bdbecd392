import * as flow from "./flow.ts";
import { AgentsView, ReviewView } from "./pages/treeViews.ts";
import { inOrder, type Scene, startScene } from "./scene.ts";

const asking = "Finish the contribution guide";

describe("tmp review", () => {
  inOrder();
  let scene: Scene;
  before(async () => {
    scene = await startScene({ name: "tmp-review", paceMs: 5 });
  });
  after(() => scene?.close());

  it("launches", async () => {
    const { workbench, repositoryUrl: repository } = scene;
    await new AgentsView(workbench).show();
    await flow.addHost(workbench, scene.host);
    await flow.launchAgent(workbench, { agent: "Sample agent", repository, prompt: asking });
    await flow.waitForRow(workbench, asking, /ready for review/);
  });

  it("sends comments on lines as one round, and shows at each what became of it", async () => {
    const { workbench } = scene;
    const remark = "Say that the links work, too.";
    const editor = await flow.review(workbench, asking);
    workbench.page.setDefaultTimeout(7000);
    await workbench.screenshot("tmp-review-open");
    await editor.comment("Run these before", remark).catch(async (error) => {
      await workbench.screenshot("tmp-review-failed");
      console.log(await workbench.page.locator(".multiDiffEntry .view-line").allInnerTexts());
      throw error;
    });
    await workbench.screenshot("tmp-review-comment");
    await workbench.command("Muster: Send Review Comments to Agent");
    await editor.thread(remark).filter({ hasText: "Answered" }).waitFor();
    await workbench.screenshot("tmp-review-answered");
    const view = new ReviewView(workbench);
    await view.refresh();
    await editor.thread(remark).filter({ hasText: /Moved from line|Outdated|Answered/ }).waitFor();
    await view.markViewed("CONTRIBUTING.md");
    await view.row("CONTRIBUTING.md", /, viewed/).waitFor();
    await workbench.screenshot("tmp-review-viewed");
  });
});
