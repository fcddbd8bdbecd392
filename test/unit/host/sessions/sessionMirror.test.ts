import { describe, expect, it } from "vitest";
import { doingOf, mirrorChat, promptedWith, titledByUser } from "../../../../src/host/sessions/sessionMirror.ts";
import { summaryOf } from "../../../../src/host/sessions/sessionSummary.ts";
import { initialFleetSession } from "../../../../src/protocol/fleet.ts";
import { reduce } from "../../../../src/protocol/reduce.ts";
import type { SessionState } from "../../../../src/protocol/sessionState.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import type { ToolCall } from "../../../../src/protocol/toolCall.ts";
import { aChat, anActiveTurn, aSession, chat, session, toolPart } from "../../../support/aChat.ts";

const call = { toolName: "shell", displayName: "Shell", confirmed: "not-needed" } as const;
const running = (toolCallId: string, invocationMessage: string | { markdown: string }): ToolCall => ({
  ...call,
  status: "running",
  toolCallId,
  invocationMessage,
});
const done: ToolCall = {
  ...call,
  status: "completed",
  toolCallId: "a",
  invocationMessage: "node --test",
  success: true,
  pastTenseMessage: "Ran",
};

describe("what a session was first asked", () => {
  it("is the beginning of the first message, beside what is known of the session already", () => {
    const titled = reduce("session", aSession(), titledByUser(aSession()));
    const action = promptedWith(titled, "x".repeat(5000));
    const asked = action && reduce("session", titled, action);
    expect(asked?._meta).toEqual({ muster: { titleBy: "user", prompt: "x".repeat(400) } });
    expect(asked && promptedWith(asked, "And then?")).toBeUndefined();
  });
});

describe("what an agent does at present", () => {
  it("is what the agent says, before anything else", () => {
    const turn = anActiveTurn("t", [toolPart(running("a", "node --test"))]);
    expect(doingOf(aChat({ activity: "2 of 5: Test", activeTurn: turn }))).toBe("2 of 5: Test");
  });

  it("is the tool that runs, in one line, and nothing once it has ended", () => {
    const second = running("b", { markdown: "npm test\nwith much output" });
    expect(doingOf(aChat({ activeTurn: anActiveTurn("t", [toolPart(done), toolPart(second)]) }))).toBe("npm test");
    expect(doingOf(aChat({ activeTurn: anActiveTurn("t", [toolPart(done)]) }))).toBeUndefined();
    expect(doingOf(aChat())).toBeUndefined();
  });

  it("stands in the session's row while it works", () => {
    const working = aChat({
      status: STATUS.inProgress,
      activeTurn: anActiveTurn("t", [toolPart(running("a", "node --test"))]),
    });
    const row = { resource: chat, title: "", status: STATUS.idle, modifiedAt: working.modifiedAt };
    const before = aSession({ chats: [row] });
    const mirrored = mirrorChat(before, working).reduce<SessionState>(
      (state, action) => reduce("session", state, action),
      before,
    );
    const fleet = initialFleetSession({
      type: "x-fleet/created",
      phase: "working",
      session,
      provider: "sample",
      createdAt: working.modifiedAt,
      repository: "/r",
      isolation: "none",
    });
    expect(summaryOf({ session: mirrored, fleet, changes: undefined }).activity).toBe("node --test");
    // As another process folds it: a member without a value does not reach it.
    const rested = mirrorChat(mirrored, aChat()).reduce<SessionState>(
      (state, action) => reduce("session", state, JSON.parse(JSON.stringify(action))),
      mirrored,
    );
    expect(rested.chats[0]?.activity ?? "").toBe("");
    expect(summaryOf({ session: rested, fleet, changes: undefined }).activity).toBeUndefined();
    expect(mirrorChat(rested, aChat())).toEqual([]);
  });
});
