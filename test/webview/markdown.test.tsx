import { cleanup, render, screen } from "@testing-library/preact";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { PanelContext } from "../../src/webview/kit/panelContext.ts";
import { PanelClient } from "../../src/webview/panelClient.ts";
import { Markdown } from "../../src/webview/transcript/Markdown.tsx";
import {
  decodeEntities,
  GrowingMarkdown,
  lexMarkdown,
  loadLexer,
  maxMarkdownChars,
  safeHttpsUrl,
} from "../../src/webview/transcript/markdownTokens.ts";

await loadLexer();

afterEach(cleanup);

function show(source: string) {
  const sent: unknown[] = [];
  const client = new PanelClient(
    { postMessage: (message) => sent.push(message), getState: () => undefined, setState: () => undefined },
    "n",
    {},
  );
  const view = render(
    <PanelContext.Provider value={client}>
      <Markdown source={source} />
    </PanelContext.Provider>,
  );
  return { ...view, sent };
}

/** Elements that a transcript may hold; anything else was made by somebody else. */
const allowed = new Set(
  "DIV P SPAN STRONG EM DEL CODE PRE BR HR BLOCKQUOTE UL OL LI TABLE THEAD TBODY TR TH TD A INPUT BUTTON".split(" "),
);

function expectHarmless(container: Element) {
  for (const element of container.querySelectorAll("*")) {
    expect(allowed, element.tagName).toContain(element.tagName);
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on|^style$|^src$|^id$/);
      if (name === "href") expect(value).toMatch(/^https:\/\//);
    }
  }
}

/** Without the table of link definitions that the lexer hangs on its list. */
const blocks = (source: string) => Array.from(lexMarkdown(source) ?? []);

describe("an agent's markdown", () => {
  it("becomes elements with their roles", () => {
    show(
      "# Title\n\nSome **bold** and `code`.\n\n- one\n- [x] two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```ts\nlet x;\n```",
    );
    expect(screen.getByRole("heading", { name: "Title" })).toBeTruthy();
    expect(screen.getByText("bold").tagName).toBe("STRONG");
    expect(screen.getAllByRole("listitem")).toHaveLength(2);
    expect(screen.getByRole("checkbox", { name: "done" })).toBeTruthy();
    expect(screen.getByRole("cell", { name: "2" })).toBeTruthy();
    expect(screen.getByRole("button", { name: "Copy code" })).toBeTruthy();
  });

  it("shows html as the text that it is", () => {
    const { container } = show(
      '<img src=x onerror="alert(1)"> <b>x</b>\n\n<script>alert(1)</script>\n\n<div onclick="x()">\n\nafter',
    );
    expectHarmless(container);
    expect(container.textContent).toContain('<img src=x onerror="alert(1)">');
    expect(container.textContent).toContain("<script>alert(1)</script>");
  });

  it("opens https links through the extension and makes text of all others", () => {
    const { container, sent } = show(
      "[good](https://example.com/a) [js](javascript:alert(1)) [cmd](command:workbench.action.quit) [http](http://a.b) " +
        "[data](data:text/html,x) [file](file:///etc/passwd) [user](https://user:pw@evil.example) [vs](vscode://x/y) <javascript:alert(1)>",
    );
    expectHarmless(container);
    const links = screen.getAllByRole("link");
    expect(links.map((link) => link.textContent)).toEqual(["good"]);
    expect(container.textContent).toContain("cmd (command:workbench.action.quit)");
    links[0]?.click();
    expect(sent).toMatchObject([{ method: "openLink", params: { url: "https://example.com/a" } }]);
  });

  it("loads no pictures and shows where they point", () => {
    const { container } = show("![tracker](https://evil.example/p.png?x=secret)");
    expect(container.querySelector("img")).toBeNull();
    expect(container.textContent).toContain("[image: tracker] https://evil.example/p.png?x=secret");
  });

  it("spells out characters that cannot be seen", () => {
    const { container } = show("run `rm\u202e -rf`\u200b and &#x202e; too");
    expect(container.textContent).toBe("run rm‹U+202E› -rf‹U+200B› and ‹U+202E› too");
  });

  it("shows what nests too deep, or is too long, as it is written", () => {
    const deep = [
      ">".repeat(5000),
      "- ".repeat(200),
      "[".repeat(5000),
      `${" ".repeat(200)}- x`,
      "*".repeat(5000) + "x",
    ];
    for (const source of [...deep, "x ".repeat(maxMarkdownChars)]) {
      expect(lexMarkdown(`${source}\n`), source.slice(0, 20)).toBeUndefined();
    }
    const { container } = show(`${">".repeat(5000)} deep`);
    expect(container.querySelector("blockquote")).toBeNull();
    expect(container.textContent).toContain("> deep".slice(1));
  });

  it("takes hostile texts in bounded time, harmlessly", () => {
    const sources = [
      "![](".repeat(3000),
      "<a ".repeat(3000),
      "`".repeat(3000),
      "| ".repeat(3000),
      "1. ".repeat(30) + "x",
      "a\n".repeat(5000),
      "[a][b]".repeat(2000),
      "&#".repeat(3000),
      "<!--".repeat(3000),
    ];
    for (const source of sources) {
      const startMs = performance.now();
      const { container, unmount } = show(source);
      expectHarmless(container);
      unmount();
      expect(performance.now() - startMs, source.slice(0, 12)).toBeLessThan(3000);
    }
  });

  it("stays harmless for whatever text", () => {
    const piece = fc.constantFrom(
      "<",
      ">",
      "[",
      "]",
      "(",
      ")",
      "!",
      "`",
      "*",
      "_",
      "\n",
      " ",
      "- ",
      "> ",
      "# ",
      "|",
      "javascript:",
      "https://a.b",
      "<img src=x onerror=y>",
      "&lt;",
      "\\",
      "x",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { container, unmount } = show(pieces.join(""));
        expectHarmless(container);
        unmount();
      }),
      { numRuns: 150 },
    );
  });

  it("parses a growing text to the same blocks, keeping those that are settled", () => {
    const full =
      "# One\n\npara one\ncontinued\n\n- a\n- b\n\n  more of b\n\n```js\ncode\n\nmore\n```\n\n> quote\n\n| a |\n|---|\n| 1 |\n\nend";
    const growing = new GrowingMarkdown();
    for (let end = 1; end <= full.length; end++) growing.update(full.slice(0, end));
    expect(growing.update(full)).toEqual(blocks(full));
    const before = growing.update(`${full}\n\nmore`);
    const after = growing.update(`${full}\n\nmore and more`);
    expect(after?.[0]).toBe(before?.[0]);
    expect(Array.from(growing.update("other") ?? [])).toEqual(blocks("other"));
  });

  it("knows entities, and which addresses are links", () => {
    expect(decodeEntities("&lt;a&gt; &amp;amp; &#65;&#x42; &unknown; &#xd800;")).toBe("<a> &amp; AB &unknown; \ufffd");
    expect(safeHttpsUrl("https://a.example/x")?.href).toBe("https://a.example/x");
    for (const href of ["https://a\\b", "https://a b", "HTTPS:a", "https://", "https://u@a.example", "//a.example"]) {
      expect(safeHttpsUrl(href), href).toBeUndefined();
    }
  });
});
