import { describe, expect, it } from "vitest";
import { scanForSecrets, secretsIn } from "../../../../src/extension/ship/secretScan.ts";
import { aFile } from "./anAgent.ts";

const aText = (path: string) => aFile(path, { after: { uri: path, blob: undefined, sizeBytes: 1 } });

describe("secrets among the changes", () => {
  it.each([
    ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----"],
    ["a GitHub token", `token: ghp_${"a1".repeat(18)}`],
    ["a GitHub token", `github_pat_${"a1_".repeat(25)}`],
    ["an AWS access key", `AKIA${"B2".repeat(8)}`],
    ["a key of a model's API", `sk-ant-api03-${"x9".repeat(25)}`],
    ["a Slack token", "xoxb-123456789012-123456789012-abcdef"],
    ["an npm token", `//registry/:_authToken=npm_${"z0".repeat(18)}`],
  ])("are told by their look: %s", (what, after) => {
    expect(secretsIn({ before: "", after: `\n${after}` })).toEqual([{ line: 2, what }]);
    expect(secretsIn({ before: after, after: `more\n${after}` })).toEqual([]);
  });

  it.each([
    'const password = process.env["PASSWORD"];',
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "ghp_short AKIA123 sk-test npm_config_cache",
    `"integrity": "sha512-${"aB3/".repeat(20)}=="`,
    "task-ant-hill-with-a-very-long-name-that-goes-on-and-on-and-on",
  ])("are not what merely speaks of one: %s", (after) => {
    expect(secretsIn({ before: "", after })).toEqual([]);
  });

  it("are named with their places, without being shown", async () => {
    const key = `AKIA${"C3".repeat(8)}`;
    const files = Array.from({ length: 8 }, (_, index) => aText(`f${index}.ts`));
    const [finding] = await scanForSecrets(files, async () => ({ before: "", after: key }));
    expect(finding).toMatchObject({ kind: "secret", severity: "block" });
    expect(finding?.sentence).toMatch(/^Looks like an AWS access key in f0\.ts:1, .* and 3 more\. Let the agent/);
    expect(finding?.sentence).not.toContain(key);
  });

  it("are not looked for in what is no text, and it is said what could not be read", async () => {
    const asked: string[] = [];
    const files = [aText("a.ts"), aFile("gone.ts"), { ...aText("b.png"), isBinary: true }, aText("c.ts")];
    const findings = await scanForSecrets(files, async ({ path }) => {
      asked.push(path);
      if (path === "c.ts") throw new Error("no");
      return { before: "", after: "" };
    });
    expect(asked).toEqual(["a.ts", "c.ts"]);
    expect(findings).toEqual([
      { kind: "notScanned", severity: "note", sentence: "1 file was not looked through for secrets." },
    ]);
  });
});
