import { toLine } from "../../base/visibleText.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import type { ShippableAgent } from "./shippableAgent.ts";

/** Why a person should look twice at a path. */
export type PathRisk =
  | "workflow"
  | "owners"
  | "lockfile"
  | "hook"
  | "script"
  | "agentConfig"
  | "submodule"
  | "symlink"
  | "binary";

export type FindingKind =
  | PathRisk
  | "notReviewed"
  | "headMoved"
  | "stillWorking"
  | "large"
  | "testsFailed"
  | "notTested"
  | "conflicts"
  | "secret"
  | "notScanned";

/** `block` stops the pull request until the person has done something else first, `warn` asks once, `note` only tells. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: "block" | "warn" | "note";
  /** For people: what, and for a block also how to go on. */
  readonly sentence: string;
}

const patterns: Readonly<Record<Exclude<PathRisk, "symlink" | "binary">, RegExp>> = {
  workflow:
    /^\.github\/(?:workflows|actions)\/|^(?:\.gitlab-ci\.ya?ml|azure-pipelines\.ya?ml|jenkinsfile|\.travis\.yml|\.drone\.yml|bitbucket-pipelines\.yml)$|^\.(?:circleci|buildkite|gitlab)\/|^\.ci\//,
  owners: /^(?:\.github\/|docs\/|\.gitlab\/)?codeowners$/,
  lockfile:
    /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|deno\.lock|cargo\.lock|poetry\.lock|uv\.lock|pipfile\.lock|pdm\.lock|gemfile\.lock|composer\.lock|go\.sum|gradle\.lockfile|packages\.lock\.json|flake\.lock|mix\.lock|pubspec\.lock|podfile\.lock)$/,
  hook: /(?:^|\/)(?:\.husky|\.githooks|githooks|\.git)\/|(?:^|\/)(?:\.?lefthook(?:-local)?\.(?:ya?ml|toml|json)|\.pre-commit-config\.yaml|\.huskyrc(?:\.\w+)?|\.lintstagedrc(?:\.\w+)?)$/,
  script:
    /(?:^|\/)(?:package\.json|\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.cjs|setup\.py|build\.rs|makefile|dockerfile|conanfile\.py)$|\.(?:sh|bash|zsh|ps1|bat|cmd)$/,
  agentConfig:
    /(?:^|\/)(?:agents|claude|gemini|copilot-instructions)\.md$|(?:^|\/)\.(?:claude|gemini|codex|cursor|windsurf|aider|vscode|devcontainer|idea)(?:\/|$)|(?:^|\/)(?:\.mcp\.json|\.envrc|\.cursorrules|\.devcontainer\.json|\.aider\.conf\.yml)$|^\.github\/(?:agents|prompts|instructions)\/|\.code-workspace$/,
  submodule: /(?:^|\/)\.gitmodules$/,
};

const binaryPattern =
  /\.(?:exe|dll|so|dylib|a|o|lib|obj|class|jar|war|wasm|node|pyc|bin|dat|zip|gz|tgz|bz2|xz|7z|rar|tar|whl|nupkg|vsix|png|jpe?g|gif|webp|ico|bmp|tiff?|pdf|woff2?|ttf|otf|eot|mp[34]|mov|avi|sqlite|db|dmg|iso|deb|rpm|apk)$/;

/** Every reason for which a changed path deserves a second look. Paths are compared without regard to case. */
export function risksOf(file: Pick<ChangedFile, "path" | "oldPath" | "mode" | "isBinary">): readonly PathRisk[] {
  const paths = [file.path, file.oldPath].filter((path) => path !== undefined).map((path) => path.toLowerCase());
  const risks = Object.entries(patterns).flatMap(([risk, pattern]) =>
    paths.some((path) => pattern.test(path)) || (risk === "submodule" && file.mode === "160000")
      ? [risk as PathRisk]
      : [],
  );
  if (file.mode === "120000") risks.push("symlink");
  if (file.isBinary ?? paths.some((path) => binaryPattern.test(path))) risks.push("binary");
  return risks;
}

