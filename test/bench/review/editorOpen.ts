import path from "node:path";
import { sampleAgentConfig } from "../../support/sampleAgent/sampleAgentConfig.ts";
import { Lifetime } from "../../support/vscode/lifetime.ts";
import { writeSettings } from "../../support/vscode/server.ts";
import { startVsCode, type Workbench } from "../../support/vscode/workbench.ts";
import { WireClient } from "../../host/wireClient.ts";
import { createSession, finished, prompt } from "../../host/sessionFixture.ts";
import { startHostProcess } from "../../workbench/hostProcess.ts";
import { packBuilt, temporaryFolder } from "../editor/builtEditor.ts";
import { compare, interleave } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { git, linesAFile, makeOrigin, writeAll } from "./manyFiles.ts";

const id = "11111111-bench-0000";
const reviewButton = '.sidebar .action-label[aria-label^="Review Changes"]';

/**
 * In a real VS Code: from the press on "Review Changes" until the first changed lines of a large change are drawn, beside the
 * editor's own view of the same change in a checked-out copy.
 */
export const editorOpen: Part = async (options) => {
  const files = at(options, 1_000, 200, 10);
  const lifetime = new Lifetime();
  try {
    const folder = await temporaryFolder(lifetime);
    const [origin, copy] = [path.join(folder, "origin.git"), path.join(folder, "copy")];
    await makeOrigin(origin, files);
    await git(folder, "clone", "--quiet", `file://${origin}`, copy);
    const host = await startHostProcess(lifetime, {
      folder: path.join(folder, "host"),
      agents: [sampleAgentConfig()],
      allowLocal: [folder],
      logFile: path.join(folder, "host.log"),
    });
    const client = await WireClient.connect(host.url, host.token);
    lifetime.defer(async () => client.close());
    const all = await createSession(client, id, "sample", origin);
    prompt(client, all, "t1", "Finish the guide");
    await finished(client, all, "t1");
    for (const place of [path.join(host.data, "sessions", id, "workspace"), copy]) writeAll(place, files, 2);
    await client.request("x-fleet/checkpoint", { channel: all.session });

    const vscode = await startVsCode({ name: "bench-review", vsix: [await packBuilt(folder)] });
    lifetime.defer(() => vscode.close());
    const hosts = [{ id: "bench", name: "Bench", url: host.url, tokenFile: path.join(folder, "host", "token") }];
    await writeSettings(vscode.server.dataDir, { "muster.hosts": hosts, "security.workspace.trust.enabled": false });
    const workbench = await vscode.openWindow({ workspaceFolder: copy });
    await workbench.page.locator('.activitybar .action-item:has(a[aria-label^="Muster"]) a').first().click();
    await workbench.page.locator(reviewButton).first().waitFor({ state: "attached" });
    // The editor has found all changes of the copy.
    await workbench.page
      .locator('.activitybar [aria-label*="Source Control"] .badge-content')
      .filter({ hasText: /\d/ })
      .waitFor();
    const costs = await interleave(
      {
        ours: () => opened(workbench, { button: reviewButton }),
        editor: () => opened(workbench, { command: "Git: Open Changes" }),
      },
      at(options, 5, 3, 1),
    );
    const of = `${files} files, ${files * linesAFile} lines`;
    return [
      compare(
        `${of}: until the first lines are drawn / the editor's own view of a checked-out copy, ms`,
        costs.ours,
        costs.editor,
        {
          atMost: 1.5,
        },
      ),
    ];
  } finally {
    await lifetime.end();
  }
};

type Press = { readonly button: string } | { readonly command: string };

/** From the press on a button, or Enter on a command, until the first changed lines of a multi-diff are drawn, in ms. */
async function opened(workbench: Workbench, press: Press): Promise<number> {
  const { page } = workbench;
  await workbench.command("View: Close All Editors");
  await page.locator(".multiDiffEntry").first().waitFor({ state: "detached" });
  if ("command" in press) {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget:visible input.input").fill(`>${press.command}`);
    await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: press.command }).first().waitFor();
  }
  const drawn = page.evaluate(
    async (button) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      setTimeout(() => reject(new Error("No diff was drawn.")), 30_000);
      let pressedAt = performance.now();
      document.addEventListener("keydown", () => (pressedAt = performance.now()), { once: true, capture: true });
      const look = () => {
        if (document.querySelector(".multiDiffEntry .line-insert") === null) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - pressedAt)));
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { childList: true, subtree: true });
      if (button !== undefined) document.querySelector<HTMLElement>(button)?.click();
      return promise;
    },
    "button" in press ? press.button : undefined,
  );
  if ("command" in press) await page.keyboard.press("Enter");
  return drawn;
}
