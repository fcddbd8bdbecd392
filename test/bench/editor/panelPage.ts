import path from "node:path";
import { type Browser, chromium as playwright, type Page } from "playwright-core";
import { Emitter } from "../../../src/base/emitter.ts";
import { untranslated } from "../../../src/base/l10n.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { AhpClient } from "../../../src/client/ahpClient.ts";
import { systemClock } from "../../../src/extension/platform/clock.ts";
import { panelActions, type PanelPorts } from "../../../src/extension/session/panelActions.ts";
import { PanelBridge } from "../../../src/extension/session/panelBridge.ts";
import { webviewPage } from "../../../src/extension/platform/webviewPage.ts";
import { PanelSource } from "../../../src/extension/session/panelSource.ts";
import type { PanelOutbound } from "../../../src/protocol/panel.ts";
import { FakeHost } from "../../support/fakeHost.ts";
import { session } from "../../support/aChat.ts";
import { ensureChromium } from "../../support/vscode/chromium.ts";

const bundle = path.resolve(import.meta.dirname, "../../../dist/webview");
const origin = "https://panel.test";

/** The built page of a session panel in a browser, under its own policy, with the extension's end of it in this process. */
export interface OpenPanelPage {
  readonly page: Page;
  readonly host: FakeHost;
  /** What the page was refused by its policy, and errors of its script. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
}

/** @param prepare puts the agent's channels on the host. */
export async function openPanelPage(prepare: (host: FakeHost) => void): Promise<OpenPanelPage> {
  const host = new FakeHost();
  prepare(host);
  const client = new AhpClient({
    dial: async () => host.connect(),
    clientId: "bench",
    clientInfo: { name: "bench" },
    clock: systemClock,
    random: () => 0.5,
    logger: silentLogger,
  });
  const browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  const bridge = await connect(page, client);
  client.connect();
  await page.goto(`${origin}/index.html`);
  await page.locator("header h1").filter({ hasText: "Fix the parser" }).waitFor();
  return {
    page,
    host,
    complaints,
    close: async () => {
      bridge.dispose();
      client.dispose();
      await browser.close();
    },
  };
}

async function launch(): Promise<Browser> {
  const { executablePath, env } = await ensureChromium();
  const given = Object.entries({ ...process.env, ...env }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return playwright.launch({
    executablePath,
    env: Object.fromEntries(given),
    args: [
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--enable-precise-memory-info",
      // Whether a page may ask this machine for something is for the page's policy to say, not for the browser.
      "--disable-features=LocalNetworkAccessChecks",
    ],
  });
}

const unused = async () => undefined;
const ports: PanelPorts = {
  review: unused,
  createPullRequest: unused,
  showPullRequest: unused,
  actOnPullRequest: unused,
  openFileDiff: unused,
  openText: unused,
  copy: unused,
  save: async () => true,
  confirmRestore: async () => true,
  fork: unused,
  compare: unused,
  setBudget: unused,
  raiseBudget: unused,
  readSides: async () => ({ before: "", after: "" }),
  openExternal: unused,
  reconnect: () => undefined,
  signIn: unused,
};

/** What sessionPanels.ts does with a webview of the editor. */
async function connect(page: Page, client: AhpClient): Promise<PanelBridge> {
  const target = { hostId: "a", session };
  const changed = new Emitter<{ added: string[]; changed: string[]; removed: string[] }>(() => undefined);
  client.onDidChangeState(() => changed.fire({ added: [], changed: ["a"], removed: [] }));
  const connection = {
    host: { id: "a", name: "bench", url: "wss://bench.example" },
    client,
    get state() {
      return client.state;
    },
  };
  const source = new PanelSource({
    target,
    connections: { get: () => connection, onDidChange: changed.event },
    fleet: { get: () => undefined, onDidChange: () => ({ dispose: () => undefined }) },
    signIn: { isNeeded: () => false, onDidChange: () => ({ dispose: () => undefined }) },
    clock: systemClock,
    logger: silentLogger,
  });
  let ids = 0;
  const newId = () => `new-${++ids}`;
  const bridge = new PanelBridge({
    source,
    handlers: panelActions({ source, target, ports, clock: systemClock, newId, telemetry: { send: () => undefined } }),
    logPorts: ports,
    agent: target,
    nonce: "n",
    t: untranslated,
    post: (message) => void deliver(page, message),
    clock: systemClock,
    logger: silentLogger,
  });
  await page.exposeBinding("toExtension", (_source, message: unknown) => bridge.receive(message));
  await page.addInitScript(() => {
    let state: unknown;
    Object.assign(globalThis, {
      acquireVsCodeApi: () => ({
        postMessage: (message: unknown) => void Reflect.get(globalThis, "toExtension")(message),
        getState: () => state,
        setState: (next: unknown) => {
          state = next;
        },
      }),
    });
  });
  await page.route(`${origin}/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    if (name !== "index.html") return route.fulfill({ path: path.join(bundle, path.basename(name)) });
    const body = webviewPage({
      title: "Agent",
      language: "en",
      texts: undefined,
      cspSource: origin,
      script: `${origin}/main.js`,
      style: `${origin}/main.css`,
      scriptNonce: "bench",
      messageNonce: "n",
    });
    return route.fulfill({ body, contentType: "text/html" });
  });
  return bridge;
}

/** A page that is being closed hears nothing more. */
async function deliver(page: Page, message: PanelOutbound): Promise<void> {
  await page.evaluate((data) => window.postMessage(data, "*"), message).catch(() => undefined);
}
