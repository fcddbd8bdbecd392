import { cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, describe, expect, it } from "vitest";
import type { CombineState, CoordinationState } from "../../src/protocol/coordinationReport.ts";
import type { ReportInbound, ReportState } from "../../src/protocol/report.ts";
import { ReportPage } from "../../src/webview/report/ReportPage.tsx";
import { ReportClient } from "../../src/webview/report/reportClient.ts";

afterEach(cleanup);

function show(state: ReportState) {
  const posted: ReportInbound[] = [];
  const remembered: unknown[] = [];
  const host = {
    postMessage: (message: ReportInbound) => void posted.push(message),
    setState: (memory: unknown) => void remembered.push(memory),
  };
  const client = new ReportClient(host, "n");
  client.receive({ nonce: "n", kind: "state", state });
  return { posted, remembered, ...render(<ReportPage client={client} />) };
}

const agent = (session: string, over: object = {}) => ({
  session,
  title: `Agent ${session}`,
  state: "ready for review",
  baseBranch: "main",
  behind: 0,
  obstacle: "current" as const,
  overlap: "none" as const,
  files: [],
  fileCount: 0,
  ...over,
});
const coordination = (over: Partial<CoordinationState> = {}): CoordinationState => ({
  view: "coordination",
  of: { hostId: "a", repository: "r" },
  note: undefined,
  repository: "acme/widgets",
  isLoading: false,
  agents: [
    agent("1", { behind: 3, obstacle: undefined }),
    agent("2", { behind: 1, obstacle: "conflict", overlap: "conflict", files: ["b.ts"], fileCount: 1 }),
    agent("3"),
  ],
  pairs: [
    { first: "1", second: "2", overlap: "conflict", files: ["a.ts", "b.ts"], fileCount: 9 },
    { first: "2", second: "3", overlap: "sameFile", files: ["c.ts"], fileCount: 1 },
  ],
  chosen: undefined,
  ...over,
});
const hunk = { id: "h", start: 5, lines: 2, removed: ["old\u202e"], added: ["new"], meets: true };
const part = (session: string) => ({ session, status: "modified" as const, additions: 1, deletions: 2, hunks: [hunk] });

