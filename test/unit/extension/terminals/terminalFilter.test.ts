import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TerminalFilter } from "../../../../src/extension/terminals/terminalFilter.ts";

const ESC = "\u001b";
const BEL = "\u0007";
const ST = `${ESC}\\`;
const filtered = (...chunks: string[]) => {
  const filter = new TerminalFilter();
  return chunks.map((chunk) => filter.write(chunk)).join("");
};

describe("what of a host's output reaches the editor's terminal", () => {
  it.each([
    ["text", "hello\r\nä👍🏽\t\b"],
    ["colours", `${ESC}[31;1mred${ESC}[m ${ESC}[38;2;1;2;3mx`],
    [
      "moves and modes of full-screen programs",
      `${ESC}[?1049h${ESC}[2J${ESC}[10;3H${ESC}7${ESC}8${ESC}(B${ESC}=${ESC}M`,
    ],
  ])("lets %s through", (_name, text) => {
    expect(filtered(text)).toBe(text);
  });

  it.each([
    ["the clipboard", `${ESC}]52;c;cm0gLXJmIC8=${BEL}`],
    ["a title", `${ESC}]0;root${ST}`],
    ["a link", `${ESC}]8;;file:///etc/passwd${ST}`],
    ["commands of the editor's own shell integration", `${ESC}]633;E;rm -rf /${BEL}`],
    ["pictures and other device strings", `${ESC}Pq#0;2;0${ST}${ESC}_Gdata${ST}${ESC}^x${ST}${ESC}Xx${ST}`],
    ["their 8-bit forms", `\u009d52;c;eA==\u009c\u0090q\u009c`],
  ])("keeps back %s", (_name, sequence) => {
    expect(filtered(`a${sequence}b`)).toBe("ab");
  });

  it("ends a string where a terminal does: at another sequence, at CAN and at SUB", () => {
    expect(filtered(`a${ESC}]0;x${ESC}[31mb`)).toBe(`a${ESC}[31mb`);
    expect(filtered(`a${ESC}]0;x\u0018b`)).toBe("ab");
    expect(filtered(`a${ESC}]0;x${ESC}]52;c;eA==${BEL}b`)).toBe("ab");
  });

  it("does not make a string of what is left around one that it keeps back (CON-1)", () => {
    expect(filtered(`${ESC}${ESC}]x${BEL}]52;c;eA==${BEL}`)).toBe(`]52;c;eA==${BEL}`);
    expect(filtered(`${ESC}\u009dx${BEL}]0;root${BEL}`)).toBe(`]0;root${BEL}`);
    expect(filtered(`${ESC}${ESC}`, `]52;c;x${ESC}`, "b")).toBe(`${ESC}b`);
  });

  it("knows a string whose beginning other controls stand in, as a terminal does (CON-1)", () => {
    expect(filtered(`a${ESC}\n]52;c;eA==${BEL}b`)).toBe("a\nb");
    expect(filtered(`a${ESC}\u0000\u007f`, `P1;2|x${ST}b`)).toBe("a\u0000\u007fb");
    expect(filtered(`a${ESC}\u0018]0;x`)).toBe(`a${ESC}\u0018]0;x`);
  });

  it("says the same however the output is cut", () => {
    const piece = fc.constantFrom(
      "a",
      "\n",
      "\u007f",
      ESC,
      `${ESC}[31m`,
      `${ESC}]52;c;x`,
      BEL,
      ST,
      "\u009d",
      "\u009c",
      "\\",
      "]",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(40)), (pieces, cuts) => {
        const text = pieces.join("");
        const at = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
        const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
        expect(filtered(...chunks)).toBe(filtered(text));
      }),
    );
  });
});
