import { beforeEach, describe, expect, it } from "vitest";
import { maxRead } from "../../../../src/extension/fleet/needsReader.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { anInbox, asks, keyOfAgent, putResting, putWaiting, questions, sessionOf } from "../../../support/anInbox.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

const { quickInputs } = fakeVscode;
const whole = "-- What it asks for";
const set = (request: ReturnType<typeof asks>) => ({ type: "session/inputNeededSet", request }) as const;

/** What `dispatchAction` says of the answers, in a word each. */
const answersIn = (sent: readonly object[]) =>
  sent.map((action) =>
    "toolCallId" in action && "approved" in action ? [action.toolCallId, action.approved] : action,
  );

describe("the inbox", () => {
  beforeEach(() => fakeVscode.reset());

  it("shows what waits, and follows it with the selection where the person left it", async () => {
    const { inbox, host, shown } = await anInbox((host) => {
      putWaiting(host, "first", [asks("first", "ls one")]);
      putWaiting(host, "second", [asks("second", "ls two")]);
      putResting(host, "broken", STATUS.error);
    });
    void inbox.open();
    const list = quickInputs.open;
    expect(list.title).toBe("Inbox (3)");
    expect(list.labels).toEqual([
      "-- Permission requests",
      "$(shield) first",
      "$(shield) second",
      "-- Failed",
      "$(error) broken",
    ]);
    list.activeItems = [list.row("second")];
    host.act(sessionOf("first"), { type: "session/inputNeededRemoved", id: "ask-first" });
    host.notify("root/sessionSummaryChanged", { channel: "x", session: sessionOf("first"), changes: { status: 1 } });
    await shown();
    expect(list.labels).toEqual(["-- Permission requests", "$(shield) second", "-- Failed", "$(error) broken"]);
    expect(list.activeItems[0]?.label).toBe("$(shield) second");
  });

  it("shows a request whole and sends the answer that was chosen, then goes on with the list", async () => {
    const { inbox, sent, shown } = await anInbox((host) => putWaiting(host, "a", [asks("a", "make\nmake install")]));
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    const request = quickInputs.open;
    expect(request.title).toBe("a: Allow this command to run?");
    expect(request.labels.slice(request.labels.indexOf(whole))).toEqual([whole, "make", "make install"]);
    // A line of the request is no answer.
    request.choose("make install");
    expect(sent()).toEqual([]);
    request.choose("Approve");
    await shown();
    expect(answersIn(sent())).toEqual([["call-a", true]]);
    expect(quickInputs.open.title).toMatch(/^Inbox/);
  });

  it("offers the agent's own answers beneath ours, and says itself which way they go", async () => {
    const options = [
      { id: "s", label: "Deny $(x)", kind: "approve" as const },
      { id: "?", label: "Whatever", kind: "(unknown)" as const },
    ];
    const { inbox, sent, shown } = await anInbox((host) => putWaiting(host, "a", [asks("a", "ls", { options })]));
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    expect(quickInputs.open.labels).toContain("$(check-all) Approve: “Deny $\u200b(x)”");
    expect(quickInputs.open.labels.some((label) => label.includes("Whatever"))).toBe(false);
    quickInputs.open.choose("Approve: ");
    await shown();
    expect(sent()).toMatchObject([{ approved: true, selectedOptionId: "s" }]);
  });

  it("gives no answer to what has changed: it shows what is asked, and takes no answer in that moment", async () => {
    const { inbox, host, sent, shown, clock } = await anInbox((host) => putWaiting(host, "a", [asks("a", "rm build")]));
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    host.act(sessionOf("a"), set(asks("a", "rm -rf /")));
    await shown();
    expect(quickInputs.open.labels).toContain("rm -rf /");
    quickInputs.open.choose("Approve");
    await shown();
    expect(sent()).toEqual([]);
    await clock.advance(500);
    quickInputs.open.choose("Approve");
    await shown();
    expect(answersIn(sent())).toEqual([["call-a", true]]);
  });

  it("sends nothing when the answer comes before the change is shown", async () => {
    const { inbox, host, sent, shown, presented, fleet } = await anInbox((host) =>
      putWaiting(host, "a", [asks("a", "rm build")]),
    );
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    const request = quickInputs.open;
    const changed = new Promise<void>((resolve) => {
      fleet.onDidChange(() => resolve());
    });
    host.act(sessionOf("a"), set(asks("a", "rm -rf /")));
    await changed;
    request.choose("Approve");
    await shown();
    expect(sent()).toEqual([]);
    expect(presented).toMatchObject([{ code: "conflict" }]);
    expect(quickInputs.open.row("a").detail).toBe("rm -rf /");
  });

  it("says that somebody else has answered, and stays open for the rest", async () => {
    const { inbox, host, sent, shown, presented } = await anInbox((host) => {
      putWaiting(host, "a", [asks("a", "ls one")]);
      putWaiting(host, "b", [asks("b", "ls two")]);
    });
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    host.act(sessionOf("a"), { type: "session/inputNeededRemoved", id: "ask-a" });
    await shown();
    expect(presented).toMatchObject([{ code: "conflict" }]);
    expect(sent()).toEqual([]);
    expect(quickInputs.open.labels).toContain("$(shield) b");
  });

  it("answers the same request of several agents at once, or one by one", async () => {
    const { inbox, sent, shown } = await anInbox((host) => {
      for (const name of ["a", "b", "c"]) putWaiting(host, name, [asks(name, "npm test")]);
    });
    void inbox.open();
    expect(quickInputs.open.labels).toEqual(["-- Permission requests", "$(shield) 3 agents ask for the same"]);
    quickInputs.open.choose("3 agents");
    await shown();
    expect(quickInputs.open.labels.slice(-4)).toEqual(["-- Asked by", "a", "b", "c"]);
    quickInputs.open.choose("one by one");
    await shown();
    expect(quickInputs.open.title).toMatch(/^a:/);
    quickInputs.open.choose("Deny");
    await shown();
    expect(quickInputs.open.title).toMatch(/^b:/);
    quickInputs.open.hide();
    await shown();
    expect(answersIn(sent())).toEqual([["call-a", false]]);
    quickInputs.open.choose("agents ask for the same");
    await shown();
    quickInputs.open.choose("Approve all");
    await shown();
    expect(answersIn(sent()).slice(1)).toContainEqual(["call-b", true]);
    expect(answersIn(sent()).slice(1)).toContainEqual(["call-c", true]);
  });

  it("approves from the row what the row shows whole, but not just after the rows have moved", async () => {
    const { inbox, host, sent, shown, clock } = await anInbox((host) => putWaiting(host, "a", [asks("a", "ls")]));
    void inbox.open();
    putWaiting(host, "b", [asks("b", "ls -l")]);
    host.notify("root/sessionAdded", { channel: "x", summary: host.sessions.get(sessionOf("b")) });
    await shown();
    quickInputs.open.pressOnRow("a", "Approve Once");
    await shown();
    expect(sent()).toEqual([]);
    await clock.advance(500);
    quickInputs.open.pressOnRow("a", "Approve Once");
    await shown();
    expect(answersIn(sent())).toEqual([["call-a", true]]);
  });

  it("lets a long request be approved only after all of it was opened", async () => {
    const command = Array.from({ length: 100 }, (_, line) => `echo ${line}\u200b`).join("\n");
    const { inbox, shown } = await anInbox((host) => putWaiting(host, "a", [asks("a", command)]));
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    const canApprove = () => quickInputs.open.labels.some((label) => label.startsWith("$(check)"));
    expect(canApprove()).toBe(false);
    expect(quickInputs.open.row("").description).toBeDefined();
    quickInputs.open.choose("Read All 100 Lines");
    await shown();
    expect(fakeVscode.documents[0]?.split("\n")).toHaveLength(100);
    expect(fakeVscode.documents[0]).toContain("echo 99‹U+200B›");
    expect(canApprove()).toBe(true);
  });

  it("denies with a note that tells the agent what to do instead", async () => {
    const { inbox, sent, shown } = await anInbox((host) => putWaiting(host, "a", [asks("a", "ls")]));
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    fakeVscode.typed = "Use the other script.";
    quickInputs.open.choose("Deny with a note");
    await shown();
    expect(sent()).toMatchObject([{ approved: false, userSuggestion: "Use the other script." }]);
  });

  it("asks an agent's questions one after the other, and can go back", async () => {
    const request = {
      id: "q",
      questions: [
        { kind: "text" as const, id: "name", message: "What is it called?", required: true },
        { kind: "integer" as const, id: "count", message: "How many?", min: 1 },
        {
          kind: "multi-select" as const,
          id: "parts",
          message: "Which parts?",
          options: [
            { id: "x", label: "X" },
            { id: "y", label: "Y" },
          ],
        },
      ],
    };
    const { inbox, sent, shown } = await anInbox((host) => putWaiting(host, "a", [questions("a", request)]));
    void inbox.open();
    quickInputs.open.choose("a");
    await shown();
    quickInputs.open.enter("");
    expect(quickInputs.open.validationMessage).toBe("An answer is needed.");
    quickInputs.open.enter("widget");
    await shown();
    quickInputs.open.press("Back");
    await shown();
    expect(quickInputs.open.value).toBe("widget");
    quickInputs.open.enter("gadget");
    await shown();
    quickInputs.open.enter("0.5");
    expect(quickInputs.open.validationMessage).toBe("Type a whole number.");
    quickInputs.open.enter("3");
    await shown();
    const parts = quickInputs.open;
    parts.selectedItems = [parts.row("Y")];
    parts.accept();
    await shown();
    expect(sent()).toEqual([
      {
        type: "chat/inputCompleted",
        requestId: "q",
        response: "accept",
        answers: {
          name: { state: "submitted", value: { kind: "text", value: "gadget" } },
          count: { state: "submitted", value: { kind: "number", value: 3 } },
          parts: { state: "submitted", value: { kind: "selected-many", value: ["y"] } },
        },
      },
    ]);
  });

  it.each([
    ["Raise", "7", { decision: "raise", usd: 7 }],
    ["Once more", undefined, { decision: "once" }],
    ["Stop", undefined, { decision: "stop" }],
  ])("answers a budget that is reached: %s", async (choice, sum, expected) => {
    const request = {
      id: "budget-session-t-1",
      message: "This session has spent $5.10; its budget is $5.00.",
      questions: [
        {
          kind: "single-select" as const,
          id: "decision",
          message: "How shall it go on?",
          required: true,
          options: [
            { id: "raise", label: "Raise the budget" },
            { id: "once", label: "Once more" },
            { id: "stop", label: "Stop" },
          ],
        },
        { kind: "number" as const, id: "usd", message: "US dollars to add.", defaultValue: 5 },
      ],
    };
    const { inbox, sent, shown } = await anInbox((host) => putWaiting(host, "a", [questions("a", request)]));
    void inbox.open();
    expect(quickInputs.open.labels[0]).toBe("-- Budgets reached");
    quickInputs.open.choose("a");
    await shown();
    expect(quickInputs.open.placeholder).toBe(request.message);
    quickInputs.open.choose(choice);
    await shown();
    if (sum !== undefined) {
      expect(quickInputs.open.value).toBe("5");
      quickInputs.open.enter(sum);
      await shown();
    }
    const [action] = sent() as { answers: Record<string, { value: { value: unknown } }> }[];
    const given = Object.entries(action!.answers).map(([id, { value }]) => [id, value.value]);
    expect(Object.fromEntries(given)).toEqual(expected);
  });

  it("resumes what has failed, from its row", async () => {
    const { inbox, host, shown } = await anInbox((host) => putResting(host, "a", STATUS.error));
    void inbox.open();
    quickInputs.open.pressOnRow("a", "Resume");
    await shown();
    expect(
      host.heard.some(({ method, params }) => method === "subscribe" && params["channel"] === sessionOf("a")),
    ).toBe(true);
  });

  it("leaves out what is snoozed until it is asked for", async () => {
    const { inbox, fleet, snoozes, shown } = await anInbox((host) => {
      putWaiting(host, "a", [asks("a", "ls one")]);
      putWaiting(host, "b", [asks("b", "ls two")]);
    });
    void inbox.open();
    quickInputs.open.pressOnRow("a", "Snooze…");
    await shown();
    quickInputs.open.choose("15 minutes");
    await shown();
    expect(snoozes.has(fleet.get(keyOfAgent("a"))!)).toBe(true);
    expect(quickInputs.open.labels).toEqual(["-- Permission requests", "$(shield) b"]);
    quickInputs.open.press("Show What Is Snoozed (1)");
    await shown();
    expect(quickInputs.open.labels).toEqual(["-- Permission requests", "$(shield) a", "$(shield) b"]);
    quickInputs.open.pressOnRow("a", "End Snooze");
    await shown();
    expect(snoozes.has(fleet.get(keyOfAgent("a"))!)).toBe(false);
  });

  it("reads what an agent waits for when a person turns to it, although it was one too many to be read ahead", async () => {
    const names = Array.from({ length: maxRead + 1 }, (_, index) => `agent ${index}`);
    const { inbox, shown } = await anInbox((host) => {
      for (const name of names) putWaiting(host, name, [asks(name, `ls ${name}`)]);
    });
    void inbox.open();
    const unread = quickInputs.open.items.find(({ label }) => label.startsWith("$(bell-dot)"));
    expect(quickInputs.open.labels.filter((label) => label.startsWith("$(shield)"))).toHaveLength(maxRead);
    const name = unread!.label.replace("$(bell-dot) ", "");
    quickInputs.open.choose(unread!.label);
    await shown();
    expect(quickInputs.open.row(name)).toMatchObject({ label: `$(shield) ${name}`, detail: `ls ${name}` });
  });

  it("says so when nothing needs anybody", async () => {
    const { inbox } = await anInbox(() => undefined);
    void inbox.open();
    expect(quickInputs.open.labels).toEqual(["$(check) Nothing needs you"]);
  });
});
