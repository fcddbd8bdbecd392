import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PanelItem, TimelineEntry } from "../../src/protocol/panel.ts";
import { placesOf, turnsWithin } from "../../src/webview/transcript/turnPlaces.ts";
import { anActiveTurn, aTurn, markdown, toolPart } from "../support/aChat.ts";
import { Page } from "./aPage.tsx";

afterEach(cleanup);

function aPage(chat: Parameters<Page["chat"]>[0] = {}, memory: ConstructorParameters<typeof Page>[0] = {}) {
  const page = new Page(memory);
  page.facts();
  page.session();
  page.chat(chat);
  page.show();
  return page;
}

describe("a long conversation", () => {
  it("puts only the turns in sight on the page, the latest first", () => {
    aPage({ turns: Array.from({ length: 500 }, (_, index) => aTurn(String(index), [markdown(`Answer ${index}`)])) });
    expect(screen.getByText("Answer 499")).toBeTruthy();
    expect(screen.getAllByRole("article").length).toBeLessThan(20);
  });

  it("has room for every turn, of the height that it was or is guessed to be", () => {
    const turns = ["a", "b", "c", "d", "e", "f"].map((id) => ({ id }));
    const places = placesOf(turns, new Map([["b", 1_000]]));
    expect(places).toEqual({ tops: [0, 240, 1_240, 1_480, 1_720, 1_960], total: 2_200 });
    expect(turnsWithin(places, 0, 300)).toEqual([0, 2]);
    expect(turnsWithin(places, 1_300, 300)).toEqual([1, 5]);
    expect(turnsWithin(places, 1_900, 300)).toEqual([4, 6]);
    expect(turnsWithin(placesOf([], new Map()), 0, 300)).toEqual([0, 0]);
  });

  it("says that there is something new to those who read further up", async () => {
    const page = aPage({ turns: [aTurn("1"), aTurn("2")] });
    const area = screen.getByRole("log", { name: "Transcript" });
    Object.defineProperty(area, "scrollHeight", { value: 5_000 });
    area.scrollTop = 4_000;
    fireEvent.scroll(area);
    area.scrollTop = 100;
    fireEvent.scroll(area);
    await screen.findByText("Jump to latest");
    page.chat({ turns: [aTurn("1"), aTurn("2"), aTurn("3")] });
    fireEvent.click(await screen.findByText("New messages"));
    await waitFor(() => expect(screen.queryByText("New messages")).toBeNull());
  });
});

describe("pictures", () => {
  const resource = { kind: "contentRef", uri: "x-fleet-blob:/s1/1", contentType: "image/png" } as const;

  it("come from the agent's host through the extension", async () => {
    const page = aPage({ turns: [aTurn("1", [resource])] });
    await waitFor(() => expect(page.asked("readImage")).toEqual([{ uri: "x-fleet-blob:/s1/1" }]));
    page.answer("readImage", { url: "data:image/png;base64,AAAA" });
    expect((await screen.findByRole<HTMLImageElement>("img", { name: "Picture of the agent" })).src).toMatch(/^data:/);
  });

  it("are named where they cannot be shown", async () => {
    const page = aPage({ turns: [aTurn("1", [resource])] });
    await waitFor(() => expect(page.asked("readImage")).toHaveLength(1));
    page.answer("readImage", "The picture is larger than 5 MB. It stays on the host.");
    expect(await screen.findByText(/larger than 5 MB/)).toBeTruthy();
  });

  it("are never those that an agent puts into its text, nor of a kind that holds scripts", () => {
    const attachments = [
      { type: "embeddedResource", label: "a.svg", data: "PHN2Zz4=", contentType: "image/svg+xml" },
    ] as const;
    aPage({
      turns: [
        aTurn("1", [markdown("![x](https://tracker.example/a.png)"), { ...resource, contentType: "image/svg+xml" }], {
          message: { text: "look", origin: { kind: "user" }, attachments: [...attachments] },
        }),
      ],
    });
    expect(document.querySelector("img")).toBeNull();
    expect(screen.getByText("a.svg")).toBeTruthy();
  });
});

