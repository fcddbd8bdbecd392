import type { ComponentChildren } from "preact";
import { toVisibleText } from "../../base/visibleText.ts";
import type { AnsiSpan, AnsiStyle, LogRow } from "../../protocol/panelLog.ts";
import { Link } from "../kit/Link.tsx";
import { memo } from "../kit/memo.ts";
import { t } from "../kit/l10n.ts";

export interface Finding {
  readonly text: string;
  readonly matchCase: boolean;
}

interface LogLineProps {
  line: Extract<LogRow, { kind: "line" }>;
  row: number;
  finding: Finding | undefined;
  isCurrent: boolean;
  isSelected: boolean;
  onNumber: ((row: number, extend: boolean) => void) | undefined;
}

/** One line of output. Styles are classes and CSSOM properties: nothing here is parsed as markup. */
export const LogLine = memo(function LogLine(props: LogLineProps) {
  const { line, row, finding, isCurrent, isSelected, onNumber } = props;
  const classes = `log-row log-line${isCurrent ? " current" : ""}${isSelected ? " selected" : ""}`;
  return (
    <div class={classes}>
      {onNumber === undefined ? null : (
        <span class="log-number" onClick={(event) => onNumber(row, event.shiftKey)} aria-hidden="true">
          {line.number}
        </span>
      )}
      {line.spans.map((span, at) => (
        <Span key={at} span={span} marked={finding && marked(toVisibleText(span.text), finding)} />
      ))}
      {line.more === undefined ? null : (
        <span class="muted"> {t("… {0} more characters", line.more.toLocaleString("en"))}</span>
      )}
    </div>
  );
});

function Span({ span, marked: parts }: { span: AnsiSpan; marked: ComponentChildren }) {
  const text = parts ?? toVisibleText(span.text);
  const { classes, style } = appearanceOf(span.style);
  const content =
    span.style.link === undefined ? (
      text
    ) : (
      <Link href={span.style.link} said={span.text}>
        {text}
      </Link>
    );
  if (classes === "" && style === undefined) return <>{content}</>;
  return (
    <span class={classes} style={style}>
      {content}
    </span>
  );
}

/** The text with what is searched for in marks; `undefined` where it is not in it. */
function marked(text: string, { text: wanted, matchCase }: Finding): ComponentChildren {
  const [where, what] = matchCase ? [text, wanted] : [text.toLowerCase(), wanted.toLowerCase()];
  // A text whose lower case is longer cannot be cut at the same places.
  if (where.length !== text.length || !where.includes(what)) return undefined;
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (let at = where.indexOf(what); at !== -1; at = where.indexOf(what, end)) {
    parts.push(text.slice(end, at), <mark key={at}>{text.slice(at, at + what.length)}</mark>);
    end = at + what.length;
  }
  return [...parts, text.slice(end)];
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
