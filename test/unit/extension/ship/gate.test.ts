import { describe, expect, it } from "vitest";
import { checkGate, type PathRisk, risksOf } from "../../../../src/extension/ship/gate.ts";
import { aFile, anAgent, reviewedCommit } from "./anAgent.ts";

const kinds = (overrides: Parameters<typeof anAgent>[0], reviewed: string | undefined = reviewedCommit) =>
  checkGate(anAgent(overrides), reviewed).map(({ kind, severity }) => `${severity} ${kind}`);

describe("risky paths", () => {
  const expected: readonly (readonly [string, readonly PathRisk[]])[] = [
    [".github/workflows/ci.yml", ["workflow"]],
    [".GitHub/Workflows/CI.yml", ["workflow"]],
    [".gitlab-ci.yml", ["workflow"]],
    ["docs/workflows/ci.yml", []],
    ["CODEOWNERS", ["owners"]],
    [".github/CODEOWNERS", ["owners"]],
    ["src/codeowners.ts", []],
    ["package-lock.json", ["lockfile"]],
    ["packages/a/pnpm-lock.yaml", ["lockfile"]],
    ["Cargo.lock", ["lockfile"]],
    [".husky/pre-commit", ["hook"]],
    ["lefthook.yml", ["hook"]],
    ["package.json", ["script"]],
    ["tools/install.sh", ["script"]],
    ["AGENTS.md", ["agentConfig"]],
    [".claude/settings.json", ["agentConfig"]],
    [".mcp.json", ["agentConfig"]],
    [".vscode/tasks.json", ["agentConfig"]],
    [".gitmodules", ["submodule"]],
    ["src/parser.ts", []],
  ];
  it.each(expected)("PR-4: %s is %j", (path, risks) => {
    expect(risksOf(aFile(path))).toEqual(risks);
  });

  it("PR-4: tells links, nested repositories and binaries by what git says", () => {
    expect(risksOf(aFile("a", { mode: "120000" }))).toEqual(["symlink"]);
    expect(risksOf(aFile("lib", { mode: "160000" }))).toEqual(["submodule"]);
    expect(risksOf(aFile("a.txt", { isBinary: true }))).toEqual(["binary"]);
    expect(risksOf(aFile("a.PNG", { isBinary: undefined }))).toEqual(["binary"]);
    expect(risksOf(aFile("a.png", { isBinary: false }))).toEqual([]);
  });

  it("PR-4: looks at the old path of a renamed file too", () => {
    expect(risksOf(aFile("notes.txt", { oldPath: "CODEOWNERS" }))).toEqual(["owners"]);
  });
});

describe("the gate", () => {
  it("PR-4: asks about each kind of risky path, by its own sentence", () => {
    const files = [
      aFile(".github/workflows/ci.yml"),
      aFile("CODEOWNERS"),
      aFile("package-lock.json"),
      aFile(".husky/pre-commit"),
      aFile("tools/install.sh"),
      aFile("AGENTS.md"),
      aFile("lib", { mode: "160000" }),
      aFile("link", { mode: "120000" }),
      aFile("a.bin", { isBinary: true }),
    ];
    const findings = checkGate(anAgent({ files }), reviewedCommit);
    expect(findings.map(({ kind, severity }) => `${severity} ${kind}`).toSorted()).toEqual(
      ["workflow", "owners", "lockfile", "hook", "script", "agentConfig", "submodule", "symlink", "binary"]
        .map((risk) => `warn ${risk}`)
        .toSorted(),
    );
    expect(new Set(findings.map(({ sentence }) => sentence)).size).toBe(9);
    for (const { path } of files)
      expect(
        findings.some(({ sentence }) => sentence.includes(path)),
        path,
      ).toBe(true);
  });

  it("lets a reviewed, tested, ordinary change pass without a word", () => {
    expect(kinds({})).toEqual([]);
  });

  it.each([
    [{}, undefined, "block notReviewed"],
    [{ head: "c".repeat(40) }, reviewedCommit, "block headMoved"],
    [{ head: undefined }, reviewedCommit, "block headMoved"],
    [{ phase: "working" as const }, reviewedCommit, "block stillWorking"],
    [{ files: Array.from({ length: 51 }, (_, index) => aFile(`f${index}`)) }, reviewedCommit, "warn large"],
    [{ files: [aFile("f", { added: 1900, removed: 101 })] }, reviewedCommit, "warn large"],
    [{ tests: [{ command: "npm test", exitCode: 1, succeeded: false }] }, reviewedCommit, "warn testsFailed"],
    [{ tests: [] }, reviewedCommit, "note notTested"],
  ])("case %# finds %s", (overrides, reviewed, finding) => {
    expect(checkGate(anAgent(overrides), reviewed).map(({ kind, severity }) => `${severity} ${kind}`)).toEqual([
      finding,
    ]);
  });

  it.each([
    [{ behind: 0 }, 0, []],
    [{ behind: 1 }, 0, ["note behindBase: It is 1 commit behind main, and still merges cleanly."]],
    [
      { behind: 4, overlap: "sameHunk" as const },
      0,
      ["note behindBase: It is 4 commits behind main, and still merges cleanly."],
    ],
    [
      { behind: 4, overlap: "conflict" as const, files: ["a.ts", "b.ts"], fileCount: 9 },
      1,
      [
        "warn conflictsWithBase: It cannot be merged with main, which has changed the same lines: a.ts, b.ts and 7 more.",
      ],
    ],
    [
      { behind: 1, overlap: "conflict" as const, files: ["a.ts"], fileCount: 1 },
      2,
      [
        "warn conflictsWithBase: It cannot be merged with main, which has changed the same lines: a.ts.",
        "warn conflicts: It cannot be merged with one other branch of the repository.",
      ],
    ],
  ])("tells how fresh the base is, and that it conflicts with it: %j", (base, conflicts, said) => {
    const whole = { baseBranch: "main", overlap: "none" as const, files: [], fileCount: 0, ...base };
    const findings = checkGate(anAgent({ base: whole, conflicts }), reviewedCommit);
    expect(findings.map(({ kind, severity, sentence }) => `${severity} ${kind}: ${sentence}`)).toEqual(said);
    expect(findings.filter(({ isOfBase }) => isOfBase)).toEqual(findings.filter(({ kind }) => kind.endsWith("Base")));
  });

  it("counts what it conflicts with where the host tells no more", () => {
    expect(kinds({ conflicts: 2, base: undefined })).toEqual(["warn conflicts"]);
  });

  it("names a few paths of each risk and counts the others", () => {
    const files = Array.from({ length: 7 }, (_, index) => aFile(`.github/workflows/${index}.yml`));
    const [finding] = checkGate(anAgent({ files }), reviewedCommit);
    expect(finding?.sentence).toBe(
      "Changes CI workflows: .github/workflows/0.yml, .github/workflows/1.yml, .github/workflows/2.yml, .github/workflows/3.yml, .github/workflows/4.yml and 2 more.",
    );
  });
});
