import { describe, expect, it } from "vitest";
import { beginTurn } from "../../../../../src/host/providers/acp/mapUpdate.ts";
import type { TerminalState } from "../../../../../src/protocol/terminal.ts";
import { Conversation } from "./conversation.ts";

describe("text", () => {
  it("begins a part, goes on in it, and begins another for another message", () => {
    const conversation = new Conversation().say("Hel", "1").say("lo", "1").say("Again", "2");
    expect(conversation.parts).toMatchObject([
      { kind: "markdown", content: "Hello" },
      { kind: "markdown", content: "Again" },
    ]);
  });

  it("keeps thoughts, answers and calls in the order they came", () => {
    const conversation = new Conversation()
      .update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "Hmm" } })
      .update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "…" } })
      .say("One")
      .tool("tool_call", { title: "Read a", kind: "read", status: "completed" })
      .say("Two");
    expect(conversation.parts).toMatchObject([
      { kind: "reasoning", content: "Hmm…" },
      { kind: "markdown", content: "One" },
      { kind: "toolCall" },
      { kind: "markdown", content: "Two" },
    ]);
  });

  it("shows links and names what can't be shown; empty chunks leave no part", () => {
    const chunk = (content: unknown) => ({ sessionUpdate: "agent_message_chunk", content });
    const conversation = new Conversation()
      .say("")
      .update(chunk({ type: "resource_link", name: "a]b", uri: "file:///a" }))
      .update(chunk({ type: "image", data: "…", mimeType: "image/png" }));
    expect(conversation.parts).toMatchObject([{ content: "[ab](file:///a)*(image, image/png)*" }]);
  });

  it("is not taken outside a turn", () => {
    const conversation = new Conversation().end().say("late");
    expect(conversation.events).toEqual([]);
  });
});

