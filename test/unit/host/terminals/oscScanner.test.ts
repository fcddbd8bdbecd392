import { describe, expect, it } from "vitest";
import { OscScanner } from "../../../../src/host/terminals/oscScanner.ts";

describe("what a terminal's output says about it", () => {
  it.each([
    ["\x1b]0;vim notes\x07", { title: "vim notes" }],
    ["before\x1b]2;two\x1b\\after", { title: "two" }],
    ["\x1b]0;first\x07\x1b]0;last\x07", { title: "last" }],
    ["\x1b]7;file://box/home/a%20b\x07", { cwd: "/home/a b" }],
    ["\x1b]633;P;Cwd=/work/src\x07", { cwd: "/work/src" }],
    ["\x1b]633;E;secret command\x07", {}],
    ["\x1b]7;https://elsewhere/x\x07", {}],
    ["\x1b]7;file://box/%zz\x07", {}],
    ["\x1b]8;;https://link\x07text", {}],
    ["plain text", {}],
  ])("%j", (text, hints) => {
    expect(new OscScanner().scan(text)).toEqual(hints);
  });

  it("is understood in whatever pieces it comes", () => {
    const text = "prompt $ \x1b[?1049h\x1b]0;whole title\x1b\\ls\r\n";
    for (let at = 1; at < text.length; at += 1) {
      const scanner = new OscScanner();
      const found = { ...scanner.scan(text.slice(0, at)), ...scanner.scan(text.slice(at)) };
      expect(found).toEqual({ title: "whole title" });
      expect(scanner.modes).toBe("\x1b[?1049h");
    }
  });

  it("names the modes that are not as after a reset", () => {
    const scanner = new OscScanner();
    scanner.scan("\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000;1006h");
    expect(scanner.modes).toBe("\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000h\x1b[?1006h");
    scanner.scan("\x1b[?1049l\x1b[?25h\x1b[?1000;1006l");
    expect(scanner.modes).toBe("\x1b[?2004h");
  });

  it("forgets a sequence that never ends", () => {
    const scanner = new OscScanner();
    scanner.scan(`\x1b]0;${"x".repeat(10_000)}`);
    expect(scanner.scan("\x1b]0;next\x07")).toEqual({ title: "next" });
  });
});
