export interface TerminalHints {
  /** What the program calls its window: OSC 0 or 2. */
  readonly title?: string;
  /** Absolute path where the shell is: OSC 7, or the property `Cwd` of VS Code's OSC 633. */
  readonly cwd?: string;
}

const escape = "\x1b";
const maxCarry = 4 * 1024;
const maxTitle = 200;
// eslint-disable-next-line no-control-regex -- control characters are what terminals speak
const sequences = /\x1b\](0|2|7|633);([^\x07\x1b]*)(?:\x07|\x1b\\)|\x1b\[\?([\d;]+)([hl])/g;
// eslint-disable-next-line no-control-regex -- see above
const unfinished = /\x1b(?:\](?:[^\x07\x1b]|\x1b$)*|\[[?\d;]*)?$/;

/** Modes that change how everything after them is shown or how keys are sent, with their value after a reset. */
const modes: ReadonlyMap<string, boolean> = new Map([
  ["1", false],
  ["25", true],
  ["1000", false],
  ["1002", false],
  ["1003", false],
  ["1006", false],
  ["1049", false],
  ["2004", false],
]);

/** Reads along what a terminal shows, whatever pieces it comes in. Text without escape sequences costs one search. */
export class OscScanner {
  readonly #modes = new Map<string, boolean>();
  #carry = "";

  scan(text: string): TerminalHints {
    if (this.#carry === "" && !text.includes(escape)) return {};
    const all = this.#carry + text;
    const rest = unfinished.exec(all)?.[0] ?? "";
    this.#carry = rest.length > maxCarry ? "" : rest;
    let title: string | undefined;
    let cwd: string | undefined;
    for (const [, osc, value = "", numbers, set] of all.matchAll(sequences)) {
      if (numbers !== undefined) for (const mode of numbers.split(";")) this.#setMode(mode, set === "h");
      else if (osc === "0" || osc === "2") title = value.slice(0, maxTitle);
      else cwd = pathOf(value) ?? cwd;
    }
    return { ...(title !== undefined && { title }), ...(cwd !== undefined && { cwd }) };
  }

  /** Brings a terminal that was just reset to where this one is: alternate screen, bracketed paste, mouse and the like. */
  get modes(): string {
    const changed = Array.from(this.#modes).filter(([mode, isOn]) => modes.get(mode) !== isOn);
    return changed.map(([mode, isOn]) => `${escape}[?${mode}${isOn ? "h" : "l"}`).join("");
  }

  #setMode(mode: string, isOn: boolean): void {
    if (modes.has(mode)) this.#modes.set(mode, isOn);
  }
}

/** Of `file://host/path`, or of `P;Cwd=/path`. */
function pathOf(value: string): string | undefined {
  if (value.startsWith("P;Cwd=")) return absolute(value.slice("P;Cwd=".length));
  const encoded = /^file:\/\/[^/]*(\/.*)$/.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return absolute(decodeURIComponent(encoded));
  } catch {
    return undefined;
  }
}

function absolute(path: string): string | undefined {
  return path.startsWith("/") && path.length <= maxCarry ? path : undefined;
}