describe("a tool call, whichever way an agent tells it", () => {
  it("plainly: announced, running, done", () => {
    const conversation = new Conversation().tool("tool_call", { title: "Read a.txt", kind: "read", status: "pending" });
    expect(conversation.call).toMatchObject({
      status: "streaming",
      displayName: "Read",
      invocationMessage: "Read a.txt",
    });
    conversation.tool("tool_call_update", { status: "in_progress", rawInput: { path: "a.txt" } });
    expect(conversation.call).toMatchObject({
      status: "running",
      confirmed: "not-needed",
      toolInput: '{\n  "path": "a.txt"\n}',
    });
    const content = [{ type: "content", content: { type: "text", text: "one" } }];
    conversation.tool("tool_call_update", { status: "completed", content });
    expect(conversation.call).toMatchObject({
      status: "completed",
      success: true,
      pastTenseMessage: "Read a.txt",
      content: [{ type: "text", text: "one" }],
    });
    expect(conversation.events).not.toContainEqual({ channel: "filesTouched" });
  });

  it("Gemini, Qwen: the question is the first mention", () => {
    const conversation = new Conversation();
    const id = conversation.ask({
      title: "Write a.txt",
      kind: "edit",
      content: [{ type: "diff", path: "a.txt", oldText: "", newText: "x\n" }],
    });
    expect(conversation.call).toMatchObject({
      status: "pending-confirmation",
      confirmationTitle: "Write a.txt",
      toolInput: "a.txt\n+x",
      options: [
        { id: "proceed_once", label: "Yes", kind: "approve" },
        { id: "proceed_always", label: "Always", kind: "approve" },
        { id: "cancel", label: "No", kind: "deny" },
      ],
    });
    conversation.answer(id ?? "", true).tool("tool_call_update", { status: "completed" });
    expect(conversation.call).toMatchObject({ status: "completed", success: true, confirmed: "user-action" });
    expect(conversation.events).toContainEqual({ channel: "filesTouched" });
  });

  it("Gemini: what goes with the question explains it and is no result; the title is the command", () => {
    const conversation = new Conversation();
    const content = [{ type: "content", content: { type: "text", text: "[in /w]\n(Run the tests)" } }];
    const id = conversation.ask({ title: "node --test", kind: "execute", content });
    expect(conversation.call).toMatchObject({ toolInput: "node --test", intention: "[in /w] (Run the tests)" });
    conversation.answer(id ?? "", true).tool("tool_call_update", { status: "completed", content: [] });
    expect(conversation.call).toMatchObject({ status: "completed", content: [{ type: "terminal", result: {} }] });
    expect(JSON.stringify(conversation.terminals.get(id ?? ""))).not.toContain("Run the tests");
  });

  it("Gemini: a refused call gets no final update", () => {
    const conversation = new Conversation();
    const id = conversation.ask({ title: "Write a.txt", kind: "edit" });
    conversation
      .answer(id ?? "", false)
      .say("All right.")
      .end();
    expect(conversation.call).toMatchObject({ status: "cancelled", reason: "denied" });
    conversation.tool("tool_call_update", { status: "failed" });
    expect(conversation.call).toMatchObject({ status: "cancelled", reason: "denied" });
  });

  it("Cline: an update first, and the call itself later with a status that would go back", () => {
    const conversation = new Conversation()
      .tool("tool_call_update", { status: "in_progress" })
      .tool("tool_call", { title: "Run tests", kind: "execute", status: "pending", rawInput: { command: "npm test" } });
    expect(conversation.call).toMatchObject({
      status: "running",
      invocationMessage: "Run tests",
      toolInput: "npm test",
    });
    conversation
      .tool("tool_call_update", { status: "completed" })
      .tool("tool_call", { title: "Run tests", status: "pending" });
    expect(conversation.call).toMatchObject({ status: "completed" });
  });

  it("some: running already when the question comes, and reported running while it waits", () => {
    const conversation = new Conversation().tool("tool_call", { title: "Edit", kind: "edit", status: "in_progress" });
    const id = conversation.ask();
    conversation.tool("tool_call_update", { status: "in_progress" });
    expect(conversation.call).toMatchObject({ status: "pending-confirmation" });
    conversation.answer(id ?? "", true).tool("tool_call_update", { status: "completed" });
    expect(conversation.call).toMatchObject({ status: "completed", confirmed: "user-action" });
  });

  it("a question that the agent withdraws by an end", () => {
    const conversation = new Conversation();
    conversation.ask({ title: "Edit", kind: "edit" });
    conversation.tool("tool_call_update", { status: "failed", rawOutput: "aborted" });
    expect(conversation.call).toMatchObject({ status: "completed", success: false, error: { message: "aborted" } });
  });

  it("nulls where members are missing, and one mention only", () => {
    const conversation = new Conversation().tool("tool_call", {
      title: null,
      kind: null,
      content: null,
      locations: null,
      name: "my_tool",
      status: "failed",
    });
    expect(conversation.call).toMatchObject({
      status: "completed",
      success: false,
      displayName: "my_tool",
      toolName: "my_tool",
    });
  });

  it("a call that is never ended is ended with the turn", () => {
    const running = new Conversation().tool("tool_call", { title: "Fetch", kind: "fetch", status: "in_progress" });
    expect(running.end(true).call).toMatchObject({ status: "completed", success: true });
    const stopped = new Conversation().tool("tool_call", { title: "Fetch", kind: "fetch", status: "in_progress" });
    expect(stopped.end(false).call).toMatchObject({ status: "completed", success: false });
  });

  it("long results are cut, and what the agent says it edited is not believed", () => {
    const conversation = new Conversation().tool("tool_call", {
      title: "Edit",
      kind: "edit",
      status: "completed",
      content: [
        { type: "diff", path: "/w/a.txt", oldText: "a", newText: "b" },
        { type: "content", content: { type: "text", text: "x".repeat(20_000) } },
      ],
    });
    const { content } = conversation.call as { content: { type: string; text: string }[] };
    expect(content).toHaveLength(1);
    expect(content[0]?.text).toMatch(/^Edited \/w\/a\.txt\n\nx+\n… \(\d+ more characters\)$/);
    expect(content[0]?.text.length).toBeLessThan(8_300);
  });

  it("ids stay apart between turns of agents that count from one", () => {
    const conversation = new Conversation().tool("tool_call", { title: "A", status: "in_progress" });
    const first = conversation.call?.toolCallId;
    conversation.map = beginTurn(conversation.map, "turn-2");
    conversation.tool("tool_call", { title: "B", status: "in_progress" });
    const ids = conversation.events.flatMap((event) =>
      event.channel === "chat" && event.action.type === "chat/toolCallStart" ? [event.action.toolCallId] : [],
    );
    expect(ids).toEqual([first, expect.not.stringMatching(`^${first}$`)]);
  });
});

