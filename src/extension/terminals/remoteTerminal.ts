import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import { untranslated } from "../../base/l10n.ts";
import type { Logger } from "../../base/logger.ts";
import { toLine } from "../../base/visibleText.ts";
import type { ChannelChange, ChannelHandle, Client } from "../../client/client.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { TerminalPart, TerminalState } from "../../protocol/terminal.ts";
import { sentenceOf } from "../platform/presentError.ts";
import { TerminalFilter } from "./terminalFilter.ts";

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export interface RemoteTerminalOptions {
  readonly client: Pick<Client, "subscribe" | "dispatch">;
  /** The terminal's URI on that host. */
  readonly uri: string;
  readonly logger: Logger;
}

/** UTF-16 units of output that are drawn at once: more than any editor keeps to scroll back to. */
const maxDrawn = 1_000_000;
/** Clears the screen and its history, and undoes every mode. */
const reset = "\u001bc";

/**
 * A terminal of a host as an editor's terminal sees it: bytes out, keys in. Follows the host through drops: what was
 * missed follows, or the whole screen is drawn anew. Disposing detaches; the program goes on.
 */
export class RemoteTerminal implements Disposable {
  readonly #options: RemoteTerminalOptions;
  readonly #owned = new Disposables();
  readonly #written: Emitter<string>;
  readonly #named: Emitter<string>;
  readonly #ended: Emitter<number | undefined>;
  #handle: ChannelHandle<TerminalState> | undefined;
  #size: TerminalSize | undefined;
  #name: string | undefined;
  #filter = new TerminalFilter();
  #hasDrawn = false;
  #isTold = false;

  constructor(options: RemoteTerminalOptions) {
    this.#options = options;
    const onError = (error: unknown) => options.logger.error("terminal listener failed", { reason: String(error) });
    this.#written = this.#owned.add(new Emitter(onError));
    this.#named = this.#owned.add(new Emitter(onError));
    this.#ended = this.#owned.add(new Emitter(onError));
  }

  /** What to write on the screen. */
  get onWrite(): Event<string> {
    return this.#written.event;
  }

  get onName(): Event<string> {
    return this.#named.event;
  }

  /** The shell has ended while it was looked at, with this code if it is known. Not fired for what is only to be read. */
  get onEnd(): Event<number | undefined> {
    return this.#ended.event;
  }

  /** Begins to follow. `undefined` leaves the size as the host has it. */
  open(size: TerminalSize | undefined): void {
    this.#size = size;
    const handle = this.#owned.add(this.#options.client.subscribe("terminal", this.#options.uri));
    this.#handle = handle;
    handle.ready.catch(() => undefined);
    this.#owned.add(handle.onDidChange((change) => this.#change(change)));
    if (handle.state !== undefined || handle.status === "failed") {
      this.#change({ state: handle.state, status: handle.status });
    }
  }

  /** Keys as a terminal sends them. Nobody's while there is no shell that could take them. */
  input(data: string): void {
    if (this.#isInteractive) this.#dispatch({ type: "terminal/input", data });
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#fit(this.#handle?.state);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  get #isInteractive(): boolean {
    const handle = this.#handle;
    return (
      handle?.status === "live" && handle.state !== undefined && takesInput(handle.state) && !hasExited(handle.state)
    );
  }

  #change({ state, status, applied }: ChannelChange<TerminalState>): void {
    if (status === "failed") {
      this.#tell(sentenceOf(this.#handle?.error, vscode.l10n.t));
      return;
    }
    if (status === "stale") {
      this.#tell(
        vscode.l10n.t(
          "The host is not connected. The terminal goes on there; it is shown again when the host is back.",
        ),
      );
      return;
    }
    if (state === undefined) return;
    if (applied === undefined || !this.#hasDrawn || this.#isTold) this.#draw(state);
    else for (const action of applied) this.#follow(state, action);
    this.#rename(state);
  }

