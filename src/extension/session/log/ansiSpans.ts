import type { AnsiColor, AnsiSpan, AnsiStyle } from "../../../protocol/panelLog.ts";

/**
 * Output of tools as styled text. A stateful scanner that keeps SGR (colours and weights) and https links (OSC 8) and
 * drops every other control sequence, so that output can colour itself and do nothing else. Sequences may be split
 * between chunks. It gives spans, never markup.
 */

export const plainStyle: AnsiStyle = {};

/** Longest sequence that is looked into. A longer one is dropped up to its end or the end of the line. */
const maxSequenceChars = 256;

type Mode = "ground" | "escape" | "csi" | "osc" | "string" | "charset";

export class AnsiScanner {
  #mode: Mode = "ground";
  #sequence = "";
  #style: AnsiStyle;
  /** An ESC inside a string sequence: it ends the string if a backslash follows, and begins the next sequence if not. */
  #sawEscape = false;

  constructor(style: AnsiStyle = plainStyle) {
    this.#style = style;
  }

  /** What the next character would look like. At the start of a line nothing else is left of what came before. */
  get style(): AnsiStyle {
    return this.#style;
  }

  /** Text of the chunk with its styles. Of C0 controls only tab, line feed, carriage return and backspace survive. */
  write(chunk: string): AnsiSpan[] {
    const spans: AnsiSpan[] = [];
    let start = 0;
    const flush = (end: number) => {
      if (end > start) spans.push({ text: chunk.slice(start, end), style: this.#style });
    };
    for (let at = 0; at < chunk.length; at++) {
      if (this.#mode === "ground") {
        at = nextControl(chunk, at);
        flush(at);
        start = at + 1;
        if (at < chunk.length) this.#enter(chunk.charCodeAt(at));
      } else {
        start = at + 1;
        // A character that cannot belong to the sequence ends it and is itself looked at again.
        if (!this.#step(chunk.charCodeAt(at), chunk.charAt(at))) {
          start = at;
          at -= 1;
        }
      }
    }
    return spans;
  }

  /** From ground, on a control character: begins a sequence, or drops the control. */
  #enter(code: number): void {
    this.#sequence = "";
    this.#sawEscape = false;
    if (code === 0x1b) this.#mode = "escape";
    else if (code === 0x9b) this.#mode = "csi";
    else if (code === 0x9d) this.#mode = "osc";
    else if (code === 0x90 || code === 0x98 || code === 0x9e || code === 0x9f) this.#mode = "string";
  }

  /** One character of a sequence. False when the character is not part of it. */
  #step(code: number, char: string): boolean {
    // CAN and SUB end a sequence of any kind, as if it had not been.
    if (code === 0x18 || code === 0x1a) {
      this.#mode = "ground";
      return true;
    }
    switch (this.#mode) {
      case "escape":
        return this.#stepEscape(code, char);
      case "csi":
        return this.#stepCsi(code, char);
      case "charset":
        this.#mode = "ground";
        return code > 0x20 && code < 0x7f;
      case "osc":
      case "string":
        return this.#stepString(code, char);
      default:
        return false;
    }
  }

  #stepEscape(code: number, char: string): boolean {
    if (char === "[") this.#mode = "csi";
    else if (char === "]") this.#mode = "osc";
    else if (char === "P" || char === "X" || char === "^" || char === "_") this.#mode = "string";
    else if (code >= 0x20 && code <= 0x2f) this.#mode = "charset";
    else {
      this.#mode = "ground";
      return code > 0x20 && code < 0x7f;
    }
    return true;
  }

  #stepCsi(code: number, char: string): boolean {
    if (code >= 0x20 && code <= 0x3f) {
      if (this.#sequence.length < maxSequenceChars) this.#sequence += char;
      return true;
    }
    this.#mode = "ground";
    if (code < 0x40 || code > 0x7e) return false;
    if (char === "m" && this.#sequence.length < maxSequenceChars) this.#style = applySgr(this.#style, this.#sequence);
    return true;
  }

  #stepString(code: number, char: string): boolean {
    if (this.#sawEscape) {
      this.#sawEscape = false;
      this.#endString();
      if (char === "\\") return true;
      this.#enter(0x1b);
      return false;
    }
    if (code === 0x1b) {
      this.#sawEscape = true;
      return true;
    }
    if (code === 0x07 || code === 0x9c) {
      this.#endString();
      return true;
    }
    // An unterminated string must not swallow what follows.
    if (code === 0x0a) {
      this.#mode = "ground";
      return false;
    }
    if (this.#sequence.length <= maxSequenceChars) this.#sequence += char;
    return true;
  }

  #endString(): void {
    if (this.#mode === "osc" && this.#sequence.length <= maxSequenceChars) {
      const [, url] = /^8;[^;]*;(.*)$/s.exec(this.#sequence) ?? [];
      if (url !== undefined) this.#style = withLink(this.#style, url);
    }
    this.#mode = "ground";
  }
}