const riskNames: Readonly<Record<PathRisk, string>> = {
  workflow: "CI workflows",
  owners: "code owners",
  lockfile: "lockfiles",
  hook: "git hooks",
  script: "scripts that run on build or install",
  agentConfig: "configuration of editors or agents",
  submodule: "submodules",
  symlink: "symbolic links",
  binary: "binary files",
};

const maxNamedPaths = 5;
const largeFiles = 50;
const largeLines = 2000;

function pathFindings(files: readonly ChangedFile[]): readonly Finding[] {
  const byRisk = new Map<PathRisk, string[]>();
  for (const file of files) {
    for (const risk of risksOf(file)) byRisk.set(risk, [...(byRisk.get(risk) ?? []), toLine(file.path)]);
  }
  return Array.from(byRisk, ([kind, paths]): Finding => {
    const named = paths.slice(0, maxNamedPaths).join(", ");
    const rest = paths.length > maxNamedPaths ? ` and ${paths.length - maxNamedPaths} more` : "";
    return { kind, severity: "warn", sentence: `Changes ${riskNames[kind]}: ${named}${rest}.` };
  });
}

function reviewFindings(
  agent: Pick<ShippableAgent, "head" | "phase">,
  reviewed: string | undefined,
): readonly Finding[] {
  if (agent.phase === "working" || agent.phase === "provisioning" || agent.phase === "queued") {
    const sentence = "The agent is still working. Wait until its turn ends, or stop it, then review what it made.";
    return [{ kind: "stillWorking", severity: "block", sentence }];
  }
  if (reviewed === undefined) {
    const sentence = "You haven't reviewed these changes. Review them first: the pull request holds what you read.";
    return [{ kind: "notReviewed", severity: "block", sentence }];
  }
  if (reviewed !== agent.head) {
    const sentence = "The agent changed its branch after your review. Review the changes again to ship them.";
    return [{ kind: "headMoved", severity: "block", sentence }];
  }
  return [];
}

function sizeFindings(files: readonly ChangedFile[]): readonly Finding[] {
  const lines = files.reduce((sum, file) => sum + file.added + file.removed, 0);
  if (files.length <= largeFiles && lines <= largeLines) return [];
  const sentence = `Large change: ${files.length} files, ${lines} changed lines.`;
  return [{ kind: "large", severity: "warn", sentence }];
}

function testFindings(tests: ShippableAgent["tests"]): readonly Finding[] {
  const failed = tests.filter((run) => !run.succeeded);
  if (failed.length > 0) {
    const names = failed.slice(0, maxNamedPaths).map((run) => toLine(run.command, 100));
    return [
      { kind: "testsFailed", severity: "warn", sentence: `The last run of these tests failed: ${names.join(", ")}.` },
    ];
  }
  if (tests.length > 0) return [];
  return [{ kind: "notTested", severity: "note", sentence: "No test run was recognised among the agent's commands." }];
}

function conflictFindings(conflicts: number): readonly Finding[] {
  if (conflicts === 0) return [];
  const branches = conflicts === 1 ? "one other branch" : `${conflicts} other branches`;
  return [{ kind: "conflicts", severity: "warn", sentence: `It cannot be merged with ${branches} of the repository.` }];
}

/**
 * What a person should know before the branch leaves the host. Blocks come first.
 * @param reviewed the commit that this person was last shown
 */
export function checkGate(
  agent: Pick<ShippableAgent, "head" | "phase" | "files" | "tests" | "conflicts">,
  reviewed: string | undefined,
): readonly Finding[] {
  return [
    ...reviewFindings(agent, reviewed),
    ...pathFindings(agent.files),
    ...sizeFindings(agent.files),
    ...conflictFindings(agent.conflicts),
    ...testFindings(agent.tests),
  ];
}
