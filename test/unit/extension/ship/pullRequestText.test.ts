import * as fc from "fast-check";
import { marked, type Token } from "marked";
import { describe, expect, it } from "vitest";
import { countInvisible } from "../../../../src/base/visibleText.ts";
import {
  cleanTitle,
  finishBody,
  maxBodyBytes,
  neutralise,
  provenance,
  pullRequestBody,
  pullRequestTitle,
} from "../../../../src/extension/ship/pullRequestText.ts";
import { aFile, anAgent, reviewedCommit } from "./anAgent.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** What a reader's page treats as prose: all text that Markdown does not show as code. */
function proseOf(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token): readonly string[] => {
    if (token.type === "code" || token.type === "codespan") return [];
    const inner: unknown = "items" in token ? token["items"] : "tokens" in token ? token["tokens"] : undefined;
    return Array.isArray(inner) && inner.length > 0 ? proseOf(inner as Token[]) : [token.raw];
  });
}

describe("the text of a pull request", () => {
  it("says what was asked, what changed, what was tested, and where it comes from", () => {
    const body = pullRequestBody(
      anAgent({
        files: [
          aFile("src/a.ts"),
          aFile("b.png", { isBinary: true, status: "added" }),
          aFile("n.ts", { oldPath: "o.ts", status: "renamed" }),
        ],
        tests: [
          { command: "npm test", exitCode: 0, succeeded: true },
          { command: "pytest", exitCode: undefined, succeeded: false },
        ],
      }),
      reviewedCommit,
    );
    expect(body).toBe(`## Task

> Fix the parser, please.

## What changed

3 files, +9 −3

- \`src/a.ts\` (+3 −1)
- \`b.png\` added (binary)
- \`o.ts\` → \`n.ts\` renamed (+3 −1)

## What was tested

- \`npm test\`: passed (exit status 0)
- \`pytest\`: failed (as the agent reports)

---
Agent: Sample agent
Agent-Session: ahp-session:/s1
Reviewed-Commit: ${reviewedCommit}
Created-With: Muster
`);
  });

  it.each([
    ["@octocat and @org/team, see me@example.com", "＠octocat and ＠org/team, see me@example.com"],
    ["Fixes #12 and closes: owner/repo#3", "Fixes issue #12 and closes: issue owner/repo#3"],
    ["resolved [#4](x), fix **GH-5**", "resolved [issue #4](x), fix **issue GH-5**"],
    ["close https://github.com/o/r/issues/1", "close issue https://github.com/o/r/issues/1"],
    ["a <!-- hidden --> b <img src=x>", "a &lt;!-- hidden --> b &lt;img src=x>"],
    ["![pixel](https://evil.example/p.png)", "!\\[pixel](https://evil.example/p.png)"],
    ["user‮txt.exe \u200bzero\u{e0041}tag", "usertxt.exe zerotag"],
    ["x < 3 and the fix of 12 things", "x < 3 and the fix of 12 things"],
  ])("PR-1: takes the sting out of %j", (given, expected) => {
    expect(neutralise(given)).toBe(expected);
  });

  it("PR-1: neither notifies, closes, hides nor outgrows anything, whatever the agent wrote", () => {
    const hostile = fc.constantFrom(
      "@octocat",
      "fixes #1",
      "Closes:\n#2",
      "<!--",
      "-->",
      "<script>",
      "‮",
      "\u200b",
      "```",
      "\0",
      "![",
      "a".repeat(50),
      "\u{e0001}",
      "ä",
    );
    const text = fc
      .array(fc.oneof(hostile, fc.string({ unit: "binary" })), { maxLength: 20 })
      .map((parts) => parts.join(" "));
    fc.assert(
      fc.property(text, text, text, (title, prompt, path) => {
        const body = pullRequestBody(anAgent({ title, prompt, files: [aFile(path)] }), reviewedCommit);
        const prose = proseOf(marked.lexer(body)).join("\n");
        expect(prose).not.toMatch(/(?<![A-Za-z0-9_])@[A-Za-z0-9]/);
        expect(prose).not.toMatch(/\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[^\p{L}\p{N}]{0,30}#\d/iu);
        expect(prose).not.toMatch(/<!--|<script/);
        expect(countInvisible(body)).toBe(0);
        expect(bytes(body)).toBeLessThanOrEqual(maxBodyBytes);
        const short = pullRequestTitle(anAgent({ title }));
        expect(short).toMatch(/^.{1,120}$/u);
        expect(countInvisible(short)).toBe(0);
      }),
    );
  });

  it("PR-1: has at most 60 KB and a title of 120 characters when everything that the agent wrote is a megabyte", () => {
    const megabyte = "@octocat fixes #1 <!-- ![x](https://evil.example) \u202e\u{e0041} ".repeat(18_000);
    const agent = anAgent({ title: megabyte, prompt: megabyte, files: [aFile(megabyte)], agentName: megabyte });
    const started = performance.now();
    const body = pullRequestBody(agent, reviewedCommit, megabyte);
    expect(bytes(body)).toBeLessThanOrEqual(60_000);
    expect(maxBodyBytes).toBe(60_000);
    expect(countInvisible(body)).toBe(0);
    expect(body).toContain(`Reviewed-Commit: ${reviewedCommit}`);
    expect(pullRequestTitle(agent)).toMatch(/^.{1,120}$/u);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it("keeps a path with backticks inside its code", () => {
    const body = pullRequestBody(anAgent({ files: [aFile("a`b @octocat.ts")] }), reviewedCommit);
    expect(body).toContain("- `` a`b @octocat.ts `` (+3 −1)");
  });

  it("shortens a body that is too large and keeps its provenance", () => {
    const trailer = provenance(anAgent(), reviewedCommit);
    const body = finishBody("ä line of text\n".repeat(10_000), trailer);
    expect(bytes(body)).toBeLessThanOrEqual(maxBodyBytes);
    expect(body).toMatch(/line of text\n\n\(shortened\)\n\n---\nAgent: /);
    expect(body.endsWith(`${trailer}\n`)).toBe(true);
  });

  it("has one provenance, of the commit that is shipped, after edits and retries", () => {
    const first = pullRequestBody(anAgent(), "1".repeat(40));
    const second = finishBody(`My words.\n${first}`, provenance(anAgent(), "2".repeat(40)));
    expect(second.match(/Reviewed-Commit: .*/g)).toEqual([`Reviewed-Commit: ${"2".repeat(40)}`]);
    expect(second).toContain("My words.");
  });

  it("leaves mentions and closing keywords that a person typed", () => {
    expect(finishBody("Closes #3, thanks @octocat", "X: y")).toBe("Closes #3, thanks @octocat\n\n---\nX: y\n");
    expect(cleanTitle("  Fixes\n#3 ")).toBe("Fixes #3");
  });
});