describe("the page of overlaps", () => {
  it("is a table with a cell for each pair, a letter for each kind, and words for those who do not see it", () => {
    const { posted, remembered } = show(coordination());
    const table = screen.getByRole("table", { name: "Which branches meet, and how" });
    expect(
      within(table)
        .getAllByRole("columnheader")
        .map(({ textContent }) => textContent),
    ).toEqual(["Base", "1Agent 1", "2Agent 2", "3Agent 3"]);
    expect(within(table).getAllByRole("rowheader")).toHaveLength(3);
    const cells = within(table).getAllByRole("button");
    expect(cells.map(({ textContent }) => textContent)).toEqual(["C", "C", "C", "F", "F"]);
    expect(cells[0]?.getAttribute("aria-label")).toBe("Agent 1 and Agent 2: conflict in a.ts, b.ts and 7 more");
    expect(cells[1]?.getAttribute("aria-label")).toBe("Agent 2 and main: conflict in b.ts");
    if (cells[0]) fireEvent.mouseEnter(cells[0]);
    expect(screen.getByText("Agent 1 and Agent 2: conflict in a.ts, b.ts and 7 more")).toBeTruthy();
    if (cells[0]) fireEvent.click(cells[0]);
    expect(posted).toEqual([{ nonce: "n", kind: "choosePair", pair: { first: "1", second: "2" } }]);
    expect(remembered).toEqual([{ hostId: "a", repository: "r" }]);
  });

  it("is walked by the arrow keys, from cell to cell in which something meets, with one stop of Tab", () => {
    show(coordination());
    const cells = within(screen.getByRole("table")).getAllByRole<HTMLButtonElement>("button");
    const focused = () => cells.findIndex((cell) => cell === document.activeElement);
    expect(cells.map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1, -1, -1]);
    cells[0]?.focus();
    const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });
    press("ArrowDown");
    expect(focused()).toBe(4);
    press("ArrowUp");
    press("ArrowRight");
    expect(focused()).toBe(0);
    press("ArrowDown");
    press("ArrowUp");
    expect(cells.map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1, -1, -1]);
  });

  it("tells the order of merging and how far the base has moved, and updates who can be", () => {
    const { posted } = show(coordination());
    const items = screen.getAllByRole("listitem");
    const texts = items.map(({ textContent }) => textContent ?? "");
    expect(texts.some((text) => text.includes("3 commits behind main, still merges cleanly"))).toBe(true);
    expect(texts.some((text) => text.includes("1 commit behind main, conflict in b.ts"))).toBe(true);
    fireEvent.click(screen.getByRole("button", { name: "Update 1 from Base" }));
    fireEvent.click(screen.getByRole("button", { name: "Update Agent 1 from main" }));
    fireEvent.click(screen.getByRole("button", { name: "Update Agent 2 from main" }));
    fireEvent.click(screen.getByRole("button", { name: "Agent 3" }));
    expect(posted).toEqual([
      { nonce: "n", kind: "update", sessions: ["1"] },
      { nonce: "n", kind: "update", sessions: ["1"] },
      { nonce: "n", kind: "update", sessions: ["2"] },
      { nonce: "n", kind: "act", action: "open", session: "3" },
    ]);
  });

  it("tells how far the host is with its updates, stops them, and says where they ended", () => {
    const message = "main and this agent changed the same lines of b.ts.";
    const agents = [
      agent("1", { behind: 3, obstacle: undefined, update: { state: "updating" } }),
      agent("2", { behind: 1, obstacle: undefined, update: { state: "waiting" } }),
      agent("3", { behind: 2, obstacle: "conflict", overlap: "conflict", update: { state: "refused", message } }),
    ];
    const { posted } = show(coordination({ agents, train: { done: 1, count: 3 } }));
    expect(screen.getByRole("status").textContent).toContain("1 of 3 done");
    const items = screen.getAllByRole("listitem").map(({ textContent }) => textContent ?? "");
    const texts = ["Agent 1", "Agent 2", "Agent 3"].map((title) => items.find((text) => text.startsWith(title)));
    expect(texts).toEqual([
      expect.stringContaining("being updated"),
      expect.stringContaining("waits to be updated"),
      expect.stringContaining(message),
    ]);
    expect(screen.queryByRole("button", { name: /^Update/ })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Stop after This One" }));
    expect(posted).toEqual([{ nonce: "n", kind: "stopTrain" }]);
  });

  it("shows the lines of a pair and the message before it is sent", () => {
    const chosen = {
      first: "1",
      second: "2",
      isLoading: false,
      files: [{ path: "a.ts", parts: [part("1"), part("2")] }],
      fileCount: 1,
      draft: { text: "Mind each other.", to: ["1", "2"], isSending: false },
    };
    const { posted, container } = show(coordination({ chosen }));
    const pair = within(screen.getByRole("region", { name: "Agent 1 and Agent 2" }));
    expect(pair.getAllByText("lines 5 to 6")).toHaveLength(2);
    expect(container.textContent).not.toContain("\u202e");
    const box = pair.getByLabelText<HTMLTextAreaElement>("Message");
    expect([box.value, document.activeElement]).toEqual(["Mind each other.", box]);
    fireEvent.input(box, { target: { value: "Please mind." } });
    fireEvent.click(pair.getByRole("checkbox", { name: "Agent 2" }));
    fireEvent.click(pair.getByRole("button", { name: "Send" }));
    fireEvent.click(pair.getByRole("button", { name: "Compare" }));
    fireEvent.click(pair.getByRole("button", { name: "Close" }));
    expect(posted).toEqual([
      { nonce: "n", kind: "write", text: "Please mind.", to: ["1", "2"] },
      { nonce: "n", kind: "write", text: "Please mind.", to: ["1"] },
      { nonce: "n", kind: "send" },
      { nonce: "n", kind: "compare" },
      { nonce: "n", kind: "choosePair", pair: null },
    ]);
  });

  it("says why it is empty, or old", () => {
    show(coordination({ agents: [], pairs: [] }));
    expect(screen.getByText(/Branches show here after their first turn/)).toBeTruthy();
    cleanup();
    const { posted } = show(coordination({ note: { text: "farm is not connected.", hostId: "a" } }));
    fireEvent.click(screen.getByRole("button", { name: "Reconnect" }));
    expect(posted).toEqual([{ nonce: "n", kind: "reconnect", hostId: "a" }]);
  });
});

