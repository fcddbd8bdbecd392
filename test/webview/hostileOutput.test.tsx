import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import type { ComponentChild } from "preact";
import { afterEach, describe, expect, it } from "vitest";
import { countInvisible } from "../../src/base/visibleText.ts";
import { LogText } from "../../src/extension/session/log/logText.ts";
import type { LineDiff } from "../../src/protocol/panel.ts";
import type { ToolCall } from "../../src/protocol/toolCall.ts";
import { DiffView } from "../../src/webview/changes/DiffView.tsx";
import { PanelContext } from "../../src/webview/kit/panelContext.ts";
import { LogLine } from "../../src/webview/log/LogLine.tsx";
import { ApprovalCard } from "../../src/webview/transcript/ApprovalCard.tsx";
import { Markdown } from "../../src/webview/transcript/Markdown.tsx";
import { safeHttpsUrl } from "../../src/webview/transcript/markdownTokens.ts";
import { ToolCard } from "../../src/webview/transcript/ToolCard.tsx";
import { TurnView } from "../../src/webview/transcript/TurnView.tsx";
import { type ElementFacts, problemsOf } from "../corpus/harmless.ts";
import { isFull } from "../corpus/output/entries.ts";
import { con3Hidden, con3LookAlikes } from "../corpus/output/con3Unicode.ts";
import { con4Openable, con4Refused } from "../corpus/output/con4Links.ts";
import { manyToolCalls } from "../corpus/output/con6Sizes.ts";
import { con8 } from "../corpus/output/con8Spoofing.ts";
import { corpus } from "../corpus/output/corpus.ts";
import { aTurn, markdown, pendingCall, terminalCall, toolPart } from "../support/aChat.ts";
import { Page } from "./aPage.tsx";

afterEach(cleanup);

function problemsIn(container: Element): readonly string[] {
  const found = Array.from(container.querySelectorAll("*"), (element): ElementFacts => [
    element.tagName,
    Array.from(element.attributes, ({ name, value }) => [name, value]),
  ]);
  return problemsOf(found, container.textContent ?? "");
}

const completed: ToolCall = {
  status: "completed",
  toolCallId: "1",
  toolName: "shell",
  displayName: "Shell",
  invocationMessage: "Run",
  confirmed: "not-needed",
  success: false,
  pastTenseMessage: "Ran",
};
const finding = { isCurrent: false, isSelected: false, onNumber: undefined, finding: undefined };

/** Every place of the panel that shows what an agent said. */
const places: Readonly<Record<string, (text: string) => ComponentChild>> = {
  "the chat": (text) => <Markdown source={text} />,
  "a tool card": (text) => (
    <ToolCard
      toolCall={{
        ...completed,
        toolName: text,
        displayName: text,
        invocationMessage: text,
        pastTenseMessage: text,
        toolInput: JSON.stringify({ command: text, [text]: text }),
        content: [
          { type: "text", text },
          { type: "fileEdit", after: { uri: text, content: { uri: text } } },
          { type: "subagent", resource: text, title: text },
          { type: "embeddedResource", data: text, contentType: text },
          { type: "resource", uri: text, contentType: text },
        ],
        error: { message: text },
      }}
    />
  ),
  "a tool card that was denied": (text) => (
    <ToolCard
      toolCall={{ ...completed, status: "cancelled", reason: "denied", reasonMessage: text, toolInput: text }}
    />
  ),
  "a question for approval": (text) => (
    <ApprovalCard
      turnId="1"
      toolCall={{
        status: "pending-confirmation",
        toolCallId: "1",
        toolName: text,
        displayName: text,
        invocationMessage: text,
        confirmationTitle: text,
        toolInput: text,
        edits: { items: [{ after: { uri: text, content: { uri: text } } }] },
        options: [{ id: text, label: text, kind: "approve" }],
      }}
    />
  ),
  "the log": (text) => {
    const log = new LogText();
    log.append(text);
    return Array.from({ length: Math.min(log.lineCount, 50) }, (_, index) => (
      <LogLine {...finding} row={index} line={{ kind: "line", number: index + 1, ...log.line(index) }} />
    ));
  },
};

function diffOf(text: string): LineDiff {
  const lines = text
    .split("\n")
    .flatMap((line) => [{ kind: "-", text: `old ${line}` } as const, { kind: "+", text: line } as const]);
  return { hunks: [{ before: 1, after: 1, lines }], note: undefined };
}

function show(child: ComponentChild) {
  const page = new Page();
  page.facts();
  return { page, ...render(<PanelContext.Provider value={page.client}>{child}</PanelContext.Provider>) };
}

/** Of what takes longer to draw, a part of the entries has to do at every run; a browser draws the worst of them, too. */
const isQuick = (place: string) => place === "the chat" || place === "the log";

describe.each(corpus)("%s: what an agent says, in its panel", (group, entries) => {
  it.each(Object.entries(places))(`${group}: is text and nothing else in %s`, (place, placeOf) => {
    const all = Object.entries(entries).filter((_, index) => isFull || isQuick(place) || index % 4 === 0);
    const { container, page } = show(all.map(([name, text]) => <div key={name}>{placeOf(text)}</div>));
    for (const [index, [name]] of all.entries()) {
      const shown = container.children[index];
      expect(shown && problemsIn(shown), name).toEqual([]);
    }
    expect(page.asked("openLink")).toEqual([]);
  });

  it(`${group}: is text and nothing else in a diff`, async () => {
    const { container } = show(<DiffView of={group} read={async () => diffOf(Object.values(entries).join("\n"))} />);
    await screen.findByRole("group", { name: "Diff" });
    expect(problemsIn(container)).toEqual([]);
  });
});

