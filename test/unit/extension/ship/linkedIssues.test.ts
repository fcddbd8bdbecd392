import { describe, expect, it } from "vitest";
import { defaultGitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { closingLines, issueReferences } from "../../../../src/extension/ship/linkedIssues.ts";
import { fillTemplate } from "../../../../src/extension/ship/pullRequestTemplate.ts";

const repository = { server: defaultGitHubServer, owner: "o", repo: "r" };

describe("issues that a task refers to", () => {
  it.each([
    ["Fix #12, then #13 and #12", ["#12", "#13"]],
    ["see O/R#4 and other/repo#5", ["#4", "other/repo#5"]],
    ["https://github.com/o/r/issues/6 and https://github.com/a/b/issues/7", ["#6", "a/b#7"]],
    ["https://evil.example/o/r/issues/8", []],
    ["https://github.com.evil.example/o/r/issues/8", []],
    ["a/b/issues/9 color#10 #0 C#", []],
  ])("are found in %j", (text, labels) => {
    expect(issueReferences(text, repository).map(({ label }) => label)).toEqual(labels);
  });

  it("are bounded", () => {
    const text = Array.from({ length: 100 }, (_, index) => `#${index + 1}`).join(" ");
    expect(issueReferences(text, repository)).toHaveLength(20);
  });

  it("are closed one by one", () => {
    expect(closingLines(["#1", "a/b#2"])).toBe("Closes #1\nCloses a/b#2");
  });
});

describe("a repository's template", () => {
  const parts = {
    task: "## Task\n\n> Do it",
    changes: "## What changed\n\n1 file",
    tested: "## What was tested\n\n- ok",
  };

  it("gets each part under the heading that asks for it, and keeps all of its own", () => {
    const template = "## Summary\r\n<!-- why? -->\r\n\r\n## Testing\r\n\r\n## Checklist\r\n- [ ] docs\r\n";
    expect(fillTemplate(template, parts)).toBe(
      "## What changed\n\n1 file\n\n## Summary\n\n> Do it\n\n<!-- why? -->\n\n## Testing\n\n- ok\n\n## Checklist\n- [ ] docs",
    );
  });

  it("stands under all parts when it asks for none of them", () => {
    expect(fillTemplate("- [ ] I signed", parts)).toBe(`${Object.values(parts).join("\n\n")}\n\n- [ ] I signed`);
  });

  it("takes no heading from its code for one", () => {
    expect(fillTemplate("```\n# Summary\n```", parts)).toMatch(/```\n# Summary\n```$/);
  });
});
