import type { ChangedFile } from "../../../../src/extension/fleet/changedFiles.ts";
import type { ShippableAgent } from "../../../../src/extension/ship/shippableAgent.ts";

export const reviewedCommit = "ab".repeat(20);

export function aFile(path: string, overrides: Partial<ChangedFile> = {}): ChangedFile {
  return {
    id: path,
    path,
    oldPath: undefined,
    status: "modified",
    before: undefined,
    after: undefined,
    added: 3,
    removed: 1,
    isBinary: false,
    mode: "100644",
    oldMode: undefined,
    ...overrides,
  };
}

export function anAgent(overrides: Partial<ShippableAgent> = {}): ShippableAgent {
  return {
    target: { hostId: "h1", session: "ahp-session:/s1" },
    title: "Fix the parser",
    agentName: "Sample agent",
    hostName: "Test host",
    repository: "https://github.com/o/r",
    baseBranch: "main",
    branch: "agent/fix-the-parser-12345678",
    head: reviewedCommit,
    phase: "ready",
    files: [aFile("src/parser.ts")],
    conflicts: 0,
    base: undefined,
    prompt: "Fix the parser, please.",
    tests: [{ command: "npm test", exitCode: 0, succeeded: true }],
    ...overrides,
  };
}
