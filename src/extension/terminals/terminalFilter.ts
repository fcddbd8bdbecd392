const esc = "\u001b";
/** What OSC, DCS, APC, PM and SOS begin with: after an ESC, or by itself. */
const opensAfterEscape = "]P_^X";
const opens = "\u0090\u0098\u009d\u009e\u009f";

// oxlint-disable no-control-regex -- finding control characters is the purpose
/** Where text may begin to be something else. */
const ground = /[\u001b\u0090\u0098\u009d-\u009f]/g;
/** Where a string ends: BEL, CAN, SUB, ST, or the ESC of whatever comes next. */
const ending = /[\u0007\u0018\u001a\u001b\u009c]/g;
/** Obeyed by a terminal amid an escape, which goes on after it. All but CAN and SUB, which end one, and ESC. */
const amidEscape = /[\u0000-\u0017\u0019\u001c-\u001f\u007f]/;
// oxlint-enable no-control-regex

/**
 * What of a host's output reaches the editor's terminal: text, and the sequences that move, colour and switch modes, so
 * that every full-screen program works. Strings to the terminal itself (set the clipboard or a title, name a link or a
 * command, draw a picture) do not: they would let a program on the host act on this machine. Works over chunks, and
 * reads them as a terminal does: an ESC is passed on together with the character that says what it begins, so that two
 * pieces that are harmless apart cannot become a string when something between them was kept back.
 */
export class TerminalFilter {
  /** "escape": an ESC was read and not yet passed on. */
  #state: "text" | "escape" | "string" = "text";

  write(chunk: string): string {
    let output = "";
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === "escape") {
        output += this.#afterEscape(chunk.charAt(at++));
        continue;
      }
      const isText = this.#state === "text";
      const pattern = isText ? ground : ending;
      pattern.lastIndex = at;
      const stop = pattern.exec(chunk)?.index ?? chunk.length;
      if (isText) output += chunk.slice(at, stop);
      if (stop === chunk.length) break;
      this.#state = chunk[stop] === esc ? "escape" : isText ? "string" : "text";
      at = stop + 1;
    }
    return output;
  }

  #afterEscape(char: string): string {
    // A second one makes the first mean nothing.
    if (char === esc) return "";
    if (amidEscape.test(char)) return char;
    this.#state = opensAfterEscape.includes(char) || opens.includes(char) ? "string" : "text";
    // Without a string there is nothing for ST to end.
    return this.#state === "string" || char === "\\" ? "" : esc + char;
  }
}
