import type { Clock } from "../../../base/clock.ts";
import { type Disposable, Disposables } from "../../../base/disposables.ts";
import type { ChannelChange, ChannelHandle } from "../../../client/client.ts";
import type { StateAction } from "../../../protocol/actions.ts";
import type { TerminalState } from "../../../protocol/terminal.ts";
import { terminalText } from "../panelWindow.ts";
import type { LogSection } from "./logDocument.ts";

/** How long lines are made before somebody else gets a turn. */
const budgetMs = 6;
const pieceChars = 128 * 1024;

/** Brings what a terminal's channel tells into a section of a log, in portions, so that a flood holds nothing up. */
export class TerminalFeed implements Disposable {
  readonly #handle: ChannelHandle<TerminalState>;
  readonly #section: LogSection;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #owned = new Disposables();
  /** What has not become lines yet, oldest first. */
  #waiting: string[] = [];
  #timer: Disposable | undefined;
  /** Characters of the terminal's text that were taken, and the last of them: a snapshot that goes on from there adds the rest. */
  #taken = 0;
  #lastTaken = "";

  constructor(handle: ChannelHandle<TerminalState>, section: LogSection, clock: Clock, onChange: () => void) {
    this.#handle = this.#owned.add(handle);
    this.#section = section;
    this.#clock = clock;
    this.#onChange = onChange;
    handle.ready.catch(() => onChange());
    this.#owned.add(handle.onDidChange((change) => this.#hear(change)));
    if (handle.state !== undefined) this.#takeWhole(handle.state);
  }

  /** There is something to show, or never will be. */
  get isRead(): boolean {
    const { state, status } = this.#handle;
    return (state !== undefined || status === "failed") && this.#waiting.length === 0;
  }

  /** The program has ended: nothing more will come. */
  get isOver(): boolean {
    const { state, status } = this.#handle;
    return this.isRead && (status === "failed" || state?.lifecycle?.status === "exited");
  }

  get error(): Error | undefined {
    return this.#handle.state === undefined ? this.#handle.error : undefined;
  }

  dispose(): void {
    this.#waiting = [];
    this.#timer?.dispose();
    this.#owned.dispose();
  }

  #hear({ state, applied }: ChannelChange<TerminalState>): void {
    if (applied === undefined) {
      if (state !== undefined) this.#takeWhole(state);
    } else for (const action of applied) this.#take(action);
    this.#onChange();
  }

  #take(action: StateAction): void {
    switch (action.type) {
      case "terminal/data":
        return this.#add(action.data);
      case "terminal/commandExecuted":
        return this.#add(`$ ${action.commandLine}\n`);
      case "terminal/cleared":
        return this.#clear();
      default:
    }
  }

  #takeWhole(state: TerminalState): void {
    const text = terminalText(state);
    const goesOn =
      text.length >= this.#taken && text.slice(this.#taken - this.#lastTaken.length, this.#taken) === this.#lastTaken;
    if (!goesOn) this.#clear();
    this.#add(text.slice(this.#taken));
  }

  #clear(): void {
    this.#waiting = [];
    this.#taken = 0;
    this.#lastTaken = "";
    this.#section.clear();
  }

  #add(data: string): void {
    if (data === "") return;
    this.#taken += data.length;
    this.#lastTaken = data.slice(-256);
    for (let at = 0; at < data.length; at += pieceChars) this.#waiting.push(data.slice(at, at + pieceChars));
    if (this.#timer === undefined) this.#work();
  }

  #work(): void {
    const untilMs = this.#clock.elapsed() + budgetMs;
    let done = 0;
    while (done < this.#waiting.length && (done === 0 || this.#clock.elapsed() < untilMs)) {
      this.#section.append(this.#waiting[done++] ?? "");
    }
    this.#waiting.splice(0, done);
    if (this.#waiting.length === 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#work();
      this.#onChange();
    }, 0);
  }
}
