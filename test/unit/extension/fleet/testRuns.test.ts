import { describe, expect, it } from "vitest";
import { isTestCommand, promptOf, testRunsOf } from "../../../../src/extension/fleet/testRuns.ts";
import { ChatState } from "../../../../src/protocol/chatState.ts";

describe("commands that run tests", () => {
  it.each([
    "npm test",
    "npm t",
    "npm run test:unit",
    "pnpm test",
    "yarn test",
    "npx vitest run",
    "node --test",
    "python -m pytest -q",
    "go test ./...",
    "cargo test",
    "make check",
    "cd a && npm run -s test",
    "./gradlew test",
  ])("%s is one", (command) => expect(isTestCommand(command)).toBe(true));

  it.each(["npm install", "ls test", "git commit -m 'add test'", "cat latest.txt", "npm run tidy", "echo contest"])(
    "%s is none",
    (command) => expect(isTestCommand(command)).toBe(false),
  );
});

function call(toolInput: unknown, end: { success: boolean; exitCode?: number }) {
  const result = { exitCode: end.exitCode };
  const content =
    end.exitCode === undefined ? [] : [{ type: "terminal", resource: "ahp-terminal:/s/1", title: "sh", result }];
  return {
    kind: "toolCall",
    toolCall: {
      toolCallId: "1",
      toolName: "shell",
      displayName: "Shell",
      invocationMessage: "Run",
      status: "completed",
      confirmed: "not-needed",
      pastTenseMessage: "Ran",
      success: end.success,
      toolInput,
      content,
    },
  };
}

function chat(...responseParts: readonly unknown[]): ChatState {
  const message = { text: "Do it", origin: { kind: "user" } };
  return ChatState.parse({
    resource: "ahp-chat://default/x",
    title: "t",
    status: 1,
    modifiedAt: "2026-01-01T00:00:00Z",
    turns: [{ id: "1", message, responseParts, state: "complete" }],
  });
}

describe("test runs of a chat", () => {
  it("are the last outcome of each test command, by exit status where the host tells it", () => {
    const runs = testRunsOf(
      chat(
        call("npm test", { success: true, exitCode: 1 }),
        call(JSON.stringify({ command: ["bash", "-lc", "npx vitest run"] }), { success: true }),
        call(JSON.stringify({ command: "ls" }), { success: true, exitCode: 0 }),
        call(JSON.stringify({ cmd: "npm test" }), { success: true, exitCode: 0 }),
      ),
    );
    expect(runs).toEqual([
      { command: "npx vitest run", exitCode: undefined, succeeded: true },
      { command: "npm test", exitCode: 0, succeeded: true },
    ]);
  });

  it("come with what the first turn asked", () => {
    expect(promptOf(chat())).toBe("Do it");
    expect(promptOf({ turns: [], activeTurn: undefined })).toBeUndefined();
  });
});
