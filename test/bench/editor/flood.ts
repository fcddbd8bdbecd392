import { createRequire } from "node:module";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { type WebSocket, WebSocketServer } from "ws";
import { packFolder } from "../../package/packExtension.ts";
import { terminalUri } from "../../../src/protocol/uris.ts";
import { aChat, aSession, aTurn, chat, session, terminalCall, toolPart } from "../../support/aChat.ts";
import { aSummary } from "../../support/clientOnFakeHost.ts";
import { FakeHost } from "../../support/fakeHost.ts";
import { Lifetime } from "../../support/vscode/lifetime.ts";
import { startVsCode, type VsCode, type Workbench } from "../../support/vscode/workbench.ts";
import { compare, median } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { packBuilt, temporaryFolder } from "./builtEditor.ts";
import { countFrames, type Frames } from "./panelFrames.ts";

const terminal = terminalUri("s1", "call-1");
const title = "An agent in a flood";

interface Lines {
  readonly restMs: number;
  readonly begins: string;
  readonly over: string;
  readonly floodFor: (ms: number, write: (text: string) => void) => Promise<void>;
}
const { restMs, begins, over, floodFor }: Lines = createRequire(import.meta.url)("./floodExtension/lines.cjs");

/** The same 10,000 lines a second into the session panel's log, the editor's terminal and its output panel, in one workbench. */
export const flood: Part = async (options) => {
  const lifetime = new Lifetime();
  const ms = at(options, 5_000, 3_000, 300);
  try {
    const folder = await temporaryFolder(lifetime);
    const floodVsix = path.join(folder, "flood.vsix");
    await packFolder(path.join(import.meta.dirname, "floodExtension"), floodVsix);
    const { host, url } = await startAgent(lifetime);
    const vscode = await startVsCode({
      name: "bench-flood",
      vsix: [await packBuilt(folder), floodVsix],
      settings: {
        "muster.hosts": [{ id: "bench", name: "Bench", url }],
        "muster.notifications.level": "off",
        "terminal.integrated.tabs.title": "${sequence}",
      },
      env: { MUSTER_BENCH_FLOOD_MS: String(ms) },
    });
    lifetime.defer(() => vscode.close());
    const seen: Record<"panel" | "terminal" | "output" | "rest", Frames[]> = {
      panel: [],
      terminal: [],
      output: [],
      rest: [],
    };
    for (let round = 0; round < at(options, 3, 1, 1); round++) {
      seen.rest.push(await inWindow(vscode, ({ page }) => restingFrames(page, ms)));
      seen.panel.push(await inWindow(vscode, (workbench) => floodPanel(workbench, host, ms)));
      seen.terminal.push(
        await inWindow(vscode, (workbench) =>
          floodByCommand(workbench, "Bench: Flood a Terminal", ".single-terminal-tab"),
        ),
      );
      seen.output.push(
        await inWindow(vscode, (workbench) =>
          floodByCommand(workbench, "Bench: Flood the Output Panel", ".part.panel .view-lines"),
        ),
      );
    }
    const perSecond = (frames: readonly Frames[]) => median(frames.map((frame) => frame.perSecond));
    // A task of less than 50 ms is not told: it counts as that.
    const longest = (frames: readonly Frames[]) => median(frames.map((frame) => Math.max(50, frame.longestTaskMs)));
    return [
      compare("flood: frames a second, panel / workbench at rest", perSecond(seen.panel), perSecond(seen.rest), {
        atLeast: 0.9,
      }),
      compare("flood: frames a second, panel / terminal", perSecond(seen.panel), perSecond(seen.terminal), {
        atLeast: 0.95,
      }),
      compare("flood: frames a second, panel / output panel", perSecond(seen.panel), perSecond(seen.output), {
        atLeast: 0.95,
      }),
      compare("flood: longest task, panel / terminal, ms", longest(seen.panel), longest(seen.terminal), { atMost: 1 }),
      compare("flood: longest task, panel / output panel, ms", longest(seen.panel), longest(seen.output), {
        atMost: 1,
      }),
    ];
  } finally {
    await lifetime.end();
  }
};

/** A host with one agent whose command prints what it is told to. */
async function startAgent(lifetime: Lifetime): Promise<{ readonly host: FakeHost; readonly url: string }> {
  const host = new FakeHost();
  host.sessions.set(session, aSummary(session, { title, status: 8 }));
  host.put(session, aSession({ title }));
  host.put(chat, aChat({ turns: [aTurn("t1", [toolPart(terminalCall(terminal, "call-1"))])] }));
  host.put(terminal, { title: "npm test", content: [], claim: { kind: "session", session } });
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  lifetime.defer(() => server.close());
  server.on("connection", (socket: WebSocket) => {
    const transport = host.connect();
    transport.onMessage((text) => socket.send(text));
    socket.on("message", (data: Buffer) => transport.send(data.toString("utf8")));
    socket.on("close", () => transport.close());
  });
  await new Promise<void>((resolve) => server.once("listening", resolve));
  const address = server.address();
  return { host, url: `ws://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}` };
}

async function inWindow(vscode: VsCode, look: (workbench: Workbench) => Promise<Frames>): Promise<Frames> {
  const workbench = await vscode.openWindow();
  try {
    return await look(workbench);
  } finally {
    await workbench.close();
  }
}

async function restingFrames(page: Page, ms: number): Promise<Frames> {
  await page.waitForTimeout(restMs);
  return countFrames(page, () => page.waitForTimeout(ms));
}

async function floodPanel(workbench: Workbench, host: FakeHost, ms: number): Promise<Frames> {
  const { page } = workbench;
  await page.locator('.activitybar .action-item:has(a[aria-label^="Muster"]) a').first().click();
  await page.locator(".sidebar .monaco-list-row", { hasText: title }).first().click();
  const panel = workbench.webview();
  await panel.getByRole("tab", { name: /Log/ }).click();
  const rows = panel.locator(".log-rows");
  await rows.waitFor();
  const [frames] = await Promise.all([
    framesOfFlood(page, rows),
    floodFor(ms, (data) => host.act(terminal, { type: "terminal/data", data })),
  ]);
  return frames;
}

/** @param says where the command says that the flood begins and is over. */
async function floodByCommand(workbench: Workbench, command: string, says: string): Promise<Frames> {
  await workbench.command(command);
  return framesOfFlood(workbench.page, workbench.page.locator(says));
}

/** From the first line to the last: what it takes to open what is flooded does not count. */
async function framesOfFlood(page: Page, says: Locator): Promise<Frames> {
  await says.filter({ hasText: begins }).first().waitFor();
  return countFrames(page, () => says.filter({ hasText: over }).first().waitFor());
}
