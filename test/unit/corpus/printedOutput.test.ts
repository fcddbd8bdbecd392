import { describe, expect, it } from "vitest";
import { LogText } from "../../../src/extension/session/log/logText.ts";
import { TerminalFilter } from "../../../src/extension/terminals/terminalFilter.ts";
import { con1 } from "../../corpus/output/con1Terminal.ts";
import { corpus } from "../../corpus/output/corpus.ts";

/** The text at once, and, where that takes no time, letter by letter: what is split must be the same. */
function chunkings(text: string): readonly (readonly string[])[] {
  return text.length > 2000 ? [[text]] : [[text], text.split("")];
}

function aLog(chunks: readonly string[]) {
  const log = new LogText();
  for (const chunk of chunks) log.append(chunk);
  return log;
}

// oxlint-disable no-control-regex -- finding control characters is the purpose
const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;
/** A terminal obeys these amid an escape and goes on with it: what is left tells which sequences there are. */
const amidEscape = /[\u0000-\u0017\u0019\u001c-\u001f\u007f]/g;
const strings = /\u001b[\]P_^X]|[\u0090\u0098\u009d-\u009f]/;
// oxlint-enable no-control-regex
const styles = new Set(["fg", "bg", "bold", "dim", "italic", "underline", "strike", "inverse", "link"]);

describe.each(corpus)("%s: output of programs", (group, entries) => {
  it(`${group}: keeps nothing but its text and its colours in the log`, () => {
    for (const [name, text] of Object.entries(entries)) {
      for (const chunks of chunkings(text)) {
        const log = aLog(chunks);
        for (let index = 0; index < log.lineCount; index++) {
          for (const span of log.line(index).spans) {
            expect(span.text, name).not.toMatch(controls);
            expect(
              Object.keys(span.style).filter((key) => !styles.has(key)),
              name,
            ).toEqual([]);
            expect(span.style.link ?? "https://", name).toMatch(/^https:\/\//);
          }
        }
        for (const portion of log.plainText()) expect(portion.replaceAll("\n", ""), name).not.toMatch(controls);
      }
    }
  });

  it(`${group}: says nothing to the editor's terminal but text, places and colours`, () => {
    for (const [name, text] of Object.entries(entries)) {
      const outputs = chunkings(text).map((chunks) => {
        const filter = new TerminalFilter();
        return chunks.map((chunk) => filter.write(chunk)).join("");
      });
      for (const output of outputs) {
        expect(output, name).toBe(outputs[0]);
        expect(output.replaceAll(amidEscape, ""), name).not.toMatch(strings);
      }
    }
  });
});

describe("control sequences", () => {
  it("CON-1: neither swallow what follows them nor leave a link", () => {
    for (const [name, text] of Object.entries(con1)) {
      const log = aLog([text]);
      const spans = Array.from({ length: log.lineCount }, (_, index) => log.line(index).spans).flat();
      expect(spans.map((span) => span.text).join(""), name).toContain("after");
      expect(
        spans.filter(({ style }) => style.link !== undefined),
        name,
      ).toEqual([]);
    }
  });
});