describe("links", () => {
  const forms = [
    (href: string) => `[click](${href})`,
    (href: string) => `[click](<${href}>)`,
    (href: string) => `<${href}>`,
    (href: string) => `[click][x]\n\n[x]: ${href}`,
    (href: string) => `[click][x]\n\n[x]: <${href}> "https://example.com"`,
    (href: string) => `see ${href} there`,
  ];

  it("CON-4: are none where the address is not plain https", () => {
    for (const [name, href] of Object.entries(con4Refused)) {
      const log = new LogText();
      log.append(`\u001b]8;;${href}\u0007click\u001b]8;;\u0007\n`);
      const { container, unmount } = show([
        ...forms.map((form) => <Markdown source={form(href)} />),
        <LogLine {...finding} row={0} line={{ kind: "line", number: 1, ...log.line(0) }} />,
      ]);
      const links = Array.from(container.querySelectorAll("a"), (link) => link.getAttribute("href"));
      expect(
        links.filter((link) => link === href || safeHttpsUrl(link ?? "") === undefined),
        name,
      ).toEqual([]);
      expect(container.querySelector(".log-line a"), name).toBeNull();
      unmount();
    }
  });

  it("CON-4: say where they lead when their text says something else, and open nothing by themselves", () => {
    for (const [name, { text, href, host }] of Object.entries(con4Openable)) {
      const log = new LogText();
      log.append(`\u001b]8;;${href}\u0007${text}\u001b]8;;\u0007`);
      for (const child of [
        <Markdown source={`[${text}](${href})`} />,
        <LogLine {...finding} row={0} line={{ kind: "line", number: 1, ...log.line(0) }} />,
      ]) {
        const { container, page, unmount } = show(child);
        expect(container.textContent, name).toContain(`(${host})`);
        expect(
          page.posted.filter(({ kind }) => kind === "request"),
          name,
        ).toEqual([]);
        const link = container.querySelector("a");
        link?.click();
        expect(page.asked("openLink"), name).toEqual([{ url: link?.href }]);
        unmount();
      }
    }
    const { container } = show(<Markdown source="[the docs](https://a.example/x) https://b.example/y" />);
    expect(container.textContent).toBe("the docs https://b.example/y");
  });
});

describe("a question for approval", () => {
  const card = (toolInput: string) =>
    show(<ApprovalCard turnId="1" toolCall={pendingCall(toolInput) as never} />).container;

  it("CON-3: counts what cannot be seen, also where the arguments spell it in JSON", () => {
    for (const [name, text] of Object.entries(con3Hidden)) {
      const count = countInvisible(text);
      const said = count === 1 ? "1 character that" : `${count} characters that`;
      expect(card(JSON.stringify({ command: text })).textContent, name).toContain(said);
      cleanup();
    }
    expect(card(String.raw`{"command":"rm \u202e-rf"}`).textContent).toContain("1 character that");
  });

  it("CON-3: names the characters that may be taken for others, by their code points", () => {
    for (const [name, text] of Object.entries(con3LookAlikes)) {
      const shown = card(JSON.stringify({ command: text })).querySelector(".approval-warning")?.textContent;
      const codes = Array.from(text).filter((char) => char > "\u007f");
      for (const char of codes)
        expect(shown, name).toContain(`U+${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`);
      cleanup();
    }
    expect(
      card('{"command":"git commit -m na\u00efve \u4f60\u597d \ud83d\ude42"}').querySelector(".approval-warning"),
    ).toBeNull();
  });

  it("CON-8: has its own words and buttons, whatever the agent calls its own", () => {
    for (const [name, text] of Object.entries(con8)) {
      const { container, unmount } = show(places["a question for approval"]?.(text));
      expect(container.querySelector("h3")?.textContent, name).toMatch(/^Allow this (?:command to run|tool call)\?$/);
      const buttons = Array.from(container.querySelectorAll(".approval-buttons > button"), (button) =>
        button.textContent?.trim(),
      );
      expect(buttons, name).toEqual(["Approve", "Deny", "Deny with a note…"]);
      const own = container.querySelector(".approval-options");
      expect(own?.textContent, name).toContain("Agent's own answers:");
      unmount();
    }
  });

  it("CON-8: cannot be drawn by what an agent writes", () => {
    for (const [name, text] of Object.entries(con8)) {
      const { container, unmount } = show(<TurnView isLast turn={aTurn("1", [markdown(text)])} />);
      expect(
        container.querySelector(".approval, .approval-warning, .turn-error, [role=alert], [role=dialog]"),
        name,
      ).toBeNull();
      for (const button of container.querySelectorAll("button")) expect(button.title, name).toMatch(/^Copy code$/);
      unmount();
    }
  });
});

describe("a turn of very many steps", () => {
  it("CON-6: draws the last of them and says how many there are before", () => {
    const calls = Array.from({ length: manyToolCalls }, (_, index) => {
      return toolPart(terminalCall("ahp-terminal:/s/1", `c${index}`));
    });
    const { container } = show(<TurnView isLast turn={aTurn("1", calls)} />);
    expect(container.querySelectorAll(".tool").length).toBe(200);
    const earlier = container.querySelector(".link-button");
    expect(earlier?.textContent).toBe("Show earlier steps (99,800)");
    fireEvent.click(earlier ?? container);
    expect(container.querySelectorAll(".tool").length).toBe(400);
  });
});
