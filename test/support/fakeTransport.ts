import { Emitter } from "../../src/base/emitter.ts";
import type { Transport } from "../../src/protocol/jsonrpc.ts";

function rethrow(error: unknown): void {
  throw error;
}

/**
 * One end of a connection in memory. Messages arrive in order, each in a microtask of its own like frames of one read;
 * after a drop nothing arrives any more, in either direction.
 */
export class FakeTransport implements Transport {
  readonly #message = new Emitter<string>(rethrow);
  readonly #closed = new Emitter<{ readonly code: number; readonly reason: string }>(rethrow);
  /** Everything this end has sent. */
  readonly sent: string[] = [];
  peer: FakeTransport | undefined;
  isOpen = true;
  /** Swallows what is sent from here on: the cable is cut and nobody knows. */
  isDeaf = false;

  static pair(): readonly [FakeTransport, FakeTransport] {
    const a = new FakeTransport();
    const b = new FakeTransport();
    a.peer = b;
    b.peer = a;
    return [a, b];
  }

  get onMessage() {
    return this.#message.event;
  }

  get onClose() {
    return this.#closed.event;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    this.sent.push(text);
    if (this.isDeaf) return;
    const to = this.peer;
    queueMicrotask(() => to?.receive(text));
  }

  /** What the other end has sent, or a test pretends it has. */
  receive(text: string): void {
    if (this.isOpen) this.#message.fire(text);
  }

  close(code = 1000, reason = ""): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const to = this.peer;
    queueMicrotask(() => to?.drop(code, reason));
  }

  /** The connection breaks as seen from this end; what was under way is lost. */
  drop(code = 1006, reason = ""): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#closed.fire({ code, reason });
    const to = this.peer;
    if (to?.isOpen) queueMicrotask(() => to.drop(code, reason));
  }
}
