import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, describe, expect, it } from "vitest";
import { terminalUri } from "../../src/protocol/uris.ts";
import { anActiveTurn, aTurn, chat, markdown, pendingCall, terminalCall, toolPart } from "../support/aChat.ts";
import { Page } from "./aPage.tsx";

afterEach(cleanup);

function aPage(chatState: Parameters<Page["chat"]>[0] = {}, memory: ConstructorParameters<typeof Page>[0] = {}) {
  const page = new Page(memory);
  page.facts();
  page.session();
  page.chat(chatState);
  page.show();
  return page;
}

const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message to the agent" });

describe("how the agent is confined", () => {
  it("is said when it is not, and takes no room when it is", () => {
    const page = aPage();
    page.fleet();
    expect(screen.queryByText(/not isolated/)).toBeNull();
    page.fleet({ isolation: "none" });
    return waitFor(() => screen.getByText(/not isolated/));
  });
});

describe("the page before its agent is there", () => {
  it("says that it waits for the host", () => {
    const page = new Page();
    page.facts({ connection: "connecting" });
    page.show();
    expect(screen.getByText(/Waiting for the host/)).toBeTruthy();
    expect(screen.getByText(/Connecting to farm/)).toBeTruthy();
  });

  it("says why the agent cannot be shown", () => {
    const page = new Page();
    page.facts({ connection: "offline", problem: "The host of this agent is not configured any more." });
    page.show();
    expect(screen.getByText("The host of this agent is not configured any more.")).toBeTruthy();
  });
});

