import { AnsiUp } from "ansi_up";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnsiSpan, AnsiStyle } from "../../../../../src/protocol/panelLog.ts";
import { AnsiScanner } from "../../../../../src/extension/session/log/ansiSpans.ts";

const scan = (...chunks: readonly string[]) => {
  const scanner = new AnsiScanner();
  return joined(chunks.flatMap((chunk) => scanner.write(chunk)));
};

/** Neighbours of the same style as one span: where a chunk ended does not matter. */
function joined(spans: readonly AnsiSpan[]): AnsiSpan[] {
  const result: AnsiSpan[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last && JSON.stringify(last.style) === JSON.stringify(span.style)) {
      result[result.length - 1] = { text: last.text + span.text, style: span.style };
    } else result.push(span);
  }
  return result;
}

const textOf = (spans: readonly AnsiSpan[]) => spans.map(({ text }) => text).join("");

describe("styles of output", () => {
  it("keeps colours and weights until they are reset", () => {
    expect(scan("a\u001b[1;31mb\u001b[22mc\u001b[0md")).toEqual([
      { text: "a", style: {} },
      { text: "b", style: { bold: true, fg: 1 } },
      { text: "c", style: { fg: 1 } },
      { text: "d", style: {} },
    ]);
  });

  it("knows the bright, the 256 and the true colours, with semicolons and with colons", () => {
    const fg = (code: string) => scan(`\u001b[${code}mx`)[0]?.style.fg;
    expect(fg("92")).toBe(10);
    expect(fg("38;5;9")).toBe(9);
    expect(fg("38;5;208")).toBe("rgb(255,135,0)");
    expect(fg("38;5;240")).toBe("rgb(88,88,88)");
    expect(fg("38;2;1;2;3")).toBe("rgb(1,2,3)");
    expect(fg("38:2::1:2:3")).toBe("rgb(1,2,3)");
    expect(fg("38;2;1;2;300")).toBeUndefined();
    expect(fg("38;5;300")).toBeUndefined();
    expect(scan("\u001b[38;5;208;1mx")[0]?.style).toEqual({ fg: "rgb(255,135,0)", bold: true });
  });

  it("makes links of https addresses only", () => {
    expect(scan("\u001b]8;;https://a.example\u0007docs\u001b]8;;\u001b\\ end")).toEqual([
      { text: "docs", style: { link: "https://a.example" } },
      { text: " end", style: {} },
    ]);
    for (const url of ["http://a", "command:x", "javascript:x", "file:///a", "vscode://x"]) {
      expect(scan(`\u001b]8;;${url}\u0007t`), url).toEqual([{ text: "t", style: {} }]);
    }
  });

  it("drops every other sequence whole", () => {
    const sequences = [
      "\u001b[2J",
      "\u001b[?25l",
      "\u001b[10;20H",
      "\u001b[>4;1m",
      "\u001b]0;title\u0007",
      "\u001b]52;c;ZXZpbA==\u0007",
      '\u001bP1$q"p\u001b\\',
      "\u001b_apc\u001b\\",
      "\u001b^pm\u001b\\",
      "\u001bXsos\u001b\\",
      "\u001b(B",
      "\u001bc",
      "\u009b2J",
      "\u009d0;title\u009c",
      "\u0090x\u009c",
      "\u0000",
      "\u0007",
      "\u0084",
    ];
    for (const sequence of sequences) {
      expect(textOf(scan(`a${sequence}b`)), JSON.stringify(sequence)).toBe("ab");
    }
  });

  it("does not let an unterminated or endless sequence swallow what follows", () => {
    expect(textOf(scan(`a\u001b]0;${"x".repeat(100_000)}\nb`))).toBe("a\nb");
    expect(textOf(scan(`a\u001b[${"1;".repeat(100_000)}mb`))).toBe("ab");
    expect(textOf(scan("a\u001b[1\nb"))).toBe("a\nb");
  });

  it("does not conceal text", () => {
    expect(scan("\u001b[8mhidden")).toEqual([{ text: "hidden", style: {} }]);
  });

  const piece = fc.oneof(
    fc.stringMatching(/^[a-z ]{0,6}$/),
    fc.constantFrom(
      "\n",
      "\u001b[",
      "\u001b]8;;https://a.example\u0007",
      "\u001b]0;t\u001b\\",
      "\u001b",
      "\u009b",
      "m",
      ";",
      "[",
      "\\",
    ),
    fc.array(fc.integer({ min: 0, max: 110 }), { maxLength: 4 }).map((codes) => `\u001b[${codes.join(";")}m`),
    fc.string({ unit: "binary", maxLength: 3 }),
  );

  it("gives the same however the output is cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
        (pieces, cuts) => {
          const text = pieces.join("");
          const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length];
          const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
          expect(scan(...chunks)).toEqual(scan(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("never lets a control character through but tab, line feed, carriage return and backspace", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
        expect(textOf(scan(pieces.join("")))).not.toMatch(/[\u0000-\u0007\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
      }),
      { numRuns: 500 },
    );
  });

  it("colours as ansi_up does", () => {
    const code = fc.constantFrom(0, 1, 3, 4, 22, 23, 24, 30, 31, 37, 39, 41, 47, 49, 90, 97, 100, 107);
    const color = fc.integer({ min: 16, max: 255 }).map((index) => `38;5;${index}`);
    const trueColor = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((rgb) => `48;2;${rgb.join(";")}`);
    const sgr = fc
      .array(fc.oneof(code.map(String), color, trueColor), { minLength: 1, maxLength: 3 })
      .map((codes) => `\u001b[${codes.join(";")}m`);
    const output = fc.array(fc.oneof(fc.stringMatching(/^[a-z]{1,5}$/), sgr), { maxLength: 16 });
    fc.assert(
      fc.property(output, (pieces) => {
        expect(scan(pieces.join("")).flatMap(perCharacter)).toEqual(oracle(pieces.join("")));
      }),
      { numRuns: 500 },
    );
  });
});

interface Painted {
  readonly char: string;
  readonly fg: string;
  readonly bg: string;
  readonly marks: string;
}

const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const colorName = (color: AnsiStyle["fg"]) =>
  typeof color === "number" ? `ansi-${color > 7 ? "bright-" : ""}${names[color % 8]}` : (color ?? "");

function perCharacter({ text, style }: AnsiSpan): Painted[] {
  const marks = [style.bold && "bold", style.italic && "italic", style.underline && "underline"]
    .filter(Boolean)
    .join(" ");
  return Array.from(text, (char) => ({ char, fg: colorName(style.fg), bg: colorName(style.bg), marks }));
}

/** What ansi_up's markup says of each character. */
function oracle(text: string): Painted[] {
  const ansiUp = new AnsiUp();
  ansiUp.use_classes = true;
  const html = ansiUp.ansi_to_html(text);
  return Array.from(html.matchAll(/<span([^>]*)>([^<]*)<\/span>|([^<]+)/g)).flatMap(
    ([, attributes = "", inner, bare]) => {
      const css = (name: string) => new RegExp(`(?:^|[";])${name}:([^;"]+)`).exec(attributes)?.[1] ?? "";
      const klass = (suffix: string) => new RegExp(`(ansi-[a-z-]+)-${suffix}\\b`).exec(attributes)?.[1] ?? "";
      const marks = [
        css("font-weight") === "bold" && "bold",
        css("font-style") === "italic" && "italic",
        css("text-decoration") === "underline" && "underline",
      ];
      return Array.from(inner ?? bare ?? "", (char) => ({
        char,
        fg: klass("fg") || css("color"),
        bg: klass("bg") || css("background-color"),
        marks: marks.filter(Boolean).join(" "),
      }));
    },
  );
}
