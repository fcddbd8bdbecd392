import { cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, describe, expect, it } from "vitest";
import type { AttemptsState, ReportInbound, ReportState, SpendState } from "../../src/protocol/report.ts";
import { ReportPage } from "../../src/webview/report/ReportPage.tsx";
import { ReportClient, type ReportHost } from "../../src/webview/report/reportClient.ts";
import { formatCost, formatTime, niceTop } from "../../src/webview/report/spendFormat.ts";

afterEach(cleanup);

function show(state: ReportState) {
  const posted: ReportInbound[] = [];
  const remembered: unknown[] = [];
  const host: ReportHost = {
    postMessage: (message) => void posted.push(message),
    setState: (memory) => void remembered.push(memory),
  };
  const client = new ReportClient(host, "n");
  client.receive({ nonce: "n", kind: "state", state });
  return { posted, remembered, client, ...render(<ReportPage client={client} />) };
}

const line = (key: string, costUsd: number | undefined, parts: SpendState["lines"][number]["parts"] = []) => ({
  key,
  label: key,
  coordination: costUsd === undefined ? {} : { costUsd, turns: 2, inputTokens: 1_200_000, outputTokens: 900 },
  infrastructure: { wallMs: 90_000, cpuMs: 5_000 },
  parts,
});
const spend = (over: Partial<SpendState> = {}): SpendState => ({
  view: "spend",
  choice: { period: "month", by: "day", hostId: "", measure: "cost" },
  isLoading: false,
  from: "2026-11-01",
  to: "2026-11-03",
  hosts: [{ id: "a", name: "farm" }],
  notes: [],
  lines: [
    line("2026-11-01", 2, [{ hostId: "a", costUsd: 2 }]),
    line("2026-11-02", undefined),
    line("2026-11-03", 4.2, [{ hostId: "a", costUsd: 4.2 }]),
  ],
  total: { coordination: { costUsd: 6.2, unpricedTurns: 1 }, infrastructure: { wallMs: 180_000 } },
  ...over,
});

describe("the page of what agents cost", () => {
  it("shows models and machine apart, a chart with words for it, and every number in a table", () => {
    show(spend());
    expect(within(screen.getByRole("region", { name: "Models" })).getByText("$6.20")).toBeTruthy();
    expect(screen.getByRole("region", { name: "Models" }).textContent).toContain("1 turn without a known cost");
    expect(within(screen.getByRole("region", { name: "Machine" })).getByText("3 min")).toBeTruthy();
    expect(screen.getByRole("img", { name: /Model cost by day\. Most on 3 Nov: \$4\.20/ })).toBeTruthy();
    const table = screen.getByRole("table", { name: "What agents cost, by day" });
    expect(
      within(table)
        .getAllByRole("rowheader")
        .map(({ textContent }) => textContent),
    ).toEqual(["3 Nov", "2 Nov", "1 Nov", "Total"]);
    expect(within(table).getByRole("row", { name: /^3 Nov/ }).textContent).toContain("1.2M");
  });

  it("asks for another view of it, and keeps the rest of the choice", () => {
    const { posted } = show(spend());
    fireEvent.click(screen.getByRole("radio", { name: "Repository" }));
    fireEvent.click(screen.getByRole("radio", { name: "7 days" }));
    expect(posted).toEqual([
      { nonce: "n", kind: "choose", choice: { period: "month", by: "repository", hostId: "", measure: "cost" } },
      { nonce: "n", kind: "choose", choice: { period: "week", by: "day", hostId: "", measure: "cost" } },
    ]);
    expect(screen.queryByRole("group", { name: "Host" })).toBeNull();
  });

  it("tells several hosts apart, and which of them is missing", () => {
    const hosts = [
      { id: "a", name: "farm" },
      { id: "b", name: "lab" },
    ];
    const notes = [{ text: "lab is not connected: what its agents cost is not counted.", hostId: "b" }];
    const { posted } = show(spend({ hosts, notes }));
    expect(screen.getByRole("group", { name: "Host" })).toBeTruthy();
    expect(screen.getAllByText("lab")).toHaveLength(2);
    const note = screen.getByRole("status");
    expect(note.textContent).toContain("lab is not connected");
    fireEvent.click(within(note).getByRole("button", { name: "Reconnect" }));
    expect(posted).toEqual([{ nonce: "n", kind: "reconnect", hostId: "b" }]);
  });

  it("has bars for what is no day, and says when there is nothing", () => {
    const { unmount } = show(spend({ choice: { period: "month", by: "agent", hostId: "", measure: "cost" } }));
    expect(screen.queryByRole("img", { name: /by day/ })).toBeNull();
    expect(screen.getByRole("table", { name: "What agents cost, by agent" })).toBeTruthy();
    unmount();
    show(spend({ lines: [{ key: "x", label: "x", coordination: {}, infrastructure: {}, parts: [] }] }));
    expect(screen.getByText("No agent has worked in this time.")).toBeTruthy();
  });

  it("never takes a cost that nobody knows for nothing", () => {
    expect([formatCost(undefined), formatCost(0), formatCost(0.0042), formatCost(1234.5)]).toEqual([
      "–",
      "$0.00",
      "$0.0042",
      "$1,234.50",
    ]);
    expect([formatTime(undefined), formatTime(90_000), formatTime(5_400_000)]).toEqual(["–", "2 min", "1.5 h"]);
    expect([0, 0.3, 4.2, 80, 250].map(niceTop)).toEqual([1, 0.5, 5, 100, 250]);
  });

  it("hears nobody but its own extension", () => {
    const { client } = show(spend());
    client.receive({ nonce: "other", kind: "state", state: spend({ notes: [{ text: "forged" }] }) });
    client.receive(null);
    expect(client.state.value).toMatchObject({ notes: [] });
  });
});

