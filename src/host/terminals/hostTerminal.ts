import { StringDecoder } from "node:string_decoder";
import { pathToFileURL } from "node:url";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { TerminalAction } from "../../protocol/terminal.ts";
import type { Channels } from "../channels/channels.ts";
import type { Box } from "../isolation/isolation.ts";
import { OscScanner } from "./oscScanner.ts";
import type { Pty, PtyEvents, PtySize } from "./pty.ts";
import { type ScrollbackLimits, shortened } from "./scrollback.ts";

export interface HostTerminalPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  /** Bytes that wait to be sent to the slowest reader of a channel. */
  readonly backlogOf: (uri: string) => number;
  /** What the list of terminals shows of this one has changed. */
  readonly onChanged: () => void;
  readonly scrollback?: ScrollbackLimits | undefined;
}

/** The programs wait while a reader has this much to catch up on. Far below what cuts a reader off. */
const maxUnsentBytes = 256 * 1024;
const lookIntervalMs = 5;
/** Far below the window of the pseudo-terminal; a calm terminal costs nothing. */
const acknowledgeBytes = 16 * 1024;
/** A reader that takes nothing for this long is not waited for: it is cut off and comes back to a snapshot. */
const patienceMs = 2_000;
/** Programs may change their title with every line. */
const hintIntervalMs = 200;

/** A live shell and its channel. The channel exists for as long as this does. */
export class HostTerminal implements PtyEvents, Disposable {
  readonly uri: string;
  readonly #ports: HostTerminalPorts;
  readonly #decoder = new StringDecoder("utf8");
  readonly #scanner = new OscScanner();
  #hintTimer: Disposable | undefined;
  #lookTimer: Disposable | undefined;
  #isNamed: boolean;
  #pty: Pty | undefined;
  #box: Box | undefined;
  #ended: Promise<void> | undefined;
  #hint: { title?: string; cwd?: string } | undefined;
  /** Output that is not acknowledged, in pieces, each with the number of the record that it is in. */
  #unacknowledged: { readonly seq: number; readonly bytes: number }[] = [];
  #waiting: { lowest: number; since: number } | undefined;
  /** The slowest reader has stood still for too long. */
  #isReaderStuck = false;
  readonly #following: Disposable;

  /** `isNamed`: somebody has chosen the title, and programs do not change it. */
  constructor(uri: string, isNamed: boolean, ports: HostTerminalPorts) {
    this.uri = uri;
    this.#isNamed = isNamed;
    this.#ports = ports;
    this.#following = ports.channels.onCommitted(() => this.#acknowledge());
  }

  /** `box` is what the program runs in, where it runs in one. */
  attach(pty: Pty, box?: Box): void {
    this.#pty = pty;
    this.#box = box;
  }

  get isRunning(): boolean {
    return this.#ports.channels.state("terminal", this.uri)?.lifecycle?.status === "running";
  }

  /** Somebody has chosen the title. */
  named(): void {
    this.#isNamed = true;
  }

  input(text: string): void {
    this.#pty?.write(text);
  }

  resize(size: PtySize): void {
    this.#pty?.resize(size);
  }

  data(bytes: Buffer): void {
    const text = this.#decoder.write(bytes);
    if (text !== "") this.#show(text);
    this.#unacknowledged.push({ seq: this.#ports.channels.lastSeq, bytes: bytes.length });
  }

  exited(exitCode: number | undefined): void {
    const rest = this.#decoder.end();
    if (rest !== "") this.#show(rest);
    this.dispose();
    void this.#box?.end();
    this.#dispatch({ type: "terminal/exited", ...(exitCode !== undefined && { exitCode }) });
    this.#ports.onChanged();
  }

  /** Ends the shell and all that it started. Resolves when nothing is left and the channel says so. */
  async end(): Promise<void> {
    this.#ended ??= this.#pty?.end();
    await this.#ended;
    await this.#box?.end();
  }

  dispose(): void {
    this.#hintTimer?.dispose();
    this.#lookTimer?.dispose();
    this.#following.dispose();
  }

  #show(text: string): void {
    const hints = this.#scanner.scan(text);
    this.#dispatch({ type: "terminal/data", data: text });
    const content = this.#ports.channels.state("terminal", this.uri)?.content ?? [];
    const short = shortened(content, this.#scanner.modes, this.#ports.scrollback);
    if (short !== undefined) {
      this.#dispatch({ type: "terminal/cleared" });
      this.#dispatch({ type: "terminal/data", data: short });
    }
    if (hints.title !== undefined || hints.cwd !== undefined) this.#noteHints(hints);
  }

  /** What is on disk and has left for all readers is dealt with. */
  #acknowledge(): void {
    const { durableSeq } = this.#ports.channels;
    const pending = this.#unacknowledged.findIndex(({ seq }) => seq > durableSeq);
    const stored = pending === -1 ? this.#unacknowledged : this.#unacknowledged.slice(0, pending);
    const bytes = stored.reduce((sum, piece) => sum + piece.bytes, 0);
    if (bytes < acknowledgeBytes || this.#isWaitingForReaders()) return;
    this.#unacknowledged = this.#unacknowledged.slice(stored.length);
    this.#pty?.acknowledge(bytes);
  }

  #isWaitingForReaders(): boolean {
    const { clock, backlogOf } = this.#ports;
    const backlog = backlogOf(this.uri);
    const now = clock.elapsed();
    if (backlog <= maxUnsentBytes) this.#isReaderStuck = false;
    if (backlog <= maxUnsentBytes || this.#isReaderStuck) {
      this.#waiting = undefined;
      return false;
    }
    if (!this.#waiting || backlog < this.#waiting.lowest) this.#waiting = { lowest: backlog, since: now };
    else if (now - this.#waiting.since >= patienceMs) this.#isReaderStuck = true;
    this.#lookTimer?.dispose();
    this.#lookTimer = clock.setTimeout(() => this.#acknowledge(), lookIntervalMs);
    return true;
  }

  #noteHints(hints: { readonly title?: string; readonly cwd?: string }): void {
    const isFirst = this.#hint === undefined;
    this.#hint = { ...this.#hint, ...hints };
    if (isFirst) this.#hintTimer = this.#ports.clock.setTimeout(() => this.#tellHints(), hintIntervalMs);
  }

  #tellHints(): void {
    const { title, cwd } = this.#hint ?? {};
    this.#hint = undefined;
    const state = this.#ports.channels.state("terminal", this.uri);
    if (!state) return;
    if (title !== undefined && title.trim() !== "" && title !== state.title && !this.#isNamed) {
      this.#dispatch({ type: "terminal/titleChanged", title });
      this.#ports.onChanged();
    }
    const uri = cwd === undefined ? undefined : pathToFileURL(cwd).href;
    if (uri !== undefined && uri !== state.cwd) this.#dispatch({ type: "terminal/cwdChanged", cwd: uri });
  }

  #dispatch(action: TerminalAction): void {
    if (this.#ports.channels.isLoaded(this.uri)) this.#ports.channels.dispatch(this.uri, action);
  }
}
