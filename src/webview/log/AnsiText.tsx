import { toVisibleText } from "../../base/visibleText.ts";
import { Link } from "../kit/Link.tsx";
import { memo } from "../kit/memo.ts";
import type { LogBlock } from "./ansiLog.ts";
import type { AnsiSpan, AnsiStyle } from "./ansiSpans.ts";

/** A run of lines of output. Styles are classes and CSSOM properties: nothing here is parsed as markup. */
export const AnsiBlock = memo(function AnsiBlock({ block, isLast }: { block: LogBlock; isLast: boolean }) {
  // The line after the last line feed has nothing on it yet.
  const isOpenLineEmpty = isLast && block.lines.length > 1 && block.lines.at(-1)?.length === 0;
  const lines = isOpenLineEmpty ? block.lines.slice(0, -1) : block.lines;
  return (
    <div class="log-block">
      {lines.map((line, index) => (
        <div key={index} class="log-line">
          {line.map((span, at) => (
            <Span key={at} span={span} />
          ))}
          {"\n"}
        </div>
      ))}
    </div>
  );
});

function Span({ span }: { span: AnsiSpan }) {
  const text = toVisibleText(span.text);
  const { classes, style } = appearanceOf(span.style);
  const content = span.style.link === undefined ? text : <Link href={span.style.link}>{text}</Link>;
  if (classes === "" && style === undefined) return <>{content}</>;
  return (
    <span class={classes} style={style}>
      {content}
    </span>
  );
}

function appearanceOf(style: AnsiStyle): { classes: string; style: Record<string, string> | undefined } {
  const classes: string[] = [];
  const inline: Record<string, string> = {};
  const fg = style.inverse ? style.bg : style.fg;
  const bg = style.inverse ? style.fg : style.bg;
  if (typeof fg === "number") classes.push(`fg-${fg}`);
  else if (fg !== undefined) inline["color"] = fg;
  if (typeof bg === "number") classes.push(`bg-${bg}`);
  else if (bg !== undefined) inline["backgroundColor"] = bg;
  if (style.inverse && fg === undefined) classes.push("inverse-fg");
  if (style.inverse && bg === undefined) classes.push("inverse-bg");
  for (const key of ["bold", "dim", "italic", "underline", "strike"] as const) if (style[key]) classes.push(key);
  return { classes: classes.join(" "), style: Object.keys(inline).length === 0 ? undefined : inline };
}
