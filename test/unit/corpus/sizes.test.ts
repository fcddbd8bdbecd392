import { describe, expect, it } from "vitest";
import { toLine, toVisibleText } from "../../../src/base/visibleText.ts";
import { diffLines } from "../../../src/extension/session/lineDiff.ts";
import { LogText } from "../../../src/extension/session/log/logText.ts";
import { pullRequestBody } from "../../../src/extension/ship/pullRequestText.ts";
import { TerminalFilter } from "../../../src/extension/terminals/terminalFilter.ts";
import { nodeOf } from "../../../src/extension/tree/agentNode.ts";
import { lexMarkdown, loadLexer } from "../../../src/webview/transcript/markdownTokens.ts";
import { con6 } from "../../corpus/output/con6Sizes.ts";
import { aFleetAgent, nowMs } from "../../support/aFleetAgent.ts";
import { anAgent, reviewedCommit } from "../extension/ship/anAgent.ts";

await loadLexer();

/** What is done with an output before the first of it is seen; each tells what is. */
const works: Readonly<Record<string, (text: string) => { readonly shown: number; readonly most: number }>> = {
  "a label": (text) => ({
    shown: nodeOf(aFleetAgent({ title: text, activity: text }), nowMs).spoken.length,
    most: 1000,
  }),
  "a line": (text) => ({ shown: toLine(text).length, most: 200 }),
  "the chat": (text) => {
    const tokens = lexMarkdown(text);
    return {
      shown: tokens === undefined ? toVisibleText(text.slice(0, 200_000)).length : tokens.length,
      most: 2_000_000,
    };
  },
  "the log": (text) => {
    const log = new LogText();
    for (let at = 0; at < text.length; at += 128 * 1024) log.append(text.slice(at, at + 128 * 1024));
    // A screenful, at its start and at its end.
    const indices = new Set([...Array(40).keys()].flatMap((row) => [row, log.lineCount - 1 - row]));
    const rows = [...indices].filter((row) => row >= 0 && row < log.lineCount).map((row) => log.line(row));
    const shown = rows.map(({ spans }) => spans.reduce((sum, span) => sum + span.text.length, 0));
    return { shown: Math.max(...shown), most: 2000 };
  },
  "the terminal": (text) => ({ shown: new TerminalFilter().write(text.slice(-1_000_000)).length, most: 1_000_000 }),
  "a diff": (text) => {
    // More than this is for the editor's own diff.
    const { hunks } = diffLines("old", text.slice(0, 2_000_000));
    return { shown: hunks.reduce((sum, { lines }) => sum + lines.length, 0), most: 500 };
  },
  "the text of a pull request": (text) => ({
    shown: pullRequestBody(anAgent({ title: text, prompt: text }), reviewedCommit).length,
    most: 60_000,
  }),
};

/** With the time that this process itself needed, whatever else the machine does. */
function timed<T extends object>(work: () => T): T & { readonly ms: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { ...result, ms: (user + system) / 1000 };
}

describe("outputs that are only large", () => {
  for (const [name, make] of Object.entries(con6)) {
    it(`CON-6: ${name}: the first of it is there within two seconds, and bounded`, () => {
      const text = make();
      for (const [work, run] of Object.entries(works)) {
        const { shown, most, ms } = timed(() => run(text));
        expect(ms, work).toBeLessThan(2000);
        expect(shown, work).toBeLessThanOrEqual(most);
      }
    });
  }

  it("CON-6: says of a long line how much more there is", () => {
    const log = new LogText();
    log.append("x".repeat(50_000));
    expect(log.line(0)).toMatchObject({ more: 48_000 });
  });
});