  #draw(state: TerminalState): void {
    const isFirst = !this.#hasDrawn;
    this.#hasDrawn = true;
    this.#filter = new TerminalFilter();
    this.#isTold = false;
    const text = tailOf(state.content.map((part) => textOf(part, state)).join(""));
    const head = takesInput(state)
      ? ""
      : dim(vscode.l10n.t("Output of a command of the agent. It takes no input.")) + "\r\n";
    this.#written.fire((isFirst ? "" : reset) + head + this.#toScreen(text, state));
    if (!hasExited(state)) this.#fit(state);
    else if (isFirst) this.#tellEnd(state);
    else this.#end(state);
  }

  #follow(state: TerminalState, action: StateAction): void {
    switch (action.type) {
      case "terminal/data":
        this.#written.fire(this.#toScreen(action.data, state));
        break;
      case "terminal/commandExecuted":
        // A shell has echoed the line already.
        if (!takesInput(state)) this.#written.fire(this.#toScreen(`$ ${action.commandLine}\n`, state));
        break;
      case "terminal/cleared":
        this.#written.fire(reset);
        break;
      case "terminal/exited":
        this.#end(state);
        break;
      default:
        break;
    }
  }

  /** A pseudo-terminal ends its lines itself; bare output has to be given the way back to the left. */
  #toScreen(text: string, state: TerminalState): string {
    return this.#filter.write(takesInput(state) ? text : text.replaceAll(/(?<!\r)\n/g, "\r\n"));
  }

  #end(state: TerminalState): void {
    if (takesInput(state)) this.#ended.fire(state.lifecycle?.exitCode);
    else this.#tellEnd(state);
  }

  /** What has ended before it was looked at, and a command's output, stay to be read. */
  #tellEnd({ lifecycle, isPty }: TerminalState): void {
    const code = lifecycle?.exitCode;
    const shell =
      code === undefined ? vscode.l10n.t("The shell has ended.") : vscode.l10n.t("The shell has ended with {0}.", code);
    const command =
      code === undefined
        ? vscode.l10n.t("The command has ended.")
        : vscode.l10n.t("The command has ended with {0}.", code);
    this.#tell(isPty === false ? command : shell, false);
  }

  /** A remark between the lines of the terminal itself. What comes after it is drawn afresh if the screen has a gap. */
  #tell(sentence: string, isGap = true): void {
    if (isGap && this.#isTold) return;
    this.#isTold = isGap;
    this.#written.fire(`\r\n${dim(toLine(sentence, 400))}\r\n`);
  }

  #rename({ title }: TerminalState): void {
    if (title === this.#name || title.trim() === "") return;
    this.#name = title;
    this.#named.fire(title);
  }

  /** Several may look at one terminal: whoever changes a window's size last decides. */
  #fit(state: TerminalState | undefined): void {
    const size = this.#size;
    if (size === undefined || state === undefined || !this.#isInteractive) return;
    if (state.cols !== size.cols || state.rows !== size.rows) this.#dispatch({ type: "terminal/resized", ...size });
  }

  #dispatch(action: StateAction): void {
    this.#options.client.dispatch(this.#options.uri, action).catch((error: unknown) => {
      this.#options.logger.warn("terminal action refused", {
        type: action.type,
        reason: sentenceOf(error, untranslated),
      });
    });
  }
}

function takesInput({ isPty }: TerminalState): boolean {
  return isPty !== false;
}

function hasExited({ lifecycle }: TerminalState): boolean {
  return lifecycle?.status === "exited";
}

function textOf(part: TerminalPart, state: TerminalState): string {
  if (part.type === "unclassified") return part.value;
  if (part.type !== "command") return "";
  return takesInput(state) ? part.output : `$ ${part.commandLine}\n${part.output}`;
}

/** From the start of a line. */
function tailOf(text: string): string {
  if (text.length <= maxDrawn) return text;
  const cut = text.length - maxDrawn;
  const lineStart = text.indexOf("\n", cut) + 1;
  return text.slice(lineStart === 0 ? cut : lineStart);
}

function dim(text: string): string {
  return `\u001b[2m${text}\u001b[0m`;
}
