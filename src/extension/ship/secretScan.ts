import { toLine } from "../../base/visibleText.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import type { Finding } from "./gate.ts";

/** Strings that are a credential by their look alone; what merely stands beside the word "password" is not among them. */
const looks: readonly (readonly [string, RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/],
  ["a GitHub token", /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})/],
  ["a GitLab token", /(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}/],
  ["an AWS access key", /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/],
  ["a Google API key", /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}/],
  ["a Slack token", /(?<![A-Za-z0-9])xox[abeprs]-[A-Za-z0-9-]{20}/],
  ["a key of a model's API", /(?<![A-Za-z0-9])sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{40}/],
  ["a payment key", /(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{20}/],
  ["an npm token", /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/],
];
const maxFiles = 300;
const maxLineChars = 10_000;
const maxNamed = 5;
const parallel = 8;

export interface FoundSecret {
  /** From 1. */
  readonly line: number;
  readonly what: string;
}

/** Credentials in lines that are new. */
export function secretsIn({
  before,
  after,
}: {
  readonly before: string;
  readonly after: string;
}): readonly FoundSecret[] {
  const known = new Set(before.split("\n"));
  return after.split("\n").flatMap((text, index) => {
    if (known.has(text)) return [];
    const line = text.slice(0, maxLineChars);
    const look = looks.find(([, pattern]) => pattern.test(line));
    return look === undefined ? [] : [{ line: index + 1, what: look[0] }];
  });
}

/** Looks through everything that the files bring. A file that cannot be read is said, and keeps nobody from the others. */
export async function scanForSecrets(
  files: readonly ChangedFile[],
  read: (file: ChangedFile) => Promise<{ readonly before: string; readonly after: string }>,
): Promise<readonly Finding[]> {
  const texts = files.filter(
    ({ isBinary, after, mode }) => isBinary !== true && after !== undefined && mode !== "160000",
  );
  const waiting = texts.slice(0, maxFiles);
  const found: string[] = [];
  let unread = texts.length - waiting.length;
  const scan = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { path } = file;
      try {
        for (const { line, what } of secretsIn(await read(file))) found.push(`${what} in ${toLine(path, 100)}:${line}`);
      } catch {
        unread++;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, scan));
  const findings: Finding[] = [];
  if (found.length > 0) {
    const named = found.toSorted().slice(0, maxNamed).join(", ");
    const rest = found.length > maxNamed ? ` and ${found.length - maxNamed} more` : "";
    const sentence = `Looks like ${named}${rest}. Let the agent take it out, and revoke it where it is from.`;
    findings.push({ kind: "secret", severity: "block", sentence });
  }
  if (unread > 0) {
    const count = unread === 1 ? "1 file was" : `${unread} files were`;
    findings.push({ kind: "notScanned", severity: "note", sentence: `${count} not looked through for secrets.` });
  }
  return findings;
}
