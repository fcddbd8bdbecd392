import { assertNever } from "../../base/appError.ts";
import { type Translate, untranslated } from "../../base/l10n.ts";
import { toLine } from "../../base/visibleText.ts";
import { type ChangedFile, submoduleMode } from "../fleet/changedFiles.ts";
import { type Finding, namesOf } from "./gate.ts";
import { conflictMarkIn, type SecretKind, secretsIn, type Sides } from "./secretScan.ts";

const maxFiles = 300;
const parallel = 8;

/**
 * Looks through everything that the files bring: for secrets, and for what a merge left. A file that cannot be read is
 * said, and keeps nobody from the others.
 */
export async function scanChanges(
  files: readonly ChangedFile[],
  read: (file: ChangedFile) => Promise<Sides>,
  t: Translate = untranslated,
): Promise<readonly Finding[]> {
  const texts = files.filter(
    ({ isBinary, after, mode }) => isBinary !== true && after !== undefined && mode !== submoduleMode,
  );
  const waiting = texts.slice(0, maxFiles);
  const secrets: string[] = [];
  const marks: string[] = [];
  let unread = texts.length - waiting.length;
  const scan = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const place = (line: number) => `${toLine(file?.path ?? "", 100)}:${line}`;
      try {
        const sides = await read(file);
        for (const { line, what } of secretsIn(sides)) secrets.push(secretIn(what, place(line), t));
        const mark = conflictMarkIn(sides);
        if (mark !== undefined) marks.push(place(mark));
      } catch {
        unread++;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, scan));
  return [...secretFindings(secrets.toSorted(), t), ...markFindings(marks.toSorted(), t), ...unreadFindings(unread, t)];
}

function secretFindings(found: readonly string[], t: Translate): readonly Finding[] {
  if (found.length === 0) return [];
  const sentence = t("Looks like {0}. Let the agent take it out, and revoke it where it is from.", namesOf(found, t));
  return [{ kind: "secret", severity: "block", sentence }];
}

function markFindings(places: readonly string[], t: Translate): readonly Finding[] {
  if (places.length === 0) return [];
  const sentence = t(
    "An unfinished merge has left its marks in {0}. Let the agent put the two sides together.",
    namesOf(places, t),
  );
  return [{ kind: "conflictMarks", severity: "warn", sentence }];
}

function unreadFindings(count: number, t: Translate): readonly Finding[] {
  if (count === 0) return [];
  const sentence =
    count === 1
      ? t("1 file was not looked through for secrets.")
      : t("{0} files were not looked through for secrets.", count);
  return [{ kind: "notScanned", severity: "note", sentence }];
}

function secretIn(what: SecretKind, place: string, t: Translate): string {
  switch (what) {
    case "privateKey":
      return t("a private key in {0}", place);
    case "gitHubToken":
      return t("a GitHub token in {0}", place);
    case "gitLabToken":
      return t("a GitLab token in {0}", place);
    case "awsKey":
      return t("an AWS access key in {0}", place);
    case "googleKey":
      return t("a Google API key in {0}", place);
    case "slackToken":
      return t("a Slack token in {0}", place);
    case "modelKey":
      return t("a key of a model's API in {0}", place);
    case "paymentKey":
      return t("a payment key in {0}", place);
    case "npmToken":
      return t("an npm token in {0}", place);
    default:
      return assertNever(what);
  }
}
