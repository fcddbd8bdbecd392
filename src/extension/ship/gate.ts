import { type Translate, untranslated } from "../../base/l10n.ts";
import { toLine } from "../../base/visibleText.ts";
import { assertNever } from "../../base/appError.ts";
import { type ChangedFile, submoduleMode, symlinkMode } from "../fleet/changedFiles.ts";
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
  | "behindBase"
  | "conflictsWithBase"
  | "conflictMarks"
  | "closedBefore"
  | "secret"
  | "notScanned";

/** `block` stops the pull request until the person has done something else first, `warn` asks once, `note` only tells. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: "block" | "warn" | "note";
  /** For people: what, and for a block also how to go on. */
  readonly sentence: string;
  /** Updating the branch from its base would do away with it. */
  readonly isOfBase?: boolean;
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
    paths.some((path) => pattern.test(path)) || (risk === "submodule" && file.mode === submoduleMode)
      ? [risk as PathRisk]
      : [],
  );
  if (file.mode === symlinkMode) risks.push("symlink");
  if (file.isBinary ?? paths.some((path) => binaryPattern.test(path))) risks.push("binary");
  return risks;
}

function riskSentence(risk: PathRisk, paths: string, t: Translate): string {
  switch (risk) {
    case "workflow":
      return t("Changes CI workflows: {0}.", paths);
    case "owners":
      return t("Changes code owners: {0}.", paths);
    case "lockfile":
      return t("Changes lockfiles: {0}.", paths);
    case "hook":
      return t("Changes git hooks: {0}.", paths);
    case "script":
      return t("Changes scripts that run on build or install: {0}.", paths);
    case "agentConfig":
      return t("Changes configuration of editors or agents: {0}.", paths);
    case "submodule":
      return t("Changes submodules: {0}.", paths);
    case "symlink":
      return t("Changes symbolic links: {0}.", paths);
    case "binary":
      return t("Changes binary files: {0}.", paths);
    default:
      return assertNever(risk);
  }
}

const maxNamed = 5;
const largeFiles = 50;
const largeLines = 2000;

/** The first few, and how many more there are. */
export function namesOf(names: readonly string[], t: Translate, count = names.length): string {
  const named = names.slice(0, maxNamed).join(", ");
  const left = count - Math.min(names.length, maxNamed);
  return left > 0 ? t("{0} and {1} more", named, left) : named;
}

function pathFindings(files: readonly ChangedFile[], t: Translate): readonly Finding[] {
  const byRisk = new Map<PathRisk, string[]>();
  for (const file of files) {
    for (const risk of risksOf(file)) byRisk.set(risk, [...(byRisk.get(risk) ?? []), toLine(file.path)]);
  }
  return Array.from(byRisk, ([kind, paths]) => warn(kind, riskSentence(kind, namesOf(paths, t), t)));
}

function reviewFindings(
  agent: Pick<ShippableAgent, "head" | "phase">,
  reviewed: string | undefined,
  t: Translate,
): readonly Finding[] {
  if (agent.phase === "working" || agent.phase === "provisioning" || agent.phase === "queued") {
    const sentence = t("The agent is still working. Wait until its turn ends, or stop it, then review what it made.");
    return [{ kind: "stillWorking", severity: "block", sentence }];
  }
  if (reviewed === undefined) {
    const sentence = t("You haven't reviewed these changes. Review them first: the pull request holds what you read.");
    return [{ kind: "notReviewed", severity: "block", sentence }];
  }
  if (reviewed !== agent.head) {
    const sentence = t("The agent changed its branch after your review. Review the changes again to ship them.");
    return [{ kind: "headMoved", severity: "block", sentence }];
  }
  return [];
}

function sizeFindings(files: readonly ChangedFile[], t: Translate): readonly Finding[] {
  const lines = files.reduce((sum, file) => sum + file.added + file.removed, 0);
  if (files.length <= largeFiles && lines <= largeLines) return [];
  return [warn("large", t("Large change: {0} files, {1} changed lines.", files.length, lines))];
}

function testFindings(tests: ShippableAgent["tests"], t: Translate): readonly Finding[] {
  const failed = tests.filter((run) => !run.succeeded);
  if (failed.length > 0) {
    const names = failed.map((run) => toLine(run.command, 100));
    return [warn("testsFailed", t("The last run of these tests failed: {0}.", namesOf(names, t)))];
  }
  if (tests.length > 0) return [];
  const sentence = t("No test run was recognised among the agent's commands.");
  return [{ kind: "notTested", severity: "note", sentence }];
}

function conflictFindings(
  { conflicts, base }: Pick<ShippableAgent, "conflicts" | "base">,
  t: Translate,
): readonly Finding[] {
  const others = base?.overlap === "conflict" ? conflicts - 1 : conflicts;
  if (others <= 0) return [];
  const sentence =
    others === 1
      ? t("It cannot be merged with one other branch of the repository.")
      : t("It cannot be merged with {0} other branches of the repository.", others);
  return [warn("conflicts", sentence)];
}

/** How fresh the base is that the branch stands on. */
function baseFindings(base: ShippableAgent["base"], t: Translate): readonly Finding[] {
  if (base === undefined || base.behind === 0) return [];
  const { behind, files, fileCount, overlap } = base;
  const branch = toLine(base.baseBranch, 100);
  if (overlap === "conflict") {
    const names = namesOf(
      files.map((file) => toLine(file, 100)),
      t,
      fileCount,
    );
    const sentence = t("It cannot be merged with {0}, which has changed the same lines: {1}.", branch, names);
    return [{ ...warn("conflictsWithBase", sentence), isOfBase: true }];
  }
  const sentence =
    behind === 1
      ? t("It is 1 commit behind {0}, and still merges cleanly.", branch)
      : t("It is {0} commits behind {1}, and still merges cleanly.", behind, branch);
  return [{ kind: "behindBase", severity: "note", sentence, isOfBase: true }];
}

function warn(kind: FindingKind, sentence: string): Finding {
  return { kind, severity: "warn", sentence };
}

/**
 * What a person should know before the branch leaves the host. Blocks come first.
 * @param reviewed the commit that this person was last shown
 * @param t for the sentences
 */
export function checkGate(
  agent: Pick<ShippableAgent, "head" | "phase" | "files" | "tests" | "conflicts" | "base">,
  reviewed: string | undefined,
  t: Translate = untranslated,
): readonly Finding[] {
  return [
    ...reviewFindings(agent, reviewed, t),
    ...pathFindings(agent.files, t),
    ...sizeFindings(agent.files, t),
    ...baseFindings(agent.base, t),
    ...conflictFindings(agent, t),
    ...testFindings(agent.tests, t),
  ];
}
