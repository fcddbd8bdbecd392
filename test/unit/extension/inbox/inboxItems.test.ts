import { describe, expect, it } from "vitest";
import type { FleetAgent, FleetPullRequest } from "../../../../src/extension/fleet/fleetAgent.ts";
import { inboxItems } from "../../../../src/extension/inbox/inboxItems.ts";
import { rowOf } from "../../../../src/extension/inbox/inboxRows.ts";
import type { SessionInputRequest } from "../../../../src/protocol/sessionState.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";
import { asks, questions, sessionOf } from "../../../support/anInbox.ts";

function waits(name: string, requests: readonly SessionInputRequest[], changes: Partial<FleetAgent> = {}): FleetAgent {
  return aFleetAgent({ session: sessionOf(name), title: name, attention: "needsYou", requests, ...changes });
}

describe("the inbox", () => {
  it("holds what a pull request wants, and nothing of one that wants nothing", () => {
    const url = "https://github.com/acme/widgets/pull/7";
    const inPull = (name: string, known: Partial<FleetPullRequest>) =>
      aFleetAgent({
        session: sessionOf(name),
        attention: "pullRequest",
        head: "b",
        pullRequest: { url, number: 7, state: "open", ...known },
      });
    const agents = [
      inPull("quiet", { checks: "pending", merge: "ready" }),
      inPull("draft", { isDraft: true, merge: "ready" }),
      inPull("green", { checks: "passed", merge: "ready" }),
      inPull("newer", { shipped: "a", checks: "failed" }),
      inPull("told", { review: "changesRequested" }),
      inPull("red", { checks: "failed", failedChecks: ["test", "lint"], review: "changesRequested" }),
      inPull("torn", { merge: "conflicts" }),
    ];
    const items = inboxItems(agents);
    expect(items.map(({ reason, agents: [agent] }) => [reason, agent?.session])).toEqual([
      ["conflict", sessionOf("torn")],
      ["checks", sessionOf("red")],
      ["comments", sessionOf("told")],
      ["review", sessionOf("newer")],
      ["merge", sessionOf("green")],
    ]);
    expect(items.map((item) => rowOf(item, nowMs).detail)).toEqual([
      "#7 · conflicts with its base",
      "#7 · checks failed: test, lint",
      "#7 · changes requested",
      "#7 · new changes to push",
      "#7 · ready to merge",
    ]);
  });

  it("holds every reason for which somebody is needed, most pressing first", () => {
    const agents = [
      aFleetAgent({ session: sessionOf("quiet") }),
      aFleetAgent({ session: sessionOf("done"), attention: "review", conflicts: 1 }),
      aFleetAgent({ session: sessionOf("torn"), attention: "pullRequest", conflicts: 2 }),
      aFleetAgent({ session: sessionOf("dead"), attention: "failed" }),
      waits("unread", [], { need: "unknown" }),
      waits("poor", [questions("poor", { id: "budget-session-t-1" })]),
      waits("curious", [questions("curious", { id: "q1" })]),
      waits("offline", [questions("offline", { id: "egress-t-1" })]),
      waits("bold", [asks("bold", "rm -r build")]),
      waits("locked out", [], { need: "signIn" }),
      aFleetAgent({ session: sessionOf("gone"), attention: "failed", freshness: { live: false, heardAt: 1 } }),
    ];
    expect(inboxItems(agents).map(({ reason, agents: [agent] }) => [reason, agent?.session])).toEqual([
      ["approval", sessionOf("bold")],
      ["network", sessionOf("offline")],
      ["question", sessionOf("curious")],
      ["budget", sessionOf("poor")],
      ["signIn", sessionOf("locked out")],
      ["waiting", sessionOf("unread")],
      ["failed", sessionOf("dead")],
      ["conflict", sessionOf("torn")],
      ["review", sessionOf("done")],
    ]);
  });

  it("takes the word of a host of ours alone for what kind of question it is", () => {
    const asked = waits("spoof", [questions("spoof", { id: "egress-t-1" })], { canShip: false });
    expect(inboxItems([asked])[0]?.reason).toBe("question");
  });

  it("shows the very same request of several agents once, and nothing else together", () => {
    const options = [{ id: "once", label: "Yes", kind: "approve" as const }];
    const change = { items: [{ after: { uri: "file:///a", content: { uri: "x-fleet-blob:/1/2" } } }] };
    const agents = [
      waits("a", [asks("a", "npm test")]),
      waits("b", [asks("b", "npm test")]),
      waits("other command", [asks("c", "npm test ")]),
      waits("other tool", [asks("d", "npm test", { toolName: "shell2" })]),
      waits("other answers", [asks("e", "npm test", { options })]),
      waits("edits", [asks("f", "npm test", { edits: change })]),
      waits("edits too", [asks("g", "npm test", { edits: change })]),
    ];
    const items = inboxItems(agents);
    expect(items.map(({ agents }) => agents.map(({ title }) => title).join("+"))).toEqual([
      "a+b",
      "edits",
      "edits too",
      "other answers",
      "other command",
      "other tool",
    ]);
    expect(rowOf(items[0]!, nowMs)).toEqual({
      label: "$(shield) 2 agents ask for the same",
      description: "a, b",
      detail: "npm test",
      isWhole: true,
    });
  });

  it("lets nothing be answered from its row that the row does not show whole", () => {
    const isWhole = (request: SessionInputRequest) => rowOf(inboxItems([waits("a", [request])])[0]!, nowMs).isWhole;
    expect(isWhole(asks("a", "ls"))).toBe(true);
    expect(isWhole(asks("a", "x".repeat(61)))).toBe(false);
    expect(isWhole(asks("a", "ls\nrm -rf /"))).toBe(false);
    expect(isWhole(asks("a", "ls", { toolInput: { uri: "x-fleet-blob:/1/2" } }))).toBe(false);
    expect(isWhole(asks("a", "ls", { edits: { items: [{}] } }))).toBe(false);
  });

  it("lets nothing be answered for several from a row that does not name them all", () => {
    const named = (name: string) => {
      const agents = ["a", "b"].map((id) => waits(`${name} ${id}`, [asks(id, "npm test")]));
      return rowOf(inboxItems(agents)[0]!, nowMs).isWhole;
    };
    expect(named("Short")).toBe(true);
    expect(named("A title that takes so much of the row")).toBe(false);
  });

  it("shows what agents say visibly, on one line and without icons", () => {
    const [item] = inboxItems([waits("$(check) ok\u202e\nbad", [asks("a", "ls $(trash)")])]);
    const { label, detail } = rowOf(item!, nowMs);
    expect(label).toBe("$(shield) $\u200b(check) ok‹U+202E› bad");
    expect(detail).toBe("ls $\u200b(trash)");
  });
});
