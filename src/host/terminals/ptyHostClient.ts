import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { endMarked } from "../offspring.ts";
import type { Pty, PtyEvents, PtyRequest, PtySize, PtySpawner } from "./pty.ts";
import { encodeFrame, encodeJsonFrame, FRAME, type Frame, FrameReader } from "./ptyFrames.ts";

/** `ptyHost.ts` beside this file, or `ptyHost.mjs` beside the bundle. */
const program = fileURLToPath(new URL(`./ptyHost${path.extname(import.meta.url)}`, import.meta.url));

/** The host's side of its pty host, which is started with the first terminal. */
export class PtyHostClient implements PtySpawner {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #process: PtyHostProcess | undefined;
  #lastTerminal = 0;

  constructor({ logger, clock }: { readonly logger: Logger; readonly clock: Clock }) {
    this.#logger = logger;
    this.#clock = clock;
  }

  async spawn(request: PtyRequest, events: PtyEvents): Promise<Pty> {
    this.#process ??= new PtyHostProcess(this.#logger, this.#clock, () => (this.#process = undefined));
    this.#lastTerminal += 1;
    return await this.#process.open(this.#lastTerminal, request, events);
  }

  /** Ends the process, and with it every terminal. Resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }
}

class PtyHostProcess {
  readonly #clock: Clock;
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #reader = new FrameReader();
  readonly #terminals = new Map<number, RemotePty>();
  readonly #gone: Promise<void>;

  constructor(logger: Logger, clock: Clock, onGone: () => void) {
    this.#clock = clock;
    // Nothing of the host's environment: what a terminal may know is in its plan.
    this.#child = spawn(process.execPath, [program], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      env: {},
      // Signals to the host's process group are the host's to answer.
      detached: true,
    });
    const socket = this.#child.stdio[3];
    if (!(socket instanceof Duplex)) throw new AppError("internal", "The pty host has no socket.");
    this.#socket = socket;
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      logger.warn("pty host", { line: text.slice(0, 1_000) });
    });
    socket.on("data", (piece: Buffer) => this.#take(this.#reader.read(piece)));
    socket.on("error", () => socket.destroy());
    this.#gone = new Promise((resolve) => {
      const end = () => {
        onGone();
        for (const terminal of this.#terminals.values()) terminal.lost(this.#clock);
        this.#terminals.clear();
        resolve();
      };
      this.#child.once("error", end);
      this.#child.once("close", end);
    });
  }

  async open(id: number, request: PtyRequest, events: PtyEvents): Promise<Pty> {
    const pty = new RemotePty(request.marker, events, (kind, payload) => {
      if (!this.#socket.destroyed) this.#socket.write(encodeFrame(kind, id, payload));
    });
    this.#terminals.set(id, pty);
    this.#socket.write(encodeJsonFrame(FRAME.spawn, id, request));
    await pty.started;
    setImmediate(() => pty.flow());
    return pty;
  }

  async stop(): Promise<void> {
    this.#socket.end();
    this.#socket.destroy();
    await this.#gone;
  }

  /** Output that came in one piece is told in one piece. */
  #take(frames: readonly Frame[]): void {
    let held: { readonly pty: RemotePty; readonly pieces: Buffer[] } | undefined;
    const flush = () => {
      if (held) held.pty.data(held.pieces.length === 1 ? (held.pieces[0] ?? empty) : Buffer.concat(held.pieces));
      held = undefined;
    };
    for (const { kind, terminal, payload } of frames) {
      const pty = this.#terminals.get(terminal);
      if (!pty) continue;
      if (kind === FRAME.data && held?.pty === pty) {
        held.pieces.push(payload);
        continue;
      }
      flush();
      if (kind === FRAME.data) held = { pty, pieces: [payload] };
      else pty.take(kind, payload);
      if (kind === FRAME.ended || kind === FRAME.failed) this.#terminals.delete(terminal);
    }
    flush();
  }
}

const empty = Buffer.alloc(0);

class RemotePty implements Pty {
  readonly #marker: string;
  readonly #events: PtyEvents;
  readonly #send: (kind: number, payload?: Buffer) => void;
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  /** Events that are not told yet. */
  #early: (() => void)[] | undefined = [];
  #hasExited = false;

  constructor(marker: string, events: PtyEvents, send: (kind: number, payload?: Buffer) => void) {
    this.#marker = marker;
    this.#events = events;
    this.#send = send;
  }

  get started(): Promise<void> {
    return this.#started.promise;
  }

  write(text: string): void {
    this.#send(FRAME.input, Buffer.from(text));
  }

  resize({ cols, rows }: PtySize): void {
    this.#send(FRAME.resize, Buffer.from(JSON.stringify({ cols, rows })));
  }

  acknowledge(bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.#send(FRAME.acknowledge, payload);
  }

  async end(): Promise<void> {
    this.#send(FRAME.end);
    await this.#ended.promise;
  }

  data(bytes: Buffer): void {
    if (this.#early) this.#early.push(() => this.#events.data(bytes));
    else this.#events.data(bytes);
  }

  flow(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const tell of early) tell();
  }

  take(kind: number, payload: Buffer): void {
    if (kind === FRAME.started) this.#started.resolve();
    else if (kind === FRAME.failed) this.#fail(payload.toString());
    else if (kind === FRAME.exited) this.#exit((JSON.parse(payload.toString()) as { exitCode?: number }).exitCode);
    else if (kind === FRAME.ended) this.#ended.resolve();
  }

  /** The pty host is gone, and with it the terminal; what hung on to life is ended from here. */
  lost(clock: Clock): void {
    this.#fail("the process that holds the terminals has ended");
    this.#exit(undefined);
    void endMarked(this.#marker, clock).then(() => this.#ended.resolve());
  }

  #fail(reason: string): void {
    const sentence = `This host can open no terminals: ${reason.trimEnd().replace(/\.$/, "")}.`;
    this.#started.reject(new AppError("permission.denied", sentence));
    // Nobody waits any more for a terminal that started before it was lost.
    this.#started.promise.catch(() => {});
  }

  #exit(exitCode: number | undefined): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    if (this.#early) this.#early.push(() => this.#events.exited(exitCode));
    else this.#events.exited(exitCode);
  }
}