describe("edits", () => {
  const side = (path: string) => ({ uri: `x-fleet-file:/s1/${path}`, content: { uri: "x-fleet-blob:/s1/1" } });
  const lines = [
    { kind: "-", text: "before" },
    { kind: "+", text: "after" },
  ];

  it("of a tool call show their lines when somebody wants to see them", async () => {
    const call = {
      status: "completed",
      toolCallId: "c1",
      toolName: "edit",
      displayName: "Edit",
      invocationMessage: "Edit a.ts",
      confirmed: "not-needed",
      success: true,
      pastTenseMessage: "Edited a.ts",
      content: [{ type: "fileEdit", before: side("a.ts"), after: side("a.ts"), diff: { added: 1, removed: 1 } }],
    } as const;
    const page = aPage({ turns: [aTurn("1", [toolPart({ ...call, content: [...call.content] })])] });
    fireEvent.click(screen.getByRole("button", { name: /Edited a\.ts/ }));
    fireEvent.click(await screen.findByRole("button", { name: /^a\.ts/ }));
    await waitFor(() => expect(page.asked("readEdit")).toEqual([{ toolCallId: "c1", index: 0 }]));
    page.answer("readEdit", { hunks: [{ before: 1, after: 1, lines }] });
    expect((await screen.findByRole("group", { name: "Diff" })).textContent).toContain("removed: before");
  });

  it("of the branch open in their place and are read again when the file has changed", async () => {
    const page = aPage({}, { tab: "changes" });
    const changeset = (added: number) =>
      page.changeset({
        status: "ready",
        files: [{ id: "1", edit: { before: side("a.ts"), after: side("a.ts"), diff: { added, removed: 1 } } }],
      });
    changeset(1);
    fireEvent.click(await screen.findByTitle("a.ts"));
    await waitFor(() => expect(page.asked("readDiff")).toEqual([{ fileId: "1" }]));
    page.answer("readDiff", { hunks: [{ before: 1, after: 1, lines }] });
    await screen.findByRole("group", { name: "Diff" });
    changeset(2);
    await waitFor(() => expect(page.asked("readDiff")).toHaveLength(2));
    page.answer("readDiff", "The host is away.");
    expect((await screen.findByRole("alert")).textContent).toContain("The host is away.");
  });
});

describe("the timeline", () => {
  const entry = (changes: Partial<TimelineEntry>): TimelineEntry => ({
    id: changes.title ?? "",
    kind: "checkpoint",
    atMs: 0,
    title: "",
    detail: undefined,
    tone: "plain",
    turnId: undefined,
    checkpoint: undefined,
    ...changes,
  });
  const timeline: PanelItem = {
    type: "timeline",
    entries: [
      entry({ title: "Checkpoint 2", checkpoint: "2" }),
      entry({ title: "Fix it", kind: "turn", turnId: "t1" }),
      entry({ title: "Checkpoint 1", checkpoint: "1" }),
    ],
    left: 0,
  };
  const methods = ["x-fleet/checkpoint", "x-fleet/restore", "x-fleet/fork", "x-fleet/compare"] as const;

  function aTimeline(offered: Parameters<Page["facts"]>[0] = { methods }) {
    const page = aPage({}, { tab: "timeline" });
    page.facts(offered);
    page.push(timeline);
    return page;
  }

  it("is loaded while it is looked at", async () => {
    const page = aPage({}, { tab: "timeline" });
    expect(screen.getByText(/Loading the timeline/)).toBeTruthy();
    await waitFor(() => expect(page.asked("followTimeline")).toHaveLength(1));
    fireEvent.click(screen.getByRole("tab", { name: "Transcript" }));
    await waitFor(() => expect(page.asked("leaveTimeline")).toHaveLength(1));
  });

  it("offers to go back, to fork and to compare two", async () => {
    const page = aTimeline();
    const [second, , first] = await screen.findAllByRole("listitem");
    fireEvent.click(within(first!).getByRole("button", { name: "Restore…" }));
    fireEvent.click(within(first!).getByRole("button", { name: "Fork from here" }));
    fireEvent.click(within(second!).getByRole("button", { name: "Compare…" }));
    fireEvent.click(await within(first!).findByRole("button", { name: "Compare with 2" }));
    fireEvent.click(screen.getByRole("button", { name: "Record a checkpoint" }));
    expect(page.asked("restore")).toEqual([{ checkpoint: "1" }]);
    expect(page.asked("fork")).toEqual([{ checkpoint: "1" }]);
    expect(page.asked("compare")).toEqual([{ from: "1", to: "2" }]);
    expect(page.asked("checkpoint")).toHaveLength(1);
  });

  it("offers none of that where the host has none of it, and nothing while the host is away", async () => {
    const page = aTimeline({ methods: [] });
    await screen.findByText("Checkpoint 2");
    expect(screen.queryByRole("button", { name: /Restore|Fork|Compare|Record/ })).toBeNull();
    page.facts({ methods, connection: "offline" });
    const restore = await screen.findAllByRole<HTMLButtonElement>("button", { name: "Restore…" });
    expect(restore.every(({ disabled }) => disabled)).toBe(true);
  });

  it("is walked by the arrow keys, and one Tab leaves it", async () => {
    aTimeline();
    const entries = await screen.findAllByRole("listitem");
    expect(entries.map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1]);
    entries[0]!.focus();
    fireEvent.keyDown(entries[0]!, { key: "ArrowDown" });
    expect(document.activeElement).toBe(entries[1]);
    fireEvent.keyDown(entries[1]!, { key: "End" });
    expect(entries.map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, 0]);
  });

  it("leads to the turn", async () => {
    aTimeline();
    fireEvent.click(await screen.findByRole("button", { name: "Go to the turn" }));
    expect(await screen.findByRole("log", { name: "Transcript" })).toBeTruthy();
  });
});

