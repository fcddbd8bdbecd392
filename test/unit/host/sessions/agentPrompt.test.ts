import { describe, expect, it } from "vitest";
import type { ActiveTurn, Turn } from "../../../../src/protocol/chatState.ts";
import { agentPrompt, turnsBefore } from "../../../../src/host/sessions/agentPrompt.ts";

const turn: ActiveTurn = {
  id: "now",
  startedAt: "2026-01-01T00:00:00Z",
  message: { text: "/review it", origin: { kind: "user" } },
  responseParts: [],
};
const nothing = { untold: [], forgotten: [] };

function aTurn(id: string, text: string, answer: string, kind = "user"): Turn {
  const responseParts = [{ kind: "markdown" as const, id: "p", content: answer }];
  return { id, message: { text, origin: { kind } }, responseParts, state: "complete" };
}

describe("what an agent is asked", () => {
  it("is the message itself when there is nothing else to tell", () => {
    expect(agentPrompt(turn, nothing)).toBe(turn.message);
  });

  it("begins with the person's own words, which may be a command, and goes on with what the agent does not know", () => {
    const forgotten = [aTurn("1", "make it", "made it")];
    const { text } = agentPrompt(turn, { untold: ["The files were put back."], forgotten });
    expect(text).toMatch(/^\/review it\n\n\(The files were put back\.\)\n\n\(You have worked here before/);
    expect(text).toContain("Person: make it\nYou: made it");
  });

  it("tells the end of a long transcript and how much is left out", () => {
    const long = Array.from({ length: 50 }, (_, n) =>
      aTurn(String(n), `ask ${n} ${"x".repeat(3_000)}`, "y".repeat(9_000)),
    );
    const { text } = agentPrompt(turn, { untold: [], forgotten: long });
    expect(text.length).toBeLessThan(26_000);
    expect(text).toContain("ask 49 ");
    expect(text).not.toContain("ask 10 ");
    expect(text).toMatch(/the first \d+ are left out/);
  });

  it("leaves out the turn itself and what the host wrote into the chat", () => {
    const turns = [
      aTurn("1", "a", "b"),
      aTurn("2", "put back", "", "systemNotification"),
      aTurn("now", "/review it", ""),
    ];
    const chat = { resource: "c", title: "", status: 1, modifiedAt: "", turns };
    expect(turnsBefore(chat, "now").map(({ id }) => id)).toEqual(["1"]);
    expect(turnsBefore(undefined, "now")).toEqual([]);
  });
});