describe("the page of attempts", () => {
  const attempt = (index: number): AttemptsState["attempts"][number] => ({
    session: `s${index}`,
    index,
    title: "Fix it",
    agent: "Claude",
    state: "ready for review",
    isWorking: false,
    isArchived: false,
    costUsd: index,
    workedMs: 60_000,
    changes: { files: 1, additions: 3, deletions: 1 },
    tests: [{ command: "npm test", succeeded: index === 1, isCertain: true }],
    problem: undefined,
  });
  const state: AttemptsState = {
    view: "attempts",
    of: { hostId: "a", group: "g" },
    note: undefined,
    prompt: "Fix it",
    repository: "acme/widgets",
    count: 4,
    attempts: [attempt(1), { ...attempt(2), isArchived: true }, attempt(3)],
    files: [{ path: "src/a.ts", changes: [{ additions: 3, deletions: 1 }, null, null] }],
    filesLeft: 0,
  };

  it("has a column for each with files, tests, cost and time", () => {
    show(state);
    const table = screen.getByRole("table", { name: "Attempts beside one another" });
    expect(within(table).getByRole("row", { name: /^Cost/ }).textContent).toBe("Cost$1.00$2.00$3.00");
    expect(within(table).getByRole("row", { name: /^Tests seen/ }).textContent).toContain("npm test");
    expect(screen.getAllByRole("img", { name: "failed" })).toHaveLength(2);
    expect(within(table).getByRole("row", { name: /^src\/a\.ts/ }).textContent).toBe("src/a.ts+3 −1––");
    expect(screen.getByText("One attempt was deleted.")).toBeTruthy();
  });

  it("remembers which it compares, and says why there is nothing to compare", () => {
    const note = { text: "farm is not connected. The attempts are shown when it is.", hostId: "a" };
    const { remembered } = show({ ...state, attempts: [], note });
    expect(remembered).toEqual([{ hostId: "a", group: "g" }]);
    expect(screen.getByRole("status").textContent).toContain("farm is not connected");
    expect(screen.queryByRole("table")).toBeNull();
    expect(screen.queryByText(/deleted/)).toBeNull();
  });

  it("asks to keep, review or open one; an archived one is kept no more", () => {
    const { posted } = show(state);
    fireEvent.click(screen.getByRole("button", { name: "Keep this: attempt 1" }));
    fireEvent.click(screen.getByRole("button", { name: "Review: attempt 2" }));
    expect(posted).toEqual([
      { nonce: "n", kind: "act", action: "keep", session: "s1" },
      { nonce: "n", kind: "act", action: "review", session: "s2" },
    ]);
    expect(screen.queryByRole("button", { name: "Keep this: attempt 2" })).toBeNull();
    expect(screen.queryByRole("button", { name: /Create pull request/ })).toBeNull();
  });

  it("offers a pull request of the one that was kept", () => {
    const { posted } = show({ ...state, attempts: [attempt(1), { ...attempt(2), isArchived: true }] });
    expect(screen.queryByRole("button", { name: /Keep this/ })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Create pull request: attempt 1" }));
    expect(posted).toMatchObject([{ action: "createPullRequest", session: "s1" }]);
  });
});
