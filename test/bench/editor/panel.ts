import path from "node:path";
import type { BrowserContext } from "playwright-core";
import { LogText } from "../../../src/extension/session/log/logText.ts";
import { fleetSessionUri, terminalUri } from "../../../src/protocol/uris.ts";
import { aChat, aSession, aTurn, chat, markdown, session, terminalCall, toolPart } from "../../support/aChat.ts";
import type { FakeHost } from "../../support/fakeHost.ts";
import { ensureCodeServer } from "../../support/vscode/codeServer.ts";
import { compare, residentBytes } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { type Frames, traceFrames, wheel } from "./panelFrames.ts";
import { openPanelPage } from "./panelPage.ts";

const terminal = terminalUri("s1", "call-1");
const linesAtOnce = 5_000;

/**
 * The session panel's built page in a browser: frames while a million lines and 500 turns are scrolled, and under 10,000
 * lines a second, beside the same page at rest and VS Code's own terminal; and the longest task of its thread beside 50 ms.
 */
export const panel: Part = async (options) => {
  const lines = at(options, 1_000_000, 100_000, 10_000);
  const turns = at(options, 500, 500, 50);
  const ms = at(options, 5_000, 3_000, 500);
  const { page, host, close } = await openPanelPage((host) => prepare(host, turns));
  try {
    const idle = await traceFrames(page, () => page.waitForTimeout(ms / 2));
    const transcript = await traceFrames(page, () => wheel(page, -400, ms));
    await page.getByRole("tab", { name: /Log/ }).click();
    await page.locator(".log-rows").waitFor();
    for (let told = 0; told < lines; told += linesAtOnce) {
      host.act(terminal, { type: "terminal/data", data: someLines(told) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await page
      .locator(".log-total")
      .filter({ hasText: (lines + 1).toLocaleString("en") })
      .waitFor();
    const log = await traceFrames(page, async () => {
      await wheel(page, -900, ms / 2);
      await jump(page, ms / 2);
    });
    await page.getByRole("button", { name: "Follow the end" }).click();
    const tell = (data: string) => host.act(terminal, { type: "terminal/data", data });
    const flood = await traceFrames(page, () => feed(ms, tell));
    const theirs = await floodedTerminal(page.context(), ms);
    const beside = (what: string, frames: Frames, least: number) =>
      compare(`panel: frames a second, ${what} / at rest`, frames.perSecond, idle.perSecond, { atLeast: least });
    const longest = Math.max(transcript.longestTaskMs, log.longestTaskMs, flood.longestTaskMs);
    return [
      beside(`${turns} turns scrolled`, transcript, 0.9),
      beside(`${lines.toLocaleString("en")} lines scrolled`, log, 0.9),
      beside("10,000 lines a second", flood, 0.9),
      compare(
        "panel: frames a second under 10,000 lines a second / VS Code's terminal (xterm.js) with the same lines",
        flood.perSecond,
        theirs.perSecond,
        { atLeast: 0.9 },
      ),
      compare(
        "panel: longest time between two frames then, ms / VS Code's terminal",
        flood.longestFrameMs,
        theirs.longestFrameMs,
        { atMost: 1.5 },
      ),
      compare("panel: the longest task of the page, ms CPU / 50 ms", longest, 50, { atMost: 1 }),
      compare("panel: elements on the page with all lines / 300", log.nodes, 300, { atMost: 1 }),
      compare("panel: bytes for a line beside its text / 80", await bytesOfLine(lines), 80, { atMost: 1 }),
    ];
  } finally {
    await close();
  }
};

function prepare(host: FakeHost, turns: number): void {
  host.put(session, aSession());
  const texts = Array.from({ length: turns }, (_, index) =>
    aTurn(`t${index}`, [
      markdown(
        `# Turn ${index}\n\nSome *text* with \`code\`.\n\n- a\n- b\n\n\`\`\`ts\nconst a = ${index};\n\`\`\`\n\n${"More to read. ".repeat(index % 40)}`,
      ),
      ...(index === turns - 1 ? [toolPart(terminalCall(terminal, "call-1"))] : []),
    ]),
  );
  host.put(chat, aChat({ turns: texts }));
  host.put(terminal, { title: "npm test", content: [], claim: { kind: "session", session } });
  host.put(fleetSessionUri("s1"), {
    session,
    provider: "sample",
    createdAt: "2026-01-01T00:00:00Z",
    repository: "https://github.com/acme/widgets",
    isolation: "bubblewrap",
    phase: "ready",
    checkpoints: [],
    usage: { inputTokens: 0, outputTokens: 0 },
  });
}

function someLines(from: number): string {
  return Array.from(
    { length: linesAtOnce },
    (_, index) => `\u001b[32m✓\u001b[0m test/some/file${from + index}.test.ts (12 tests) 31ms\n`,
  ).join("");
}

/** The scroll bar, dragged to places anywhere. */
async function jump(page: Parameters<typeof wheel>[0], ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  for (let step = 1; performance.now() < untilMs; step++) {
    await page.locator(".log-rows").evaluate(
      (element, part) => {
        element.scrollTop = element.scrollHeight * part;
      },
      (step * 0.618) % 1,
    );
    await page.waitForTimeout(40);
  }
}

/** 10,000 lines a second, in portions as small as a socket brings them. */
async function feed(ms: number, tell: (data: string) => unknown): Promise<void> {
  const startMs = performance.now();
  for (let sent = 0; performance.now() - startMs < ms;) {
    let data = "";
    for (const due = (performance.now() - startMs) * 10; sent < due; sent++) {
      data += `\u001b[3${sent % 8}mline ${sent}\u001b[0m of a flood with some text after it\n`;
    }
    if (data !== "") await tell(data);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

/** The terminal that VS Code draws its own with, in a page of its own. */
async function floodedTerminal(context: BrowserContext, ms: number): Promise<Frames> {
  const { serverMain } = await ensureCodeServer();
  const page = await context.newPage();
  await page.setContent("<body style='margin: 0'><div id='terminal'></div></body>");
  const lib = path.resolve(serverMain, "../../node_modules/@xterm/xterm");
  await page.addScriptTag({ path: path.join(lib, "lib/xterm.js") });
  await page.addStyleTag({ path: path.join(lib, "css/xterm.css") });
  await page.evaluate(() => {
    const made = new (Reflect.get(globalThis, "Terminal"))({
      cols: 120,
      rows: 48,
      scrollback: 10_000,
      convertEol: true,
    });
    made.open(document.getElementById("terminal"));
    Object.assign(globalThis, { made });
  });
  const write = (data: string) => page.evaluate((text) => void Reflect.get(globalThis, "made").write(text), data);
  const frames = await traceFrames(page, () => feed(ms, write));
  await page.close();
  return frames;
}

async function bytesOfLine(lines: number): Promise<number> {
  const before = await residentBytes();
  const log = new LogText();
  for (let told = 0; told < lines; told += linesAtOnce) log.append(someLines(told));
  const bytes = (await residentBytes()) - before - log.chars;
  return Math.max(1, bytes / log.lineCount);
}
