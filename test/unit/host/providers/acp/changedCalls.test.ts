import { describe, expect, it } from "vitest";
import { Conversation } from "./conversation.ts";

const asked = { title: "Remove", kind: "execute", rawInput: { command: "rm -r build" } };
const changed = { rawInput: { command: "rm -r built" } };

function callOf(conversation: Conversation) {
  const part = conversation.parts.at(-1);
  if (part?.kind !== "toolCall" || part.toolCall.status === "(unknown)") throw new Error("there is no call");
  return part.toolCall;
}

describe("AUTH-10: a call that the agent changes", () => {
  it("while it waits for an answer is asked anew, as it is", () => {
    const conversation = new Conversation();
    conversation.ask(asked);
    const before = conversation.events.length;
    conversation.tool("tool_call_update", changed);
    expect(callOf(conversation)).toMatchObject({
      status: "pending-confirmation",
      toolInput: expect.stringContaining("rm -r built"),
      options: [{ id: "proceed_once" }, { id: "proceed_always" }, { id: "cancel" }],
    });
    expect(conversation.events.slice(before)).toMatchObject([{ action: { type: "chat/toolCallReady" } }]);
    // Saying the same again asks nothing.
    conversation.tool("tool_call_update", changed);
    expect(conversation.events).toHaveLength(before + 1);
  });

  it("after it was approved is not what was approved, and says so", () => {
    const conversation = new Conversation();
    const id = conversation.ask(asked) ?? "";
    conversation.answer(id, true).tool("tool_call_update", { status: "in_progress" });
    expect(callOf(conversation)._meta).not.toHaveProperty("muster.changedAfterApproval");
    conversation.tool("tool_call_update", changed);
    expect(callOf(conversation)).toMatchObject({
      status: "running",
      toolInput: expect.stringContaining("rm -r built"),
      _meta: { muster: { changedAfterApproval: true } },
    });
  });
});
