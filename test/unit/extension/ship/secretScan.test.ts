import { describe, expect, it } from "vitest";
import { scanChanges } from "../../../../src/extension/ship/changeScan.ts";
import { secretsIn } from "../../../../src/extension/ship/secretScan.ts";
import { aFile } from "./anAgent.ts";

const aText = (path: string) => aFile(path, { after: { uri: path, blob: undefined, sizeBytes: 1 } });

describe("secrets among the changes", () => {
  it.each([
    ["privateKey", "-----BEGIN OPENSSH PRIVATE KEY-----"],
    ["gitHubToken", `token: ghp_${"a1".repeat(18)}`],
    ["gitHubToken", `github_pat_${"a1_".repeat(25)}`],
    ["awsKey", `AKIA${"B2".repeat(8)}`],
    ["modelKey", `sk-ant-api03-${"x9".repeat(25)}`],
    ["slackToken", "xoxb-123456789012-123456789012-abcdef"],
    ["npmToken", `//registry/:_authToken=npm_${"z0".repeat(18)}`],
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
    const [finding] = await scanChanges(files, async () => ({ before: "", after: key }));
    expect(finding).toMatchObject({ kind: "secret", severity: "block" });
    expect(finding?.sentence).toMatch(/^Looks like an AWS access key in f0\.ts:1, .* and 3 more\. Let the agent/);
    expect(finding?.sentence).not.toContain(key);
  });

  it("are not looked for in what is no text, and it is said what could not be read", async () => {
    const asked: string[] = [];
    const files = [aText("a.ts"), aFile("gone.ts"), { ...aText("b.png"), isBinary: true }, aText("c.ts")];
    const findings = await scanChanges(files, async ({ path }) => {
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

describe("what a merge left among the changes", () => {
  const left = "a\n<<<<<<< 0123\nours\n=======\ntheirs\n>>>>>>> 4567\nb\n";
  const findings = (before: string, after: string) => scanChanges([aText("a.ts")], async () => ({ before, after }));

  it("is asked about, with its place", async () => {
    expect(await findings("a\nb\n", left)).toMatchObject([
      { kind: "conflictMarks", severity: "warn", sentence: expect.stringContaining("left its marks in a.ts:2.") },
    ]);
    expect(await findings("a\r\n", "<<<<<<<\r\n>>>>>>>\r\n")).toHaveLength(1);
  });

  it.each([
    ["was there before", left, `${left}c\n`],
    ["underlines a heading", "", "Heading\n=======\n"],
    ["is one side alone", "", "<<<<<<< quoted\n"],
    ["is longer than a mark", "", "<<<<<<<<<\n>>>>>>>>>\n"],
  ])("is not what %s", async (_name, before, after) => {
    expect(await findings(before, after)).toEqual([]);
  });
});