describe("the output of commands", () => {
  const command = { title: "npm test", kind: "execute", rawInput: { command: ["bash", "-lc", "npm test"] } };
  const text = (value: string) => [{ type: "content", content: { type: "text", text: value } }];

  function terminalOf(conversation: Conversation): TerminalState | undefined {
    return conversation.terminals.get(conversation.call?.toolCallId ?? "");
  }

  it("grows in its terminal, which the call points to", () => {
    const conversation = new Conversation()
      .tool("tool_call", { ...command, status: "in_progress" })
      .tool("tool_call_update", { content: text("one\n") })
      .tool("tool_call_update", { content: text("one\ntwo\n") });
    expect(conversation.call).toMatchObject({
      status: "running",
      toolInput: "npm test",
      content: [
        {
          type: "terminal",
          isPty: false,
          title: "npm test",
          resource: expect.stringContaining("ahp-terminal:/session-1/"),
        },
      ],
    });
    conversation.tool("tool_call_update", {
      status: "completed",
      content: text("one\ntwo\nthree\n"),
      rawOutput: { exit_code: 0 },
    });
    expect(terminalOf(conversation)).toMatchObject({
      title: "npm test",
      lifecycle: { status: "exited", exitCode: 0 },
      content: [
        { type: "command", commandLine: "npm test", output: "one\ntwo\nthree\n", isComplete: true, exitCode: 0 },
      ],
    });
    expect(conversation.call).toMatchObject({
      content: [{ type: "terminal", result: { exitCode: 0, preview: "one\ntwo\nthree\n" } }],
    });
  });

  it.each([
    ["at the end, in the raw output", { rawOutput: { stdout: "out", stderr: "err", exitCode: 2 } }, "out\nerr", 2],
    ["at the end, as text", { rawOutput: "done" }, "done", undefined],
    ["fenced", { content: text("```console\n$ ls\na\n```") }, "$ ls\na", undefined],
    ["with its exit code in metadata", { rawOutput: { output: "x", metadata: { exit: 1 } } }, "x", 1],
  ])("comes %s", (_name, fields, output, exitCode) => {
    const conversation = new Conversation()
      .tool("tool_call", { ...command, status: "pending" })
      .tool("tool_call_update", { status: "completed", ...fields });
    expect(terminalOf(conversation)?.content[0]).toMatchObject({ output, ...(exitCode !== undefined && { exitCode }) });
  });

  it("codex 2.6, pi: pieces beside the content win over the repeated whole", () => {
    const delta = (data: string) => ({ _meta: { terminal_output_delta: { terminal_id: "t", data } } });
    const conversation = new Conversation()
      .tool("tool_call", { ...command, status: "in_progress", content: [{ type: "terminal", terminalId: "t" }] })
      .tool("tool_call_update", delta("one\n"))
      .tool("tool_call_update", delta("two\n"))
      .tool("tool_call_update", {
        status: "completed",
        rawOutput: { formatted_output: "one\ntwo" },
        _meta: { terminal_exit: { exit_code: 3 } },
      });
    expect(terminalOf(conversation)?.content[0]).toMatchObject({ output: "one\ntwo\n", exitCode: 3 });
  });

  it("that is replaced starts anew", () => {
    const conversation = new Conversation()
      .tool("tool_call", { ...command, status: "in_progress" })
      .tool("tool_call_update", { content: text("spinner 1") })
      .tool("tool_call_update", { content: text("result") });
    expect(terminalOf(conversation)?.content).toMatchObject([{ type: "unclassified", value: "result" }]);
  });

  it("is bounded", () => {
    const conversation = new Conversation().tool("tool_call", { ...command, status: "in_progress" });
    for (let piece = 0; piece < 30; piece += 1) {
      conversation.tool("tool_call_update", { _meta: { terminal_output_delta: { data: "x".repeat(100_000) } } });
    }
    const part = terminalOf(conversation)?.content[0];
    expect(part?.type === "command" && part.output.length).toBeLessThan(1024 * 1024 + 200);
    expect(part?.type === "command" && part.output).toMatch(/the rest of the output is not kept/);
  });
});

describe("what is said about the work", () => {
  it("shows a plan once, then its progress as the chat's activity", () => {
    const plan = (...states: string[]) => ({
      sessionUpdate: "plan",
      entries: states.map((status, index) => ({ content: `Step ${index + 1}`, status, priority: "high" })),
    });
    const conversation = new Conversation().update(plan("in_progress", "pending"));
    expect(conversation.parts).toMatchObject([
      { kind: "systemNotification", content: { markdown: "Plan\n\n1. Step 1\n2. Step 2" } },
    ]);
    expect(conversation.chat.activity).toBe("1 of 2: Step 1");
    conversation.update(plan("completed", "in_progress"));
    expect(conversation.parts).toHaveLength(1);
    expect(conversation.chat.activity).toBe("2 of 2: Step 2");
    expect(conversation.end().chat.activity).toBeUndefined();
  });

  it("takes a title on one line, and none that is empty", () => {
    const conversation = new Conversation()
      .update({ sessionUpdate: "session_info_update", title: "Fix\nthe \u202elogin" })
      .update({ sessionUpdate: "session_info_update", title: " " })
      .update({ sessionUpdate: "session_info_update", title: null });
    expect(conversation.events).toEqual([{ channel: "title", title: "Fix the login" }]);
  });

  it("turns the agent's running total of costs into what was spent since", () => {
    const usage = (amount: number, currency = "USD") => ({
      sessionUpdate: "usage_update",
      used: 10,
      size: 100,
      cost: { amount, currency },
    });
    const conversation = new Conversation()
      .update(usage(0.25))
      .update(usage(0.25))
      .update(usage(1))
      .update(usage(7, "credits"));
    expect(conversation.events.filter(({ channel }) => channel === "usage")).toEqual([
      { channel: "usage", turnId: "turn-0001-long", costUsd: 0.25, conversationCostUsd: 0.25 },
      { channel: "usage", turnId: "turn-0001-long", costUsd: 0.75, conversationCostUsd: 1 },
    ]);
    expect(conversation.chat.activeTurn?.usage?._meta).toMatchObject({ muster: { contextUsed: 10, contextSize: 100 } });
  });

  it("passes over what it does not know", () => {
    const conversation = new Conversation()
      .update({ sessionUpdate: "_vendor", anything: 1 })
      .update({ sessionUpdate: "tool_call" })
      .update({ sessionUpdate: "agent_message_chunk" });
    expect(conversation.events).toEqual([]);
  });
});