describe("the transcript", () => {
  it("shows turns and follows the host's actions", async () => {
    const page = aPage({ turns: [aTurn("1", [markdown("All **done**.")])] });
    expect(screen.getByText("Prompt 1")).toBeTruthy();
    expect(screen.getByText("done")).toBeTruthy();
    page.push({
      type: "actions",
      uri: chat,
      actions: [
        {
          type: "chat/turnStarted",
          turnId: "2",
          startedAt: "2026-01-01T00:00:00Z",
          message: { text: "More", origin: { kind: "user" } },
        },
        { type: "chat/responsePart", turnId: "2", part: { kind: "markdown", id: "p", content: "" } },
        { type: "chat/delta", turnId: "2", partId: "p", content: "stream" },
        { type: "chat/delta", turnId: "2", partId: "p", content: "ing" },
      ],
    });
    await screen.findByText("streaming");
    expect(screen.getByRole("button", { name: "Stop the agent" })).toBeTruthy();
    expect(page.posted.at(-1)).toEqual({ nonce: "n", kind: "ack", seq: 4 });
  });

  it("ignores messages with another page's nonce", () => {
    const page = aPage();
    page.client.receive({ nonce: "other", kind: "push", seq: 9, items: [{ type: "actions", uri: chat, actions: [] }] });
    page.client.receive("nonsense");
    expect(page.posted.filter(({ kind }) => kind === "ack")).toHaveLength(3);
  });

  it("folds thinking away and shows tool calls as rows that open", async () => {
    const terminal = terminalUri("s1", "call-2");
    const page = aPage({
      turns: [aTurn("1", [{ kind: "reasoning", id: "r", content: "Hmm" }, toolPart(terminalCall(terminal))])],
    });
    expect(screen.getByText("Thinking").closest("details")?.open).toBe(false);
    const row = screen.getByRole("button", { name: /Ran the tests/ });
    expect(row.getAttribute("aria-expanded")).toBe("false");
    fireEvent.click(row);
    await waitFor(() => expect(page.asked("followLog")).toEqual([{ log: terminal }]));
    const spans = [
      { text: "passed", style: { fg: 2 } },
      { text: " 3 of 3", style: {} },
    ];
    page.log(terminal, [{ kind: "line", number: 1, spans }]);
    await screen.findByText("passed");
    fireEvent.click(row);
    await waitFor(() => expect(page.asked("leaveLog")).toEqual([{ log: terminal }]));
  });

  it("offers to resume the last turn only, and only where it can be resumed", () => {
    const failed = (id: string, resumable: boolean) =>
      aTurn(id, [{ kind: "error", error: { errorType: "x", message: `It broke in ${id}.` }, resumable }], {
        state: "error",
      });
    const page = aPage({ turns: [failed("1", true), failed("2", true)] });
    const buttons = screen.getAllByRole("button", { name: "Resume" });
    expect(buttons).toHaveLength(1);
    fireEvent.click(buttons[0]!);
    expect(page.asked("resume")).toEqual([{ turnId: "2" }]);
    expect(screen.getAllByRole("alert").map((alert) => alert.textContent)).toContain("It broke in 1.");
  });

  it("names the check where the host's machine lacks something, to be copied", () => {
    const message = 'The host isolates agents with bubblewrap, but "bwrap" is not installed.';
    const error = { kind: "error", error: { errorType: "isolation.missing", message }, resumable: true } as const;
    const page = aPage({ turns: [aTurn("1", [error], { state: "error" })] });
    expect(screen.getByRole("alert").textContent).toContain("muster-host doctor");
    fireEvent.click(screen.getByRole("button", { name: "Copy the command" }));
    expect(page.asked("copy")).toEqual([{ text: "muster-host doctor" }]);
  });

  it("offers to sign in where the agent lacks an account, and only while the host is there", async () => {
    const error = { kind: "error", error: { errorType: "query", message: "No token." }, resumable: true } as const;
    const page = aPage({ turns: [aTurn("1", [error], { state: "error" })] });
    expect(screen.queryByRole("button", { name: "Sign In" })).toBeNull();
    page.facts({ needsSignIn: true });
    fireEvent.click(await screen.findByRole("button", { name: "Sign In" }));
    expect(page.asked("signIn")).toEqual([{}]);
    page.facts({ needsSignIn: true, connection: "offline" });
    await waitFor(() => expect(screen.queryByRole("button", { name: "Sign In" })).toBeNull());
  });

  it("offers nothing on an error that the turn has got over", () => {
    const error = { kind: "error", error: { errorType: "query", message: "It broke." }, resumable: true } as const;
    const page = aPage({ turns: [aTurn("1", [error, markdown("It goes on.")])] });
    page.facts({ needsSignIn: true });
    expect(screen.queryByRole("button", { name: /Resume|Sign In/ })).toBeNull();
  });

  it("offers earlier turns when there are some", async () => {
    const page = aPage({ turns: [aTurn("5")] });
    expect(screen.queryByRole("button", { name: /earlier turns/ })).toBeNull();
    page.facts({ hasOlder: true });
    fireEvent.click(await screen.findByRole("button", { name: /earlier turns/ }));
    expect(page.asked("loadOlder")).toHaveLength(1);
  });
});

