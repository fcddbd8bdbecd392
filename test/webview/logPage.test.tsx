import { cleanup, fireEvent, screen, waitFor } from "@testing-library/preact";
import { afterEach, describe, expect, it } from "vitest";
import type { LogRow } from "../../src/protocol/panelLog.ts";
import { terminalUri } from "../../src/protocol/uris.ts";
import { LogModel } from "../../src/webview/log/logModel.ts";
import { scrollScale } from "../../src/webview/log/scrollScale.ts";
import { aTurn, terminalCall, toolPart } from "../support/aChat.ts";
import { Page } from "./aPage.tsx";

afterEach(cleanup);

const terminal = terminalUri("s1", "call-2");
const line = (number: number, text = `line ${number}`): LogRow => ({
  kind: "line",
  number,
  spans: [{ text, style: {} }],
});
const head: LogRow = { kind: "head", terminal, title: "npm test" };

function aLogPage() {
  const page = new Page({ tab: "log" });
  page.facts();
  page.session();
  page.chat({ turns: [aTurn("1", [toolPart(terminalCall(terminal))])] });
  page.show();
  return page;
}

describe("the log", () => {
  it("says when there is none", () => {
    const page = new Page({ tab: "log" });
    page.facts();
    page.chat();
    page.show();
    expect(screen.getByText(/No tool has printed anything yet/)).toBeTruthy();
  });

  it("follows while it is on the page, and draws only what is in sight", async () => {
    const page = aLogPage();
    await waitFor(() => expect(page.asked("followLog")).toEqual([{ log: "all" }]));
    page.log("all", [head, ...Array.from({ length: 99_999 }, (_, index) => line(index + 1))]);
    await screen.findByText("line 99999");
    expect(screen.getByText("100,000 rows")).toBeTruthy();
    expect(document.querySelectorAll(".log-row").length).toBeLessThan(100);
    fireEvent.click(screen.getByRole("tab", { name: "Transcript" }));
    await waitFor(() => expect(page.asked("leaveLog")).toEqual([{ log: "all" }]));
  });

  it("draws colours, and links of https only", async () => {
    const page = aLogPage();
    const spans = [
      { text: "ok", style: { fg: 2, bold: true as const } },
      { text: "docs", style: { link: "https://docs.example" } },
      { text: "hid\u202eden", style: { bg: "rgb(1,2,3)" } },
    ];
    page.log("all", [head, { kind: "line", number: 1, spans }]);
    expect((await screen.findByText("ok")).className).toBe("fg-2 bold");
    expect(screen.getByRole("link", { name: "docs" })).toBeTruthy();
    expect(screen.getByText("hid‹U+202E›den")).toBeTruthy();
  });

  it("leads from an output to its turn, to the editor, and from the tool call to its output", async () => {
    const page = aLogPage();
    page.log("all", [head, line(1)]);
    fireEvent.click(await screen.findByRole("button", { name: /Open the log of/ }));
    expect(page.asked("openLog")).toEqual([{ terminal }]);
    fireEvent.click(screen.getByRole("button", { name: /Go to the turn/ }));
    await screen.findByRole("log", { name: "Transcript" });
    fireEvent.click(screen.getByRole("button", { name: /Ran the tests/ }));
    fireEvent.click(await screen.findByRole("button", { name: "Show in the log" }));
    await waitFor(() => expect(page.asked("locateLog")).toEqual([{ terminal }]));
    expect(screen.getByRole("tab", { name: /Log/ }).getAttribute("aria-selected")).toBe("true");
  });

  it("finds text: how many lines, the next, the one before, and by case", async () => {
    const page = aLogPage();
    page.log("all", [head, line(1, "Error one"), line(2), line(3, "error two")]);
    await screen.findByText("Error one");
    const field = screen.getByRole("textbox", { name: "Find in the log" });
    fireEvent.input(field, { target: { value: "error" } });
    await waitFor(() =>
      expect(page.asked("findLog")).toMatchObject([{ text: "error", matchCase: false, direction: 0 }]),
    );
    page.answer("findLog", { row: 1, ordinal: 1, count: 2 });
    await screen.findByText("1 of 2");
    expect(Array.from(document.querySelectorAll("mark"), ({ textContent }) => textContent)).toEqual(["Error", "error"]);
    fireEvent.keyDown(field, { key: "Enter", shiftKey: true });
    await waitFor(() => expect(page.asked("findLog").at(-1)).toMatchObject({ from: 1, direction: -1 }));
    fireEvent.click(screen.getByRole("button", { name: "Next match" }));
    await waitFor(() => expect(page.asked("findLog").at(-1)).toMatchObject({ direction: 1 }));
    fireEvent.click(screen.getByRole("button", { name: "Match case" }));
    await waitFor(() => expect(page.asked("findLog").at(-1)).toMatchObject({ matchCase: true, direction: 0 }));
    page.answer("findLog", { ordinal: 0, count: 0 });
    await screen.findByText("No results");
    fireEvent.keyDown(field, { key: "Escape" });
    await waitFor(() => expect(document.querySelector("mark")).toBeNull());
  });

  it("copies what was selected by line numbers, else all, and is saved by the extension", async () => {
    const page = aLogPage();
    page.log("all", [head, line(1), line(2), line(3)]);
    await screen.findByText("line 1");
    fireEvent.click(screen.getByRole("button", { name: "Copy all" }));
    fireEvent.click(screen.getByText("1", { selector: ".log-number" }));
    fireEvent.click(await screen.findByText("2", { selector: ".log-number" }), { shiftKey: true });
    fireEvent.click(await screen.findByRole("button", { name: "Copy the selected lines" }));
    fireEvent.keyDown(screen.getByRole("log", { name: "Tool output" }), { key: "c", ctrlKey: true });
    expect(page.asked("copyLog")).toEqual([
      { log: "all" },
      { log: "all", from: 1, to: 3 },
      { log: "all", from: 1, to: 3 },
    ]);
    fireEvent.click(screen.getByRole("button", { name: "Download the log" }));
    expect(page.asked("saveLog")).toEqual([{ log: "all" }]);
  });

  it("says that earlier turns are not loaded, and loads them", async () => {
    const page = aLogPage();
    page.facts({ hasOlder: true });
    fireEvent.click(await screen.findByRole("button", { name: "Load earlier turns" }));
    expect(page.asked("loadOlder")).toHaveLength(1);
  });
});

