// oxlint-disable no-control-regex -- finding control characters is the purpose
/** OSC, DCS, APC, PM and SOS, in their 7-bit and 8-bit forms. */
const stringStart = /\u001b[\]P_^X]|[\u0090\u0098\u009d-\u009f]/g;
/** BEL, ST, CAN and SUB end one; so does the ESC of another sequence, which is not part of it. */
const stringEnd = /\u0007|\u001b\\|[\u009c\u0018\u001a]|\u001b(?=[^\\])/g;

/**
 * What of a host's output reaches the editor's terminal: text, and the sequences that move, colour and switch modes, so
 * that every full-screen program works. Strings to the terminal itself (set the clipboard or a title, name a link or a
 * command, draw a picture) do not: they would let a program on the host act on this machine. Works over chunks.
 */
export class TerminalFilter {
  #isInString = false;
  /** An escape whose meaning the next chunk tells. */
  #held = "";

  write(chunk: string): string {
    const input = this.#held + chunk;
    this.#held = "";
    let output = "";
    let at = 0;
    for (;;) {
      const pattern = this.#isInString ? stringEnd : stringStart;
      pattern.lastIndex = at;
      const found = pattern.exec(input);
      const stop = found?.index ?? input.length;
      if (!this.#isInString) output += input.slice(at, stop);
      if (found === null) break;
      at = found[0] === "\u001b" ? stop : stop + found[0].length;
      this.#isInString = !this.#isInString;
    }
    if (!input.endsWith("\u001b")) return output;
    this.#held = "\u001b";
    // Inside of a string it was not put out.
    return this.#isInString ? output : output.slice(0, -1);
  }
}