describe("an approval", () => {
  const waiting = (input: string) => ({ activeTurn: anActiveTurn("2", [toolPart(pendingCall(input))]) });

  it("shows the exact command with what cannot be seen, and says how many such characters there are", () => {
    aPage(waiting(JSON.stringify({ command: "rm -rf dist \u202e# ", workdir: "/w" })));
    const card = screen.getByRole("region", { name: "Allow this command to run?" });
    expect(within(card).getByLabelText("Command").textContent).toContain("rm -rf dist ‹U+202E›# ");
    expect(within(card).getByText("workdir")).toBeTruthy();
    expect(within(card).getByText(/1 character that cannot be seen/)).toBeTruthy();
    expect(screen.getByRole("status").textContent).toContain("Needs your approval");
  });

  it("shows the words of an argument list as a shell would need them", () => {
    aPage(waiting(JSON.stringify({ command: ["sh", "-c", "echo 'hi' && ls"] })));
    expect(screen.getByLabelText("Command").textContent).toContain(String.raw`sh -c 'echo '\''hi'\'' && ls'`);
  });

  it("approves and denies once, with our own buttons", async () => {
    const page = aPage(waiting("{}"));
    fireEvent.click(screen.getByRole("button", { name: "Approve" }));
    expect(page.asked("approve")).toEqual([{ turnId: "2", toolCallId: "call-1" }]);
    await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Approve" }).disabled).toBe(true));
    page.answer("approve", "This request waits no more.");
    await screen.findByText("This request waits no more.");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Deny" }).disabled).toBe(false);
    fireEvent.click(screen.getByRole("button", { name: "Deny" }));
    expect(page.asked("deny")).toEqual([{ turnId: "2", toolCallId: "call-1" }]);
  });

  it("sends the note with a denial", async () => {
    const page = aPage(waiting("{}"));
    fireEvent.click(screen.getByRole("button", { name: "Deny with a note…" }));
    const note = await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Note to the agent" });
    await waitFor(() => expect(document.activeElement).toBe(note));
    fireEvent.input(note, { target: { value: "Use git clean" } });
    fireEvent.click(screen.getByRole("button", { name: "Deny" }));
    expect(page.asked("deny")).toEqual([{ turnId: "2", toolCallId: "call-1", note: "Use git clean" }]);
    page.answer("deny");
    const box = screen.getByRole("textbox", { name: "Message to the agent" });
    await waitFor(() => expect(document.activeElement).toBe(box));
  });

  it("marks the agent's own answers as such and sends what they do", () => {
    const page = aPage(waiting("{}"));
    const group = screen.getByRole("group", { name: "Answers that the agent offers" });
    fireEvent.click(within(group).getByRole("button", { name: "Allow once" }));
    expect(page.asked("approve")).toEqual([{ turnId: "2", toolCallId: "call-1", optionId: "once" }]);
  });

  it("cannot be answered while the host is out of sight", async () => {
    const page = aPage(waiting("{}"));
    page.facts({ connection: "offline" });
    await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Approve" }).disabled).toBe(true));
    expect(screen.getByRole("button", { name: "Reconnect" })).toBeTruthy();
  });

  it("is a row like any other once it is answered", async () => {
    const page = aPage(waiting("{}"));
    page.push({
      type: "actions",
      uri: chat,
      actions: [
        { type: "chat/toolCallConfirmed", turnId: "2", toolCallId: "call-1", approved: false, reason: "denied" },
      ],
    });
    await screen.findByRole("img", { name: "Denied" });
    expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
  });
});

describe("a question", () => {
  it("is answered with what was chosen, when everything required is there", async () => {
    const page = aPage({
      activeTurn: anActiveTurn("2", [
        {
          kind: "inputRequest",
          request: {
            id: "q1",
            message: "Which design?",
            questions: [
              {
                id: "a",
                kind: "single-select",
                message: "Design",
                required: true,
                options: [
                  { id: "x", label: "One" },
                  { id: "y", label: "Two" },
                ],
              },
              { id: "b", kind: "text", message: "Name" },
            ],
          },
        },
      ]),
    });
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Answer" }).disabled).toBe(true);
    fireEvent.click(screen.getByRole("radio", { name: "Two" }));
    fireEvent.input(screen.getByRole("textbox", { name: "Name" }), { target: { value: "parser" } });
    await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Answer" }).disabled).toBe(false));
    fireEvent.submit(screen.getByRole("form", { name: "The agent asks" }));
    expect(page.asked("answerInput")).toEqual([
      {
        requestId: "q1",
        response: "accept",
        answers: {
          a: { state: "submitted", value: { kind: "selected", value: "y" } },
          b: { state: "submitted", value: { kind: "text", value: "parser" } },
        },
      },
    ]);
  });
});

