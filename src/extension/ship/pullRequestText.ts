import { toVisibleSegments } from "../../base/visibleText.ts";
import { totalsOf } from "../fleet/changedFiles.ts";
import type { TestRun } from "../fleet/testRuns.ts";
import { closingLines } from "./linkedIssues.ts";
import { fillTemplate } from "./pullRequestTemplate.ts";
import type { ShippableAgent } from "./shippableAgent.ts";

/**
 * Text without characters that cannot be seen or that reorder others. A mark in their place, as our own surfaces show,
 * would be noise on a page that others read.
 */
export function withoutHidden(text: string): string {
  return toVisibleSegments(text)
    .filter((segment) => !segment.isMark)
    .map((segment) => segment.text)
    .join("");
}

/** UTF-8 bytes. GitHub accepts 65,536 characters; below that there is room for its own additions. */
export const maxBodyBytes = 60_000;
const maxTitleLength = 120;
const maxPromptLength = 4000;
/** A path, or a command line. */
const maxCodeLength = 300;
const maxListedFiles = 50;
const maxListedTests = 20;

/**
 * Text that an agent or a repository wrote, for a page that other people read on GitHub: it notifies nobody, closes no
 * issue, loads no picture and hides nothing. The replacements can be seen: "＠name" stands for "@name".
 */
export function neutralise(text: string): string {
  return withoutHidden(text)
    .replace(/(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])/g, "＠")
    .replace(closing, "$1$2issue ")
    .replace(/<(?=[A-Za-z/!?])/g, "&lt;")
    .replace(/!\[/g, "!\\[");
}

/** A closing keyword right before a reference to an issue, whatever marks or spaces stand between. */
const closing =
  /\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)([^\p{L}\p{N}]{0,30})(?=#\d|GH-\d|[A-Za-z0-9][\w.-]{0,99}\/[\w.-]{1,100}#\d|https?:\/\/\S{1,300}\/(?:issues|pull)\/\d)/giu;

/** Enough of a text to fill `maxLength` with what can be seen of it: a megabyte costs no more than a page. */
function enough(text: string, maxLength: number): string {
  return text.slice(0, 4 * maxLength);
}

/** Text as inline code, whatever backticks it contains. */
function code(text: string): string {
  const plain = shorten(withoutHidden(enough(text, maxCodeLength)).replace(/\s+/g, " "), maxCodeLength);
  const longest = Math.max(0, ...Array.from(plain.matchAll(/`+/g), (run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${plain}${fence}` : `${fence} ${plain} ${fence}`;
}

function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength
    ? text
    : `${text
        .slice(0, maxLength - 1)
        .trimEnd()
        .toWellFormed()}…`;
}

/** One line of the agent's title. */
export function pullRequestTitle(agent: Pick<ShippableAgent, "title" | "branch">): string {
  const title = cleanTitle(neutralise(enough(agent.title, maxTitleLength)));
  return title === "" ? cleanTitle(`Changes of ${neutralise(agent.branch ?? "an agent")}`) : title;
}

/** A title that a person typed, as GitHub may have it. */
export function cleanTitle(title: string): string {
  return shorten(withoutHidden(title).replace(/\s+/g, " ").trim(), maxTitleLength);
}

function summary(agent: ShippableAgent): string {
  const task = enough(agent.prompt ?? agent.title, maxPromptLength);
  const prompt = shorten(neutralise(task).trim(), maxPromptLength);
  const quoted = prompt
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
  return `## Task\n\n${quoted}`;
}

function changes(agent: ShippableAgent): string {
  const { added, removed } = totalsOf(agent.files);
  const count = agent.files.length === 1 ? "1 file" : `${agent.files.length} files`;
  const listed = agent.files.slice(0, maxListedFiles).map((file) => {
    const name = file.oldPath === undefined ? code(file.path) : `${code(file.oldPath)} → ${code(file.path)}`;
    const kind = file.status === "modified" ? "" : ` ${file.status}`;
    const lines = file.isBinary === true ? " (binary)" : ` (+${file.added} −${file.removed})`;
    return `- ${name}${kind}${lines}`;
  });
  const rest = agent.files.length - listed.length;
  if (rest > 0) listed.push(`- and ${rest} more`);
  return `## What changed\n\n${count}, +${added} −${removed}\n\n${listed.join("\n")}`;
}

function testLine(run: TestRun): string {
  const outcome = run.succeeded ? "passed" : "failed";
  const exit = run.exitCode === undefined ? "as the agent reports" : `exit status ${run.exitCode}`;
  return `- ${code(run.command)}: ${outcome} (${exit})`;
}

function tested(agent: ShippableAgent): string {
  const lines = agent.tests.slice(-maxListedTests).map(testLine);
  return `## What was tested\n\n${lines.length === 0 ? "No test run was recognised among the agent's commands." : lines.join("\n")}`;
}

/**
 * Where the change comes from, as git trailers at the end of the body. GitHub shows them, and scripts can read them.
 * @param commit the reviewed commit
 */
export function provenance(agent: Pick<ShippableAgent, "agentName" | "target">, commit: string): string {
  const line = (text: string) =>
    shorten(neutralise(enough(text, maxTitleLength)).replace(/\s+/g, " ").trim(), maxTitleLength);
  return [
    `Agent: ${line(agent.agentName)}`,
    `Agent-Session: ${line(agent.target.session)}`,
    `Reviewed-Commit: ${commit}`,
    "Created-With: Muster",
  ].join("\n");
}

/** The description that a form starts with. @param template how the repository wants it to be, as it wrote it */
export function pullRequestBody(agent: ShippableAgent, commit: string, template = ""): string {
  const parts = { task: summary(agent), changes: changes(agent), tested: tested(agent) };
  const body = template.trim() === "" ? Object.values(parts).join("\n\n") : fillTemplate(template, parts);
  return finishBody(body, provenance(agent, commit));
}

const encoder = new TextEncoder();

/** The provenance of this or an earlier commit at the end of a description. */
const trailerPattern =
  /(?<!\n)\n+---\nAgent: [^\n]*\nAgent-Session: [^\n]*\nReviewed-Commit: [0-9a-f]*\nCreated-With: Muster\s*$/;

/** The description says where its change comes from: it was made here. */
export function hasProvenance(body: string): boolean {
  return trailerPattern.test(body.replaceAll("\r\n", "\n"));
}

/**
 * A description that may be sent: nothing hidden, at most `maxBodyBytes`, and with the provenance at its end even if a
 * person's edit removed it. What a person typed is otherwise theirs.
 * @param closes labels of the issues that the person wants it to close
 */
export function finishBody(body: string, trailer: string, closes: readonly string[] = []): string {
  const closing = closes.length === 0 ? "" : `\n\n${closingLines(closes)}`;
  const end = `${closing}\n\n---\n${trailer}\n`;
  const clean = withoutHidden(body).trimEnd();
  const text = clean.replace(trailerPattern, "").trimEnd();
  const note = "\n\n(shortened)";
  const room = maxBodyBytes - encoder.encode(end).length;
  return (encoder.encode(text).length <= room ? text : cut(text, room - note.length) + note) + end;
}

/** The longest whole lines that fit, or a cut line if the first one does not fit. */
function cut(text: string, maxBytes: number): string {
  const bytes = encoder.encode(text).subarray(0, maxBytes);
  const fitting = new TextDecoder().decode(bytes).replace(/(?<!\ufffd)\ufffd+$/, "");
  const lineEnd = fitting.lastIndexOf("\n");
  return (lineEnd > maxBytes / 2 ? fitting.slice(0, lineEnd) : fitting).trimEnd();
}