describe("the part of a log that the page has", () => {
  /** A log whose rows are numbers, and a model that looks at it. */
  function aModel(rows: number) {
    const log = Array.from({ length: rows }, (_, index) => index);
    let version = 1;
    const reads: [number, number][] = [];
    const model = new LogModel(async (from, to) => {
      reads.push([from, to]);
      return { version, rows: log.slice(from, to).map((each) => line(each)) };
    });
    const tell = (splices?: { at: number; removed: number; added: number }[]) => {
      model.apply({
        type: "log",
        log: "all",
        version,
        rows: log.length,
        isReading: false,
        ...(splices && { splices }),
      });
    };
    const splice = (at: number, removed: number, ...added: number[]) => {
      log.splice(at, removed, ...added);
      version += 1;
      tell([{ at, removed, added: added.length }]);
    };
    const number = (index: number) => {
      const row = model.row(index);
      return row?.kind === "line" ? row.number : undefined;
    };
    return { model, reads, tell, splice, number };
  }
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

  it("reads what is in sight and a little around it, and nothing twice", async () => {
    const { model, reads, tell, number } = aModel(10_000);
    tell();
    model.want(500, 550);
    await settle();
    expect(reads).toEqual([[400, 650]]);
    model.want(520, 570);
    await settle();
    expect(reads).toHaveLength(1);
    expect([number(400), number(649), number(650)]).toEqual([400, 649, undefined]);
  });

  it("keeps the rows that did not change where they have moved to", async () => {
    const { model, reads, tell, splice, number } = aModel(1_000);
    tell();
    model.want(100, 150);
    await settle();
    splice(120, 1, 7, 8, 9);
    await settle();
    expect([number(119), number(120), number(122), number(123)]).toEqual([119, 7, 9, 121]);
    expect(reads.length).toBeLessThanOrEqual(3);
  });

  it("holds a bounded number of rows however far somebody scrolls", async () => {
    const { model, tell, number } = aModel(200_000);
    tell();
    for (let at = 0; at < 100_000; at += 200) {
      model.want(at, at + 50);
      await settle();
    }
    expect(number(99_900)).toBe(99_900);
    const kept = Array.from({ length: 200_000 }, (_, index) => number(index)).filter((each) => each !== undefined);
    expect(kept.length).toBeLessThan(4_000);
  });
});

describe("the scroll bar of a log", () => {
  it("reaches every row, also where they would be higher than an element can be", () => {
    for (const rows of [10, 1_000, 1_000_000, 5_000_000]) {
      const scale = scrollScale(rows, 18, 600);
      expect(scale.height).toBeLessThanOrEqual(16_000_000);
      const bottom = Math.max(0, scale.height - 600);
      expect(scale.toOffset(bottom)).toBeCloseTo(Math.max(0, rows * 18 - 600), 0);
      expect(scale.toScrollTop(scale.toOffset(bottom / 3))).toBeCloseTo(bottom / 3, 3);
    }
  });
});
