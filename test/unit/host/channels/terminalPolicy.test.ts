import { describe, expect, it } from "vitest";
import type { StateAction } from "../../../../src/protocol/actions.ts";
import type { TerminalState } from "../../../../src/protocol/terminal.ts";
import { refusal } from "../../../../src/host/channels/policy.ts";

const origin = { principal: "owner", clientId: "me", clientSeq: 1 };
const session = { kind: "session", session: "ahp-session:/s" } as const;
const live: TerminalState = {
  title: "bash",
  content: [],
  lifecycle: { status: "running" },
  claim: session,
  isPty: true,
};
const exited: TerminalState = { ...live, lifecycle: { status: "exited", exitCode: 0 } };
const output: TerminalState = { ...live, isPty: false };
const input = (data: string) => ({ type: "terminal/input", data }) as const;
const size = (cols: number, rows: number) => ({ type: "terminal/resized", cols, rows }) as const;
const claim = (claimed: TerminalState["claim"]) => ({ type: "terminal/claimed", claim: claimed }) as const;
const client = (clientId: string) => ({ kind: "client", clientId }) as const;

const allowed: [string, TerminalState, StateAction][] = [
  ["typing", live, input("ls\r")],
  ["a long paste", live, input("x".repeat(65_536))],
  ["a size", live, size(1, 1_000)],
  ["clearing", live, { type: "terminal/cleared" }],
  ["clearing what has ended", exited, { type: "terminal/cleared" }],
  ["a name", live, { type: "terminal/titleChanged", title: "tests" }],
  ["a claim for oneself", live, claim(client("me"))],
  ["giving it back to a session", { ...live, claim: client("me") }, claim(session)],
  ["the session's own claim", live, claim({ ...session, chat: "ahp-chat://c" })],
];
const refused: [string, TerminalState, StateAction, RegExp][] = [
  ["typing after the end", exited, input("ls\r"), /has ended\. Open another/],
  ["a size after the end", exited, size(80, 24), /has ended/],
  ["a claim after the end", exited, claim(client("me")), /has ended/],
  ["too much at once", live, input("x".repeat(65_537)), /65536 characters/],
  ["typing into a command's output", output, input("y"), /only shows the output/],
  ["clearing a command's output", output, { type: "terminal/cleared" }, /only shows the output/],
  ["no columns", live, size(0, 24), /1 to 1000/],
  ["half a row", live, size(80, 24.5), /1 to 1000/],
  ["endless rows", live, size(80, Number.POSITIVE_INFINITY), /1 to 1000/],
  ["a claim for somebody else", live, claim(client("you")), /itself only/],
  ["giving away what another client has", { ...live, claim: client("you") }, claim(session), /itself only/],
  ["a claim of another session", live, claim({ kind: "session", session: "ahp-session:/other" }), /itself only/],
  ["a name without end", live, { type: "terminal/titleChanged", title: "x".repeat(301) }, /300 characters/],
  ["output", live, { type: "terminal/data", data: "forged" }, /Only the host/],
  ["an end", live, { type: "terminal/exited" }, /Only the host/],
  ["an action of another channel", live, { type: "session/titleChanged", title: "x" }, /does not know/],
];

describe("a client's action on a terminal", () => {
  it.each(allowed)("may be %s", (_name, state, action) => {
    expect(refusal("terminal", state, action, origin)).toBeUndefined();
  });

  it.each(refused)("may not be %s", (_name, state, action, sentence) => {
    expect(refusal("terminal", state, action, origin)).toMatch(sentence);
  });
});
