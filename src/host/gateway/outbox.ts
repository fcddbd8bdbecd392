import type { Duplex } from "node:stream";

/**
 * What waits to be sent on one socket. Frames pushed in one go leave in one write. The queue is bounded: a reader that
 * does not keep up is cut off, and comes back to a replay or a snapshot instead of making the host hold its backlog.
 */
export class Outbox {
  readonly #socket: Duplex;
  readonly #maxQueuedBytes: number;
  readonly #onOverflow: () => void;
  #frames: Buffer[] = [];
  /** Size of the largest message since the socket last had none. */
  #largestBytes = 0;
  #isScheduled = false;
  #isClosed = false;

  /** `onOverflow` fires at most once; nothing is sent after it. */
  constructor(socket: Duplex, options: { readonly maxQueuedBytes: number; readonly onOverflow: () => void }) {
    this.#socket = socket;
    this.#maxQueuedBytes = options.maxQueuedBytes;
    this.#onOverflow = options.onOverflow;
  }

  /** Bytes that the socket has taken and its reader has not. */
  get queuedBytes(): number {
    return this.#isClosed ? 0 : this.#socket.writableLength;
  }

  push(frame: Buffer): void {
    if (this.#isClosed) return;
    this.#frames.push(frame);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.#isScheduled = false;
    if (this.#isClosed || this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    // Checked before, not after: one message larger than the limit must still reach a reader that keeps up. And what
    // follows it must not cut that reader off, who would come back to the same large message for ever.
    const queuedBytes = this.#socket.writableLength;
    if (queuedBytes === 0) this.#largestBytes = 0;
    if (queuedBytes > this.#maxQueuedBytes + this.#largestBytes) {
      this.close();
      this.#onOverflow();
      return;
    }
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    for (const frame of frames) {
      this.#largestBytes = Math.max(this.#largestBytes, frame.length);
      this.#socket.write(frame);
    }
    this.#socket.uncork();
  }

  close(): void {
    this.#isClosed = true;
    this.#frames = [];
  }
}
