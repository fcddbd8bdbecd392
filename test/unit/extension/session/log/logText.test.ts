import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toAnsiLine, toPlainLine } from "../../../../../src/extension/session/log/ansiLine.ts";
import { LogText } from "../../../../../src/extension/session/log/logText.ts";

const textOf = (log: LogText, index: number) =>
  log
    .line(index)
    .spans.map(({ text }) => text)
    .join("");
const linesOf = (log: LogText) => Array.from({ length: log.lineCount }, (_, index) => textOf(log, index));
const plainOf = (log: LogText, from?: number, to?: number) => Array.from(log.plainText(from, to)).join("");

function aLog(...chunks: readonly string[]): LogText {
  const log = new LogText();
  for (const chunk of chunks) log.append(chunk);
  return log;
}

describe("a line of output", () => {
  it("is overwritten by carriage return and backspace, as a progress bar expects", () => {
    expect(toPlainLine("10%\r20%\r100%")).toBe("100%");
    expect(toPlainLine("done\b\bXY")).toBe("doXY");
    expect(toPlainLine("abc\rX")).toBe("Xbc");
  });

  it("keeps its colours where it is overwritten", () => {
    expect(toAnsiLine("\u001b[31mred\u001b[0m plain\r\u001b[32mok", {})).toEqual([
      { text: "ok", style: { fg: 2 } },
      { text: "d", style: { fg: 1 } },
      { text: " plain", style: {} },
    ]);
  });
});

describe("the output of a terminal", () => {
  it("has the line that is being written, and none after the last line feed", () => {
    expect(linesOf(aLog("a\nb\nc"))).toEqual(["a", "b", "c"]);
    expect(linesOf(aLog("a\nb\n"))).toEqual(["a", "b"]);
    expect(linesOf(aLog("a\n", "b", "b\n", "\n"))).toEqual(["a", "bb", ""]);
  });

  it("begins each line with the style that the one before left", () => {
    const log = aLog("\u001b[31mone\ntwo\u001b[0m\nthree\n");
    expect(log.line(1).spans).toEqual([{ text: "two", style: { fg: 1 } }]);
    expect(log.line(2).spans).toEqual([{ text: "three", style: {} }]);
  });

  it("is the same however it was cut into pieces, and whichever line is asked for first", () => {
    const unit = fc.constantFrom("a", "b", "\n", "\r", "\b", "\u001b[31m", "\u001b[0m", "\u001b]8;;https://a.b\u0007");
    fc.assert(
      fc.property(fc.array(fc.string({ unit, maxLength: 8 }), { maxLength: 12 }), (chunks) => {
        const [one, many] = [aLog(chunks.join("")), aLog(...chunks)];
        expect(linesOf(many)).toEqual(linesOf(one));
        expect(linesOf(many).toReversed()).toEqual(
          Array.from({ length: one.lineCount }, (_, index) => textOf(one, one.lineCount - 1 - index)),
        );
        expect(plainOf(many)).toBe(
          linesOf(one)
            .map((line) => `${line}\n`)
            .join(""),
        );
      }),
    );
  });

  it("finds any line of many at once", () => {
    const log = aLog();
    for (let at = 0; at < 200_000; at += 1000) {
      log.append(Array.from({ length: 1000 }, (_, index) => `line ${at + index}\n`).join(""));
    }
    expect(log.lineCount).toBe(200_000);
    for (const index of [0, 1, 999, 65_536, 123_456, 199_999]) expect(textOf(log, index)).toBe(`line ${index}`);
    expect(plainOf(log, 99_998, 100_001)).toBe("line 99998\nline 99999\nline 100000\n");
  });

  it("drops the oldest lines and counts them, and keeps the others where they were said to be", () => {
    const log = aLog(Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(""));
    const gone = log.dropOldest(20_000);
    expect(gone).toBeGreaterThanOrEqual(20_000);
    expect(log.dropped).toBe(gone);
    expect(log.lineCount).toBe(50_000 - gone);
    expect(textOf(log, 0)).toBe(`line ${gone}`);
    expect(textOf(log, log.lineCount - 1)).toBe("line 49999");
    log.append("more\n");
    expect(textOf(log, log.lineCount - 1)).toBe("more");
  });

  it("shows the beginning of a line that is very long, and says how much is left", () => {
    const log = aLog(`${"x".repeat(5_000)}\n`);
    expect(textOf(log, 0)).toHaveLength(2_000);
    expect(log.line(0).more).toBe(3_000);
    expect(plainOf(log)).toHaveLength(5_001);
  });

  it("does not grow without end where no line ends", () => {
    const progress = aLog();
    for (let index = 0; index < 20_000; index++) progress.append(`\rdone ${index} of 20000`);
    expect(progress.chars).toBeLessThan(200_000);
    expect(textOf(progress, progress.lineCount - 1)).toBe("done 19999 of 20000");
    const endless = aLog("y".repeat(300_000));
    expect(endless.lineCount).toBeGreaterThan(0);
    expect(plainOf(endless).replaceAll("\n", "")).toHaveLength(300_000);
  });

  it("takes many megabytes in good time, and costs little more than its text", () => {
    const log = aLog();
    const chunk = "\u001b[32m✓\u001b[0m test/some/file.test.ts (12 tests) 31ms\n".repeat(2_000);
    const startMs = performance.now();
    for (let index = 0; index < 100; index++) log.append(chunk);
    expect(log.lineCount).toBe(200_000);
    expect(performance.now() - startMs).toBeLessThan(4_000);
  });
});
