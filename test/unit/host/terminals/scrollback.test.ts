import { describe, expect, it } from "vitest";
import { shortened } from "../../../../src/host/terminals/scrollback.ts";

const limits = { max: 100, kept: 30 };
const part = (value: string) => ({ type: "unclassified", value }) as const;

describe("a terminal's scrollback", () => {
  it("is left alone up to its limit", () => {
    expect(shortened([part("x".repeat(100))], "", limits)).toBeUndefined();
  });

  it("keeps the last lines, whole, and says that there were more", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\r\n`).join("");
    const short = shortened([part(lines.slice(0, 50)), part(lines.slice(50))], "", limits) ?? "";
    expect(short).toContain("[earlier output was left out]");
    expect(short.endsWith("\r\nline 17\r\nline 18\r\nline 19\r\n")).toBe(true);
    expect(short).not.toContain("line 16");
  });

  it("sets the modes again that the dropped part had set", () => {
    expect(shortened([part("x".repeat(200))], "\x1b[?1049h", limits)).toContain("\x1b[?1049h");
  });

  it("cuts a line that is longer than what is kept, but no character", () => {
    const short = shortened([part("😀".repeat(101))], "", { max: 100, kept: 31 }) ?? "";
    expect(short.isWellFormed()).toBe(true);
    expect(short.length).toBeLessThan(100);
  });
});
