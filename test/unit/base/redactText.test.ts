import { describe, expect, it } from "vitest";
import { redactText } from "../../../src/base/redactText.ts";
import { plantedSecrets } from "../../support/plantedSecrets.ts";

const planted = plantedSecrets();

describe("SEC-1: a text that holds a credential", () => {
  it(`shows none of ${planted.length} formats, alone or among others`, () => {
    expect(planted.length).toBeGreaterThanOrEqual(200);
    const leaks = planted.filter(({ text, secret }) => redactText(text).includes(secret)).map(({ format }) => format);
    expect(leaks).toEqual([]);
    const together = planted.map(({ text }) => text).join("\n");
    // As programs print it for programs: once, and once more around that.
    for (const said of [together, JSON.stringify([together]), JSON.stringify(JSON.stringify({ said: together }))]) {
      const clean = redactText(said);
      expect(planted.filter(({ secret }) => clean.includes(secret)).map(({ format }) => format)).toEqual([]);
    }
  });

  it("keeps what it is about: names, counts, addresses, ids", () => {
    for (const text of [
      "stopping: the agent ended",
      "author: Jane",
      "inputTokens: 12, cachedTokensRead=99",
      "ssh://git@host.example/a.git",
      "tokenFile: /data/token",
      "ahp-chat://default/YWhwLXNlc3Npb246L2FhYWFhYWFhLWZ1bGwtMDAwMA",
      "commit 3f786850e387550fdab836ed7e6dc881de23001b",
      "ahp-session:/0b0cbb2c-1a55-4d54-8a24-1e6f0d4f1d9a",
      "/home/someone/Projects/One2Three/src/components/SomeVeryLongComponentName.test.ts:12:5",
      "Unexpected token } in JSON at position 4",
      "password: [redacted]",
    ]) {
      expect(redactText(text)).toBe(text);
    }
    expect(redactText("ws://127.0.0.1/?tkn=abc&x=1")).toBe("ws://127.0.0.1/?tkn=[redacted]&x=1");
    expect(redactText("https://me:pw@host.example/a", "***")).toBe("https://***@host.example/a");
  });

  it("takes time in proportion to the text, whatever it is made of", () => {
    const pieces = [
      "//",
      "token=",
      "eyJ",
      "-----BEGIN PRIVATE KEY-----",
      "sk-",
      "://a:",
      'secret="',
      "A1b",
      "token-",
      "\n ",
      "cookie:",
    ];
    for (const piece of pieces) {
      // Processor time, and the best of three: other tests run beside this one.
      const time = (length: number) => {
        const text = piece.repeat(length / piece.length);
        const once = () => {
          const before = process.cpuUsage();
          redactText(text);
          return process.cpuUsage(before).user / 1_000;
        };
        return Math.min(once(), once(), once());
      };
      time(1_000);
      // Eight times the text: a quadratic pattern would take 64 times as long.
      expect(time(160_000), JSON.stringify(piece)).toBeLessThan(Math.max(100, 25 * time(20_000)));
    }
  });
});
