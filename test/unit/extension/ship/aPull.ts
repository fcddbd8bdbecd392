import type { PullRequest } from "../../../../src/extension/ship/gitHubPort.ts";

/** A draft of the branch of `anAgent`. */
export function aPull(changes: Partial<PullRequest> = {}): PullRequest {
  return {
    number: 7,
    id: "PR_7",
    url: "https://github.com/o/r/pull/7",
    state: "draft",
    title: "t",
    body: "",
    baseBranch: "main",
    headBranch: "agent/fix-the-parser-12345678",
    headCommit: "f".repeat(40),
    ...changes,
  };
}
