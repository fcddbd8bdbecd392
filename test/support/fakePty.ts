import type { AppError } from "../../src/base/appError.ts";
import type { Pty, PtyEvents, PtyRequest, PtySize, PtySpawner } from "../../src/host/terminals/pty.ts";

/** A pseudo-terminal without an operating system: the test says what its program writes and when it ends. */
export class FakePty implements Pty {
  readonly request: PtyRequest;
  readonly written: string[] = [];
  readonly sizes: PtySize[] = [];
  /** Bytes that it printed and nobody has acknowledged. */
  unacknowledged = 0;
  isEnded = false;
  readonly #events: PtyEvents;

  constructor(request: PtyRequest, events: PtyEvents) {
    this.request = request;
    this.#events = events;
  }

  print(output: string | Buffer): void {
    const bytes = Buffer.from(output);
    this.unacknowledged += bytes.length;
    this.#events.data(bytes);
  }

  exit(exitCode?: number): void {
    this.#events.exited(exitCode);
  }

  write(text: string): void {
    this.written.push(text);
  }

  resize({ cols, rows }: PtySize): void {
    this.sizes.push({ cols, rows });
  }

  acknowledge(bytes: number): void {
    this.unacknowledged -= bytes;
  }

  async end(): Promise<void> {
    if (this.isEnded) return;
    this.isEnded = true;
    this.exit(129);
  }
}

export class FakePtySpawner implements PtySpawner {
  readonly ptys: FakePty[] = [];
  /** Why none can be opened. */
  failure: AppError | undefined;

  async spawn(request: PtyRequest, events: PtyEvents): Promise<Pty> {
    if (this.failure) throw this.failure;
    const pty = new FakePty(request, events);
    this.ptys.push(pty);
    return pty;
  }

  get last(): FakePty {
    const pty = this.ptys.at(-1);
    if (!pty) throw new Error("No terminal was opened");
    return pty;
  }
}