describe("the page that combines", () => {
  const combine = (over: Partial<CombineState> = {}): CombineState => ({
    view: "combine",
    of: { hostId: "a", sessions: ["1", "2"] },
    note: undefined,
    title: "Combined",
    sources: [
      { session: "1", title: "Fix", index: 1 },
      { session: "2", title: "Fix", index: 2 },
    ],
    isLoading: false,
    files: [
      {
        path: "a.ts",
        parts: [{ ...part("1"), hunks: [hunk, { ...hunk, id: "i", start: 30, lines: 0, meets: false }] }, part("2")],
      },
      { path: "b.ts", parts: [{ ...part("2"), status: "added", hunks: [], problem: "Update it first." }] },
    ],
    fileCount: 2,
    isChecking: false,
    problems: [],
    preview: undefined,
    isCreating: false,
    ...over,
  });

  it("picks files and single changes of them", () => {
    const { posted } = show(combine());
    fireEvent.click(screen.getByRole("checkbox", { name: "a.ts of Attempt 1" }));
    fireEvent.click(screen.getByRole("checkbox", { name: "a.ts, after line 30 of Attempt 1" }));
    fireEvent.click(screen.getByRole("checkbox", { name: "a.ts, lines 5 to 6 of Attempt 2" }));
    expect(posted.map((message) => ("pick" in message ? message.pick : undefined))).toEqual(["whole", ["i"], "whole"]);
    expect(screen.getByRole<HTMLInputElement>("checkbox", { name: "b.ts of Attempt 2" }).disabled).toBe(true);
    expect(screen.getByText("Update it first.")).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Create Branch" }).disabled).toBe(true);
  });

  it("shows a file of which a part is picked as neither picked nor not, and takes the last part away", () => {
    const files = combine().files.map((file) => ({
      ...file,
      parts: file.parts.map((each) => (each.session === "1" ? { ...each, pick: ["i"] } : each)),
    }));
    const { posted } = show(combine({ files }));
    expect(screen.getByRole<HTMLInputElement>("checkbox", { name: "a.ts of Attempt 1" }).indeterminate).toBe(true);
    fireEvent.click(screen.getByRole("checkbox", { name: "a.ts, after line 30 of Attempt 1" }));
    expect(posted).toMatchObject([{ pick: null }]);
  });

  it("says what does not fit where it is, and creates what fits", () => {
    const problems = [
      { path: "a.ts", session: "2", hunk: "h", message: "Another picked part changes the same place." },
    ];
    const files = combine().files.map((file) => ({
      ...file,
      parts: file.parts.map((each) => ({ ...each, pick: "whole" as const })),
    }));
    show(combine({ files, problems }));
    expect(screen.getByRole("alert").textContent).toContain("Attempt 2, lines 5 to 6: Another picked part");
    expect(screen.getByRole("status").textContent).toContain("1 part does not fit");
    cleanup();
    const preview = { files: 2, additions: 3, deletions: 1, patch: "diff --git a/a.ts b/a.ts\n+new" };
    const { posted, container } = show(combine({ files, preview }));
    expect(screen.getByRole("status").textContent).toBe("The parts fit: 2 files, +3 −1.");
    expect(container.querySelector(".patch .added")?.textContent).toBe("+new\n");
    fireEvent.input(screen.getByLabelText("Name of the new agent"), { target: { value: "The best" } });
    fireEvent.click(screen.getByRole("button", { name: "Create Branch" }));
    expect(posted).toEqual([
      { nonce: "n", kind: "name", title: "The best" },
      { nonce: "n", kind: "create" },
    ]);
  });
});