describe("what waits for the agent", () => {
  const queuedMessages = ["first", "second"].map((id) => ({
    id,
    message: { text: `Do ${id}`, origin: { kind: "user" } },
  }));

  it("can be edited, moved and taken back", async () => {
    const page = aPage({ activeTurn: anActiveTurn("1"), queuedMessages });
    const [first, second] = within(screen.getByRole("list", { name: "Messages that wait" })).getAllByRole("listitem");
    fireEvent.click(within(second!).getByRole("button", { name: "Send earlier" }));
    fireEvent.click(within(first!).getByRole("button", { name: "Edit the queued message" }));
    const field = await screen.findByRole("textbox", { name: "Queued message" });
    fireEvent.input(field, { target: { value: "Do better" } });
    fireEvent.keyDown(field, { key: "Enter" });
    page.answer("editQueued");
    await waitFor(() => expect(screen.queryByRole("textbox", { name: "Queued message" })).toBeNull());
    expect(page.asked("advanceQueued")).toEqual([{ id: "second" }]);
    expect(page.asked("editQueued")).toEqual([{ id: "first", text: "Do better" }]);
  });
});

describe("the composer", () => {
  const field = () => screen.getByRole("textbox", { name: "Message to the agent" });
  const about: PanelItem = {
    type: "about",
    about: {
      plan: [
        { content: "Read the code", status: "completed" },
        { content: "Write the test", status: "in_progress" },
      ],
      commands: [
        { name: "review", description: "Reviews the branch" },
        { name: "reset", description: "Begins anew", hint: "soft or hard" },
        { name: "plan", description: "Plans" },
      ],
      choices: [
        {
          id: "mode",
          title: undefined,
          current: "ask",
          available: [
            { id: "ask", name: "Ask first" },
            { id: "plan", name: "Plan" },
          ],
        },
      ],
      models: ["small", "large"].map((id) => ({ id, name: `The ${id} one` })),
    },
  };

  it("steers only where the host lets it", async () => {
    const page = aPage({ activeTurn: anActiveTurn("1") });
    expect(screen.queryByRole("button", { name: "Steer the agent now" })).toBeNull();
    page.facts({ canSteer: true });
    await screen.findByRole("button", { name: "Steer the agent now" });
    fireEvent.input(field(), { target: { value: "left" } });
    await waitFor(() =>
      expect(screen.getByRole("button", { name: "Steer the agent now" })).toHaveProperty("disabled", false),
    );
    fireEvent.keyDown(field(), { key: "Enter", ctrlKey: true });
    await waitFor(() => expect(page.asked("steer")).toEqual([{ text: "left" }]));
    expect(page.asked("sendPrompt")).toEqual([]);
  });

  it("completes the agent's own commands", async () => {
    const page = aPage();
    page.push(about);
    fireEvent.input(field(), { target: { value: "/RE" } });
    const list = await screen.findByRole("listbox", { name: "Commands of the agent" });
    expect(
      within(list)
        .getAllByRole("option")
        .map(({ textContent }) => textContent),
    ).toEqual(["/review Reviews the branch", "/reset soft or hard Begins anew"]);
    fireEvent.keyDown(field(), { key: "ArrowDown" });
    await waitFor(() => expect(field().getAttribute("aria-activedescendant")).toBe("slash-1"));
    fireEvent.keyDown(field(), { key: "Enter" });
    await waitFor(() => expect(field()).toHaveProperty("value", "/reset "));
    expect(screen.queryByRole("listbox")).toBeNull();
    expect(page.asked("sendPrompt")).toEqual([]);
  });

  it("changes the mode at once, and sends with the model that was chosen", async () => {
    const page = aPage();
    page.push(about);
    const mode = await screen.findByRole("combobox", { name: "Mode" });
    expect(mode).toHaveProperty("value", "ask");
    fireEvent.change(mode, { target: { value: "plan" } });
    await waitFor(() => expect(page.asked("choose")).toEqual([{ property: "mode", value: "plan" }]));
    const select = screen.getByRole("combobox", { name: "Model" });
    fireEvent.change(select, { target: { value: "large" } });
    fireEvent.input(field(), { target: { value: "go" } });
    await waitFor(() => expect(screen.getByRole("button", { name: "Send message" })).toHaveProperty("disabled", false));
    fireEvent.keyDown(field(), { key: "Enter" });
    await waitFor(() => expect(page.asked("sendPrompt")).toEqual([{ text: "go", model: "large" }]));
  });

  it("stands below the plan, folded to the step that is under way", async () => {
    const page = aPage();
    page.push(about);
    expect((await screen.findByText(/Plan 1 of 2/)).textContent).toContain("Write the test");
    expect(screen.getByRole("img", { name: "done" })).toBeTruthy();
  });
});

