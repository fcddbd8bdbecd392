import type { TerminalPart, TerminalState } from "../../protocol/terminal.ts";
import { AnsiLog, type LogBlock } from "./ansiLog.ts";

export interface TerminalLines {
  readonly blocks: readonly LogBlock[];
  readonly lineCount: number;
  readonly skippedLines: number;
}

/** The lines of a terminal whose state grows. What was scanned once is not scanned again. */
export class TerminalLog {
  #log = new AnsiLog();
  #text = "";

  update(state: TerminalState): TerminalLines {
    const text = terminalText(state);
    if (!text.startsWith(this.#text)) {
      this.#log = new AnsiLog();
      this.#text = "";
    }
    if (text.length > this.#text.length) this.#log.write(text.slice(this.#text.length));
    this.#text = text;
    const { blocks, lineCount, skippedLines } = this.#log;
    return { blocks, lineCount, skippedLines };
  }
}

/** All that was printed. Commands that a shell reported are headed by their command line. */
export function terminalText(state: TerminalState): string {
  return state.content.map(partText).join("");
}

function partText(part: TerminalPart): string {
  if (part.type === "unclassified") return part.value;
  if (part.type === "command") return `$ ${part.commandLine}\n${part.output}`;
  return "";
}