describe("what was typed and not sent", () => {
  const asking = {
    activeTurn: anActiveTurn("2", [
      toolPart(pendingCall("{}")),
      {
        kind: "inputRequest",
        request: { id: "q1", questions: [{ id: "b", kind: "text", message: "Name" }] },
      },
    ]),
  } as const;
  const name = () => screen.getByRole<HTMLInputElement>("textbox", { name: "Name" });
  const note = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Note to the agent" });

  it("is there again after another tab, and after the page was dropped", async () => {
    const page = aPage(asking);
    fireEvent.input(name(), { target: { value: "parser" } });
    fireEvent.click(screen.getByRole("button", { name: "Deny with a note…" }));
    await waitFor(() => expect(document.activeElement).toBe(note()));
    fireEvent.input(note(), { target: { value: "Use git clean" } });
    fireEvent.click(screen.getByRole("tab", { name: /Timeline/ }));
    await waitFor(() => expect(screen.queryByRole("textbox", { name: "Name" })).toBeNull());
    fireEvent.click(screen.getByRole("tab", { name: /Transcript/ }));
    await waitFor(() => expect([name().value, note().value]).toEqual(["parser", "Use git clean"]));
    const memory = page.client.memory;
    cleanup();
    aPage(asking, memory);
    expect([name().value, note().value]).toEqual(["parser", "Use git clean"]);
    expect(document.activeElement).not.toBe(note());
  });

  it("is let go of when the host has it", async () => {
    const page = aPage(asking);
    fireEvent.input(name(), { target: { value: "parser" } });
    fireEvent.submit(screen.getByRole("form", { name: "The agent asks" }));
    page.answer("answerInput");
    await waitFor(() => expect(page.client.memory.typed).toEqual({}));
  });

  it("is the latest of many, so that requests that are gone leave nothing for ever", () => {
    const { client } = aPage();
    for (let index = 0; index < 30; index += 1) client.keepTyped(`note ${index}`, "x");
    expect(Object.keys(client.memory.typed ?? {})).toHaveLength(20);
    expect(client.typed("note 29")).toBe("x");
    expect(client.typed("constructor")).toBeUndefined();
  });
});