describe("what the agent costs", () => {
  it("is told against its budget, and the machine apart", async () => {
    const page = aPage();
    page.fleet({
      usage: { inputTokens: 3_000, outputTokens: 200, costUsd: 4.5 },
      spend: { turns: [], budgets: [], budgetUsd: 5, machine: { cpuMs: 65_000 } },
    });
    const button = await screen.findByRole("button", { name: /\$4\.50 of \$5\.00/ });
    expect(button.className).toContain("near");
    expect(button.title).toContain("3,200 tokens, budget $5.00");
    expect(screen.getByText("1m 05s")).toBeTruthy();
    fireEvent.click(button);
    expect(page.asked("setBudget")).toHaveLength(1);
  });

  it("is raised from here when it holds the agent up", async () => {
    const page = aPage();
    const paused = {
      scope: "session",
      limitUsd: 5,
      spentUsd: 5.1,
      turnId: "t",
      requestId: "r",
      at: "2026-01-01T00:00:00Z",
    } as const;
    page.fleet({ usage: { inputTokens: 1, outputTokens: 1, costUsd: 5.1 }, spend: { turns: [], budgets: [], paused } });
    fireEvent.click(await screen.findByRole("button", { name: "Raise budget" }));
    expect(page.asked("raiseBudget")).toHaveLength(1);
  });

  it("is not said to be nothing where nobody knows it", async () => {
    const page = aPage();
    page.fleet({ usage: { inputTokens: 10, outputTokens: 1, unpricedTurns: 2 } });
    expect(await screen.findByRole("button", { name: /cost unknown/ })).toBeTruthy();
  });
});

describe("those who hear the page", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
  afterEach(() => vi.useRealTimers());

  it("are told what the agent does when that changes, and not for every word", async () => {
    const page = aPage({ turns: [aTurn("1")] });
    const said = () => document.querySelector("p[aria-live=polite]")?.textContent;
    expect(said()).toBe("");
    page.chat({ turns: [aTurn("1")], activeTurn: anActiveTurn("2") });
    await vi.advanceTimersByTimeAsync(100);
    expect(said()).toBe("Working");
    for (let index = 0; index < 20; index++) {
      page.chat({ turns: [aTurn("1")], activeTurn: anActiveTurn("2"), activity: `Step ${index}` });
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(said()).toBe("Working");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(said()).toBe("Working: Step 19");
  });
});
