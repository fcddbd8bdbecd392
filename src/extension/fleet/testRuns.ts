import type { ChatState } from "../../protocol/chatState.ts";
import type { ToolCall } from "../../protocol/toolCall.ts";

/** A command of the agent that ran tests, and how it ended. */
export interface TestRun {
  readonly command: string;
  /** `undefined` if the host did not tell; then `succeeded` is the agent's own word. */
  readonly exitCode: number | undefined;
  readonly succeeded: boolean;
}

const testPrograms = [
  /\b(?:npm|pnpm|yarn|bun)\s{1,9}(?:run\s{1,9})?(?:-\S{1,99}\s{1,9}){0,9}(?:test(?:[:-][\w:-]+)?|t)(?![\w:-])/,
  /\b(?:vitest|jest|mocha|ava|pytest|tox|nox|rspec|phpunit|ctest|gotestsum)\b/,
  /\bplaywright\s+test\b/,
  /\bpython3?\s+-m\s+(?:unittest|pytest)\b/,
];
/** Programs that run tests when a later word says so. */
const testWords = [
  [/\bnode\s/, /\s--test\b/],
  [
    /\b(?:go|cargo|dotnet|swift|mix|deno|zig|bazel|flutter|dart|mvn|mvnw|gradle|gradlew|sbt|lein|rake|rails)\s/,
    /\stest\b/,
  ],
  [/\bmake\s/, /\s(?:test|check)\b/],
] as const;

/** Whether a shell command runs tests, as far as its text tells. */
export function isTestCommand(command: string): boolean {
  const isLater = ([program, word]: (typeof testWords)[number]) => {
    const found = program.exec(command);
    return found !== null && word.test(command.slice(found.index));
  };
  return testPrograms.some((pattern) => pattern.test(command)) || testWords.some(isLater);
}

/** The shell command of a tool call: agents write it as text, or as JSON with a `command` or `cmd` member. */
export function commandOf(toolCall: ToolCall): string | undefined {
  const input = "toolInput" in toolCall && typeof toolCall.toolInput === "string" ? toolCall.toolInput : undefined;
  if (input === undefined) return undefined;
  const parsed = parseJson(input);
  if (typeof parsed !== "object" || parsed === null) return input;
  const command: unknown = Reflect.get(parsed, "command") ?? Reflect.get(parsed, "cmd");
  if (typeof command === "string") return command;
  if (!Array.isArray(command)) return undefined;
  const words = command.filter((word) => typeof word === "string");
  // `bash -lc "npm test"`: the last word is what a person would type.
  return /^(?:\/\S+\/)?(?:ba|z|da)?sh$/.test(words[0] ?? "") ? words.at(-1) : words.join(" ");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function testRunOf(toolCall: ToolCall): TestRun | undefined {
  if (toolCall.status !== "completed") return undefined;
  const command = commandOf(toolCall);
  if (command === undefined || !isTestCommand(command)) return undefined;
  const exitCode = toolCall.content
    ?.map((content) => (content.type === "terminal" ? content.result?.exitCode : undefined))
    .find((code) => code !== undefined);
  return { command, exitCode, succeeded: exitCode === undefined ? toolCall.success : exitCode === 0 };
}

/** Test commands of a chat with the outcome of their last run. */
export function testRunsOf(chat: Pick<ChatState, "turns" | "activeTurn">): readonly TestRun[] {
  const parts = [...chat.turns, ...(chat.activeTurn === undefined ? [] : [chat.activeTurn])].flatMap(
    (turn) => turn.responseParts,
  );
  const byCommand = new Map<string, TestRun>();
  for (const part of parts) {
    const run = part.kind === "toolCall" ? testRunOf(part.toolCall) : undefined;
    if (run === undefined) continue;
    byCommand.delete(run.command);
    byCommand.set(run.command, run);
  }
  return Array.from(byCommand.values());
}

/** What a person asked for first. */
export function promptOf(chat: Pick<ChatState, "turns" | "activeTurn">): string | undefined {
  const first = chat.turns[0] ?? chat.activeTurn;
  return first === undefined || first.message.text.trim() === "" ? undefined : first.message.text;
}
