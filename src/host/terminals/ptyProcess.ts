import { writeSync } from "node:fs";
import { Socket } from "node:net";
import type * as NodePtyModule from "node-pty";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import { endMarked, MARKER_NAME, signalQuietly } from "../offspring.ts";
import { OutputBatcher } from "./outputBatcher.ts";
import type { PtyEvents, PtyRequest, PtySize } from "./pty.ts";

export type NodePty = Pick<typeof NodePtyModule, "spawn">;

const graceAfterHangUpMs = 300;
/**
 * Output that is on its way to the disk and the readers: as much as flows in some 10 ms, so a line in a flood waits for
 * little more than that, and what the shell is told (an interrupt) shows as soon.
 */
const windowBytes = 128 * 1024;
/** While held: one read of at most a few KB this often. */
const trickleMs = 20;
const inputRetryMs = 10;
/** What a program may leave unread before more input is dropped. */
const maxInputBytes = 1024 * 1024;

/** One program on a pseudo-terminal, inside the pty host. */
export class PtyProcess {
  readonly #pty: NodePtyModule.IPty;
  readonly #clock: Clock;
  readonly #marker: string;
  readonly #output: OutputBatcher;
  readonly #exited = Promise.withResolvers<void>();
  #unacknowledgedBytes = 0;
  #hasExited = false;
  #trickle: Disposable | undefined;
  #input: Buffer[] = [];
  #inputBytes = 0;
  #inputRetry: Disposable | undefined;

  /** Throws where the operating system gives no pseudo-terminal. A program that is not there is an exit, not an error. */
  constructor(nodePty: NodePty, request: PtyRequest, clock: Clock, events: PtyEvents) {
    const { plan, marker, cols, rows } = request;
    this.#clock = clock;
    this.#marker = marker;
    this.#output = new OutputBatcher(clock, (bytes) => {
      this.#unacknowledgedBytes += bytes.length;
      events.data(bytes);
      if (this.#unacknowledgedBytes > windowBytes) this.#hold();
    });
    this.#pty = nodePty.spawn(plan.file, [...plan.args], {
      name: "xterm-256color",
      cwd: plan.cwd,
      env: { ...plan.env, [MARKER_NAME]: marker },
      cols,
      rows,
      // Bytes: characters are put together where they are used.
      encoding: null,
    });
    this.#pty.onData((bytes: string | Buffer) => {
      this.#output.push(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
      if (this.#trickle) this.#pty.pause();
    });
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#hasExited = true;
      this.#output.flush();
      this.#stopWaiting();
      events.exited(signal ? 128 + signal : exitCode);
      this.#exited.resolve();
    });
  }

  write(bytes: Buffer): void {
    if (this.#hasExited || this.#inputBytes + bytes.length > maxInputBytes) return;
    this.#input.push(bytes);
    this.#inputBytes += bytes.length;
    if (this.#input.length === 1) this.#writeInput();
  }

  resize({ cols, rows }: PtySize): void {
    if (this.#fd !== undefined) this.#pty.resize(cols, rows);
  }

  /** As `Pty.acknowledge`. */
  acknowledge(bytes: number): void {
    this.#unacknowledgedBytes -= bytes;
    if (this.#unacknowledgedBytes > windowBytes || !this.#trickle) return;
    this.#trickle.dispose();
    this.#trickle = undefined;
    this.#pty.resume();
  }

  async end(): Promise<void> {
    if (!this.#hasExited) {
      signalQuietly(-this.#pty.pid, "SIGHUP");
      signalQuietly(-this.#pty.pid, "SIGCONT");
      const timer = this.#clock.setTimeout(() => signalQuietly(-this.#pty.pid, "SIGKILL"), graceAfterHangUpMs);
      await this.#exited.promise;
      timer.dispose();
    }
    await endMarked(this.#marker, this.#clock);
  }

  /**
   * Reads slower than any program needs to notice. Not read at all, output would be lost: node-pty closes the terminal
   * 200 ms after its program ended, with all that nobody has read by then.
   */
  #hold(): void {
    if (this.#hasExited || this.#trickle) return;
    this.#pty.pause();
    this.#scheduleTrickle();
  }

  #scheduleTrickle(): void {
    this.#trickle = this.#clock.setTimeout(() => {
      this.#scheduleTrickle();
      this.#pty.resume();
    }, trickleMs);
  }

  #stopWaiting(): void {
    this.#trickle?.dispose();
    this.#trickle = undefined;
    this.#inputRetry?.dispose();
    this.#input = [];
  }

  /**
   * Straight to the master side, which does not block. node-pty's own `write` spins when the program does not read; this
   * one waits.
   */
  #writeInput(): void {
    this.#inputRetry = undefined;
    for (let bytes = this.#input[0]; bytes !== undefined; bytes = this.#input[0]) {
      const written = this.#tryWrite(bytes);
      this.#inputBytes -= written;
      if (written === bytes.length) {
        this.#input.shift();
        continue;
      }
      this.#input[0] = bytes.subarray(written);
      this.#inputRetry = this.#clock.setTimeout(() => this.#writeInput(), inputRetryMs);
      return;
    }
  }

  /** How much was taken. What is wrong with a terminal shows when it is read; here it only takes nothing. */
  #tryWrite(bytes: Buffer): number {
    try {
      return this.#fd === undefined ? 0 : writeSync(this.#fd, bytes);
    } catch {
      return 0;
    }
  }

  /** The master side while it is open. Its number may belong to another terminal afterwards, before the exit is told. */
  get #fd(): number | undefined {
    const socket: unknown = Reflect.get(this.#pty, "_socket");
    const isClosed = socket instanceof Socket && socket.destroyed;
    const fd: unknown = Reflect.get(this.#pty, "fd");
    return typeof fd === "number" && !isClosed && !this.#hasExited ? fd : undefined;
  }
}