/** Controls but backspace, tab, line feed and carriage return. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const controls = /[\u0000-\u0007\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Where the next control is, or the end. */
function nextControl(text: string, from: number): number {
  controls.lastIndex = from;
  return controls.exec(text)?.index ?? text.length;
}

/** Text that looks as it is written: line after line, without a sequence or anything that moves the cursor. */
export function isPlain(text: string): boolean {
  controls.lastIndex = 0;
  return !controls.test(text) && !/[\r\b]/.test(text);
}

function withLink(style: AnsiStyle, url: string): AnsiStyle {
  const { link: _, ...rest } = style;
  return /^https:\/\//i.test(url) ? { ...rest, link: url } : rest;
}

/** The style after one "select graphic rendition" with these parameters, such as `1;38;5;208`. */
function applySgr(style: AnsiStyle, parameters: string): AnsiStyle {
  // Private and intermediate forms (`>4;1m`, `?25m`) are not SGR.
  if (!/^[\d;:]*$/.test(parameters)) return style;
  let next = style;
  const codes = parameters.split(";");
  for (let at = 0; at < codes.length; at++) {
    const [head = "", ...sub] = (codes[at] ?? "").split(":");
    const code = head === "" ? 0 : Number(head);
    if (code === 38 || code === 48) {
      const rest = sub.length > 0 ? sub : codes.slice(at + 1);
      const { color, used } = extendedColor(rest, sub.length > 0);
      if (sub.length === 0) at += used;
      if (color !== undefined) next = code === 38 ? { ...next, fg: color } : { ...next, bg: color };
    } else if (code === 4 && sub[0] === "0") next = without(next, "underline");
    else next = applyCode(next, code);
  }
  return next;
}

function applyCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, fg: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, bg: code - 92 };
  switch (code) {
    case 0:
      return style.link === undefined ? plainStyle : { link: style.link };
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
    case 21:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 9:
      return { ...style, strike: true };
    case 22:
      return without(style, "bold", "dim");
    case 23:
      return without(style, "italic");
    case 24:
      return without(style, "underline");
    case 27:
      return without(style, "inverse");
    case 29:
      return without(style, "strike");
    case 39:
      return without(style, "fg");
    case 49:
      return without(style, "bg");
    default:
      // Blink, fonts, frames; also "conceal" (8): hidden text is something to be seen.
      return style;
  }
}

function without(style: AnsiStyle, ...keys: readonly (keyof AnsiStyle)[]): AnsiStyle {
  const copy = { ...style };
  for (const key of keys) delete copy[key];
  return copy;
}

/** `5;n` or `2;r;g;b`, or with colons `2::r:g:b`. `used` counts the parameters that belong to the colour. */
function extendedColor(rest: readonly string[], colons: boolean): { color: AnsiColor | undefined; used: number } {
  const values = rest.map((text) => (text === "" ? 0 : Number(text)));
  if (values[0] === 5) return { color: rest[1] === undefined ? undefined : paletteColor(values[1] ?? 0), used: 2 };
  if (values[0] !== 2) return { color: undefined, used: rest.length === 0 ? 0 : 1 };
  const rgb = colons && values.length >= 5 ? values.slice(2, 5) : values.slice(1, 4);
  const isColor = rgb.length === 3 && rgb.every((value) => value <= 255);
  return { color: isColor ? `rgb(${rgb.join(",")})` : undefined, used: 4 };
}

/** One of the 256 colours of xterm. */
function paletteColor(index: number): AnsiColor | undefined {
  if (index < 16) return index;
  if (index > 255) return undefined;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const cube = [0, 95, 135, 175, 215, 255];
  const at = index - 16;
  return `rgb(${cube[Math.floor(at / 36)]},${cube[Math.floor(at / 6) % 6]},${cube[at % 6]})`;
}