describe("the composer", () => {
  it("sends on Enter and clears when the host has it", async () => {
    const page = aPage();
    fireEvent.input(field(), { target: { value: "Do it" } });
    fireEvent.keyDown(field(), { key: "Enter", shiftKey: true });
    fireEvent.keyDown(field(), { key: "Enter", isComposing: true });
    expect(page.asked("sendPrompt")).toEqual([]);
    fireEvent.keyDown(field(), { key: "Enter" });
    expect(page.asked("sendPrompt")).toEqual([{ text: "Do it" }]);
    expect(field().value).toBe("Do it");
    page.answer("sendPrompt");
    await waitFor(() => expect(field().value).toBe(""));
  });

  it("keeps what was typed when it could not be sent, and says why", async () => {
    const page = aPage();
    fireEvent.input(field(), { target: { value: "Do it" } });
    fireEvent.keyDown(field(), { key: "Enter" });
    page.answer("sendPrompt", "There is no connection to the host.");
    await screen.findByText("There is no connection to the host.");
    expect(field().value).toBe("Do it");
    fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    await waitFor(() => expect(screen.queryByText("There is no connection to the host.")).toBeNull());
  });

  it("remembers the draft, and only who, where and what was typed", async () => {
    const agent = { hostId: "a", session: "s" };
    const page = aPage({}, { agent, draft: "half a thou" });
    expect(field().value).toBe("half a thou");
    fireEvent.input(field(), { target: { value: "half a thought" } });
    fireEvent.click(screen.getByRole("tab", { name: /Changes/ }));
    await waitFor(() => expect(page.states.at(-1)).toEqual({ agent, draft: "half a thought", tab: "changes" }));
  });

  it("shows messages that wait, and takes one back", () => {
    const page = aPage({
      activeTurn: anActiveTurn("2"),
      queuedMessages: [{ id: "q", message: { text: "Then this", origin: { kind: "user" } } }],
    });
    expect(screen.getByText("Then this")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Remove from the queue" }));
    expect(page.asked("removeQueued")).toEqual([{ id: "q" }]);
  });
});

describe("the other tabs", () => {
  it("list the changed files with their counts and open diffs in the editor", async () => {
    const page = aPage();
    const side = (path: string) => ({ uri: `x-fleet-file:/s1/${path}`, content: { uri: "x" } });
    page.changeset({
      status: "ready",
      files: [
        { id: "1", edit: { before: side("src/a.ts"), after: side("src/a.ts"), diff: { added: 2, removed: 1 } } },
        { id: "2", edit: { before: side("old.ts"), after: side("new.ts"), diff: { added: 0, removed: 0 } } },
        { id: "3", edit: { before: side("gone.ts"), diff: { added: 0, removed: 9 } } },
      ],
    });
    fireEvent.click(screen.getByRole("tab", { name: /Changes/ }));
    const list = await screen.findByRole("list", { name: "Changed files" });
    expect(within(list).getAllByRole("listitem")).toHaveLength(3);
    expect(within(list).getByText("(was old.ts)")).toBeTruthy();
    expect(within(list).getByRole("img", { name: "deleted" })).toBeTruthy();
    fireEvent.click(within(list).getByRole("button", { name: "Open the diff of src/a.ts in the editor" }));
    expect(page.asked("openDiff")).toEqual([{ fileId: "1" }]);
    fireEvent.click(screen.getAllByRole("button", { name: "Review changes" })[0]!);
    expect(page.asked("review")).toHaveLength(1);
    expect(screen.getByRole("button", { name: "Create pull request" })).toBeTruthy();
  });

  it("are reached by the arrow keys", async () => {
    aPage();
    fireEvent.keyDown(screen.getByRole("tab", { name: "Transcript" }), { key: "ArrowLeft" });
    await waitFor(() =>
      expect(screen.getByRole("tab", { name: "Timeline" }).getAttribute("aria-selected")).toBe("true"),
    );
  });
});

describe("the header", () => {
  it("shows the pull request instead of the button that makes one", async () => {
    const page = aPage();
    page.changeset({
      status: "ready",
      files: [{ id: "1", edit: { after: { uri: "x-fleet-file:/s1/a", content: { uri: "x" } } } }],
    });
    const pullRequest = {
      number: 7,
      url: "https://github.com/a/b/pull/7",
      words: "#7 · checks running",
      act: undefined,
    };
    page.facts({ pullRequest });
    fireEvent.click(await screen.findByRole("button", { name: "Pull request #7" }));
    expect(page.asked("showPullRequest")).toHaveLength(1);
    expect(screen.queryByRole("button", { name: "Create pull request" })).toBeNull();
    expect(screen.getByText("#7 · checks running")).toBeTruthy();
  });

  it("offers what the pull request wants most", async () => {
    const page = aPage();
    const url = "https://github.com/a/b/pull/7";
    page.facts({ pullRequest: { number: 7, url, words: "#7 · checks failed", act: "fixChecks" } });
    fireEvent.click(await screen.findByRole("button", { name: "Fix failing checks" }));
    expect(page.asked("actOnPullRequest")).toEqual([{ act: "fixChecks" }]);
  });

  it("does not offer a pull request while the agent works", async () => {
    const page = aPage({ activeTurn: anActiveTurn("2") });
    page.changeset({
      status: "ready",
      files: [{ id: "1", edit: { after: { uri: "x-fleet-file:/s1/a", content: { uri: "x" } } } }],
    });
    const button = await screen.findByRole<HTMLButtonElement>("button", { name: "Create pull request" });
    expect(button.disabled).toBe(true);
    fireEvent.click(screen.getByRole("button", { name: "Stop" }));
    expect(page.asked("stop")).toHaveLength(1);
  });

  it("shows titles of agents on one line, visible", () => {
    const page = new Page();
    page.facts();
    page.session({ title: "evil\u202e\ntitle" });
    page.chat();
    page.show();
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("evil‹U+202E› title");
  });
});
