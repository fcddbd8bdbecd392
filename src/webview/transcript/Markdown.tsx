import type { Token, Tokens } from "marked";
import type { ComponentChildren, VNode } from "preact";
import { useRef } from "preact/hooks";
import { toVisibleText } from "../../base/visibleText.ts";
import { CopyButton } from "../kit/CopyButton.tsx";
import { Link } from "../kit/Link.tsx";
import { memo } from "../kit/memo.ts";
import { decodeEntities, GrowingMarkdown, maxMarkdownChars, maxNesting } from "./markdownTokens.ts";
import { t } from "../kit/l10n.ts";

/**
 * Markdown of an agent, as nodes. Only the kinds of token listed here become elements; raw HTML and everything else is
 * shown as the text it is. Images are never loaded.
 */
export const Markdown = memo(function Markdown({ source }: { source: string }) {
  const growing = useRef<GrowingMarkdown | undefined>(undefined);
  growing.current ??= new GrowingMarkdown();
  const tokens = growing.current.update(source);
  if (tokens === undefined) return <RawText source={source} />;
  return (
    <div class="markdown">
      {tokens.map((token, index) => (
        <Block key={index} token={token} depth={0} />
      ))}
    </div>
  );
});

/** As it is written, as far as anybody would read it. */
function RawText({ source }: { source: string }) {
  const more = source.length - maxMarkdownChars;
  return (
    <pre class="markdown-raw">
      {toVisibleText(source.slice(0, maxMarkdownChars))}
      {more > 0 ? `\n${t("… {0} more characters", more.toLocaleString("en"))}` : ""}
    </pre>
  );
}

interface BlockProps {
  token: Token;
  depth: number;
}

const Block: (props: BlockProps) => VNode | null = (props) => <BlockMemo {...props} />;

const BlockMemo = memo(function Block({ token, depth }: BlockProps) {
  return <>{renderBlock(token, depth)}</>;
});

/** The lexer's own types of token, by `type`; a plugin's or an unheard-of token falls to its raw text. */
function renderBlock(token: Tokens.Generic, depth: number): ComponentChildren {
  if (depth > maxNesting) return <p>{toVisibleText(token.raw)}</p>;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "hr":
      return <hr />;
    case "heading":
      return <Heading level={token["depth"]}>{inlines(token.tokens, depth)}</Heading>;
    case "paragraph":
      return <p>{inlines(token.tokens, depth)}</p>;
    case "blockquote":
      return <blockquote>{blocks(token.tokens, depth)}</blockquote>;
    case "code":
      return <CodeBlock text={token["text"]} language={token["lang"]} />;
    case "list":
      return <List token={token as Tokens.List} depth={depth} />;
    case "table":
      return <Table token={token as Tokens.Table} depth={depth} />;
    case "text":
      return token.tokens === undefined ? text(token["text"]) : inlines(token.tokens, depth);
    case "checkbox":
      return <Checkbox checked={Boolean(token["checked"])} />;
    default:
      return <p>{toVisibleText(token.raw.trim())}</p>;
  }
}

function blocks(tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
  return tokens?.map((token, index) => <Block key={index} token={token} depth={depth + 1} />);
}

function Heading({ level, children }: { level: unknown; children: ComponentChildren }) {
  // The page's own headings are h1 and h2: an agent's begin below them, whatever it wrote.
  const rank = Math.min(6, Math.max(1, Number(level) || 1));
  return (
    <div role="heading" aria-level={Math.min(6, rank + 2)} class={`md-heading md-h${rank}`}>
      {children}
    </div>
  );
}

function CodeBlock({ text, language }: { text: string; language: unknown }) {
  const label = typeof language === "string" ? (/^[\w+#.-]{1,20}/.exec(language)?.[0] ?? "") : "";
  return (
    <div class="code-block">
      <div class="code-bar">
        <span class="code-language">{label}</span>
        <CopyButton text={text} label={t("Copy code")} />
      </div>
      <pre tabIndex={0}>
        <code>{toVisibleText(text)}</code>
      </pre>
    </div>
  );
}

function List({ token, depth }: { token: Tokens.List; depth: number }) {
  const items = token.items.map((item, index) => (
    <li key={index} class={item.task ? "task" : undefined}>
      {blocks(item.tokens, depth)}
    </li>
  ));
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Checkbox({ checked }: { checked: boolean }) {
  return <input type="checkbox" checked={checked} disabled aria-label={checked ? "done" : "to do"} />;
}

function Table({ token, depth }: { token: Tokens.Table; depth: number }) {
  return (
    <div class="table-scroll">
      <table>
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index} class={`align-${token.align[index] ?? "left"}`}>
                {inlines(cell.tokens, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} class={`align-${token.align[column] ?? "left"}`}>
                  {inlines(cell.tokens, depth)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlines(tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
  return tokens?.map((token) => renderInline(token, depth + 1));
}

function renderInline(token: Tokens.Generic, depth: number): ComponentChildren {
  if (depth > maxNesting) return toVisibleText(token.raw);
  switch (token.type) {
    case "text":
      return token.tokens === undefined ? text(token["text"]) : inlines(token.tokens, depth);
    case "escape":
      return text(token["text"]);
    case "strong":
      return <strong>{inlines(token.tokens, depth)}</strong>;
    case "em":
      return <em>{inlines(token.tokens, depth)}</em>;
    case "del":
      return <del>{inlines(token.tokens, depth)}</del>;
    case "codespan":
      return <code>{toVisibleText(token["text"])}</code>;
    case "br":
      return <br />;
    case "link":
      return (
        <Link href={token["href"]} said={token["text"]}>
          {inlines(token.tokens, depth)}
        </Link>
      );
    case "image":
      return <ImageText alt={token["text"]} href={token["href"]} />;
    case "checkbox":
      return <Checkbox checked={Boolean(token["checked"])} />;
    default:
      return toVisibleText(token.raw);
  }
}

/** Where a picture would be: loading it would tell somebody that this was read. */
function ImageText({ alt, href }: { alt: string; href: string }) {
  return (
    <span class="image-text">
      [image{alt === "" ? "" : `: ${toVisibleText(alt)}`}] {toVisibleText(href)}
    </span>
  );
}

function text(source: unknown): string {
  return typeof source === "string" ? toVisibleText(decodeEntities(source)) : "";
}
