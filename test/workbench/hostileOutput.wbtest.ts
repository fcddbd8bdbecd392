import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { webviewPage } from "../../src/extension/platform/webviewPage.ts";
import type { ResponsePart } from "../../src/protocol/chatState.ts";
import type { OpenPanelPage } from "../bench/editor/panelPage.ts";
import { type Canary, startCanary } from "../corpus/canary.ts";
import { type ElementFacts, problemsOf } from "../corpus/harmless.ts";
import { con2Of } from "../corpus/output/con2Markup.ts";
import type { Entries } from "../corpus/output/entries.ts";
import { aChat, aSession, anActiveTurn, chat, markdown, pendingCall, session, toolPart } from "../support/aChat.ts";
import { standInForVscode } from "../support/vscodeStandIn.ts";

const origin = "https://panel.test";

/** The text in every place of a turn that an agent fills. */
function partsOf(text: string, id: string): readonly ResponsePart[] {
  const call = { toolCallId: `failed ${id}`, toolName: text, displayName: text, invocationMessage: text };
  return [
    markdown(text, id),
    toolPart({
      ...call,
      status: "completed",
      confirmed: "not-needed",
      // A call that failed is open.
      success: false,
      pastTenseMessage: text,
      toolInput: JSON.stringify({ command: text, [text]: text }),
      content: [
        { type: "text", text },
        { type: "embeddedResource", data: text, contentType: text },
      ],
      error: { message: text },
    }),
    toolPart(pendingCall(text, `pending ${id}`)),
  ];
}

describe("hostile output in a browser", () => {
  let canary: Canary;
  let panel: OpenPanelPage;
  const ran: string[] = [];
  before(async () => {
    canary = await startCanary();
    const parts = Object.entries(con2Of(canary.origin)).flatMap(([name, text]) => partsOf(text, name));
    standInForVscode();
    const { openPanelPage } = await import("../bench/editor/panelPage.ts");
    panel = await openPanelPage((host) => {
      host.put(session, aSession());
      host.put(chat, aChat({ activeTurn: anActiveTurn("1", parts) }));
    });
    await panel.page.exposeBinding("ran", ({ frame }) => void ran.push(frame.url()));
  });
  after(async () => {
    await panel?.close();
    canary?.close();
  });

  it("CON-2: is words alone on the real page, under the real policy, which has nothing to report", async () => {
    const { page, complaints } = panel;
    const turn = page.locator(".turn");
    await turn.locator(".approval").first().waitFor();
    const earlier = turn.getByRole("button", { name: /^Show earlier steps/ });
    while ((await earlier.count()) > 0) await earlier.click();
    const { found, text } = await turn.evaluate((element) => ({
      found: Array.from(element.querySelectorAll("*"), (each): ElementFacts => [
        each.tagName,
        Array.from(each.attributes, ({ name, value }) => [name, value]),
      ]),
      text: element.textContent ?? "",
    }));
    assert.ok(found.length > 2000, String(found.length));
    assert.deepEqual(problemsOf(found, text), []);
    assert.equal(await page.evaluate(() => typeof Reflect.get(globalThis, "acquireVsCodeApi")), "function");
    assert.deepEqual({ complaints, ran, asked: canary.asked }, { complaints: [], ran: [], asked: [] });
  });

  it("CON-2: is stopped by the policy alone, were all of it markup", async () => {
    const { page } = panel;
    const entries = con2Of(canary.origin);
    await showAsMarkup(page, entries, true);
    assert.deepEqual({ ran, asked: canary.asked }, { ran: [], asked: [] });
    // Without the policy most of them act, or all of this would prove nothing.
    await showAsMarkup(page, entries, false);
    assert.ok(ran.length > 20, `${ran.length} scripts ran`);
    assert.ok(canary.asked.length > 20, `${canary.asked.length} requests were made`);
  });
});

/** Each entry as the body of a page of its own, in a frame, as VS Code does with a webview. */
async function showAsMarkup(page: Page, entries: Entries, hasPolicy: boolean): Promise<void> {
  const bodies = Object.values(entries);
  const policy = /<meta http-equiv="Content-Security-Policy"[^>]*>/;
  const options = { title: "Agent", language: "en", texts: undefined, scriptNonce: "n", messageNonce: "n" };
  const html = webviewPage({ ...options, cspSource: origin, script: `${origin}/none.js`, style: `${origin}/main.css` });
  await page.route(`${origin}/markup/**`, async (route) => {
    const [, index = ""] = /\/(\d+)$/.exec(route.request().url()) ?? [];
    // VS Code's own page lets its frames go nowhere else.
    const frames = bodies.map((_, at) => `<iframe src="${origin}/markup/${at}"></iframe>`).join("");
    const outer = `<!DOCTYPE html>${hasPolicy ? `<meta http-equiv="Content-Security-Policy" content="frame-src 'self'">` : ""}${frames}`;
    const inner = html.replace(/<script .*<\/script>/, () => bodies[Number(index)] ?? "");
    const body = index === "" ? outer : hasPolicy ? inner : inner.replace(policy, "");
    await route.fulfill({ body, contentType: "text/html" });
  });
  await page.goto(`${origin}/markup/`, { waitUntil: "load" });
  // What an element asks for after it has loaded, it has asked for by then.
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 1000 })));
  await page.unroute(`${origin}/markup/**`);
}
