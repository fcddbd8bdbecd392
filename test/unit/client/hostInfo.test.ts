import { describe, expect, it } from "vitest";
import { incompatible } from "../../../src/client/hostInfo.ts";

describe("the sentence about versions", () => {
  it("stays one line of a bounded length, whatever a host calls its versions", () => {
    const { message } = incompatible([
      "9\r\n9",
      "\u202e9",
      "x".repeat(1_000_000),
      ...Array<string>(1000).fill("7.7.7"),
    ]);
    expect(message).not.toMatch(/[\r\n\u202e]/);
    expect(message.length).toBeLessThan(600);
    expect(message).toContain("7.7.7");
  });
});
