import { Emitter } from "../../../src/base/emitter.ts";
import type { Transport } from "../../../src/protocol/jsonrpc.ts";
import type { FakeClock } from "../../support/fakeClock.ts";
import type { Dice } from "../../support/dice.ts";

/** How a connection treats what it carries. */
export interface LinkNature {
  /** Milliseconds until the next message arrives; messages of one direction never overtake each other. */
  readonly delayMs: () => number;
  /** It breaks by itself when it has carried this many messages. */
  readonly diesAfter: number | undefined;
}

function rethrow(error: unknown): void {
  throw error;
}

/**
 * One connection between a client and a host in simulated time. A message takes its time, arrives in order or not at
 * all, and a break is noticed by each end in its own time, or never.
 */
export class SimLink {
  readonly #clock: FakeClock;
  readonly #dice: Dice;
  readonly #nature: LinkNature;
  readonly #toClient = new Emitter<string>(rethrow);
  readonly #clientClosed = new Emitter<{ readonly code: number; readonly reason: string }>(rethrow);
  /** What waits to be read by the client, the end of the connection too. */
  #unread: (() => void)[] = [];
  #isRead = true;
  #upAt = 0;
  #downAt = 0;
  #carried = 0;
  #clientIsOpen = true;
  #hostIsOpen = true;
  #upIsDead = false;
  #downIsDead = false;
  /** Set by the host that accepts the link. */
  onHostMessage: (text: string) => void = () => undefined;
  onHostClose: () => void = () => undefined;
  /** Everything that reached the client. */
  onDelivered: (text: string) => void = () => undefined;

  constructor(clock: FakeClock, dice: Dice, nature: LinkNature) {
    this.#clock = clock;
    this.#dice = dice;
    this.#nature = nature;
  }

  /** The client's end. */
  readonly transport: Transport = {
    send: (text) => this.#sendUp(text),
    onMessage: (listener) => this.#toClient.event(listener),
    onClose: (listener) => this.#clientClosed.event(listener),
    close: () => this.#closedByClient(),
  };

  get isOpen(): boolean {
    return this.#clientIsOpen && this.#hostIsOpen;
  }

  /** `onRead` runs when the client has taken the message off the wire; never, if that does not happen. */
  sendDown(text: string, onRead: () => void): void {
    if (!this.#hostIsOpen || this.#downIsDead) return;
    this.#arriveDown(() => {
      this.#carry();
      if (this.#downIsDead) return;
      this.onDelivered(text);
      this.#toClient.fire(text);
      onRead();
    });
  }

  /** The host ends the connection: what it has sent still arrives, and then the end. */
  closeFromHost(code: number): void {
    if (!this.#hostIsOpen) return;
    this.#hostIsOpen = false;
    this.#upIsDead = true;
    this.#arriveDown(() => this.#tellClient(code));
  }

  /** The host's process is gone: some of what it has sent may arrive. */
  crashFromHost(): void {
    if (!this.#hostIsOpen) return;
    if (this.#dice.chance(0.5)) return this.closeFromHost(1006);
    this.#hostIsOpen = false;
    this.#upIsDead = true;
    this.#downIsDead = true;
    this.#tellClient(1006);
  }

  /** The connection breaks: the client knows at once, the host when it does; what is under way upwards may still arrive. */
  cut(): void {
    if (this.#dice.chance(0.5)) this.#upIsDead = true;
    this.#downIsDead = true;
    this.#tellHostLater(this.#dice.pick([0, 0, 30, 2_000, 60_000]));
    this.#tellClient(1006);
  }

  /** Nobody is told, and nothing (or nothing one way) arrives any more. */
  freeze(): void {
    this.#downIsDead = true;
    this.#upIsDead ||= this.#dice.chance(0.5);
  }

  /** The client stops taking messages off the wire, or goes on. */
  setReading(isRead: boolean): void {
    this.#isRead = isRead;
    this.#read();
  }

  /** Both ends learn what they have not been told. */
  bury(): void {
    if (this.isOpen && !this.#upIsDead && !this.#downIsDead) return;
    this.#tellHost();
    this.#tellClient(1006);
  }

  #sendUp(text: string): void {
    if (!this.#clientIsOpen || this.#upIsDead) return;
    this.#upAt = Math.max(this.#upAt, this.#clock.now() + this.#nature.delayMs());
    this.#later(this.#upAt, () => {
      if (this.#upIsDead || !this.#hostIsOpen) return;
      this.#carry();
      this.onHostMessage(text);
    });
  }

  #arriveDown(read: () => void): void {
    this.#downAt = Math.max(this.#downAt, this.#clock.now() + this.#nature.delayMs());
    this.#later(this.#downAt, () => {
      if (this.#downIsDead || !this.#clientIsOpen) return;
      this.#unread.push(read);
      this.#read();
    });
  }

  #read(): void {
    while (this.#isRead && this.#clientIsOpen && !this.#downIsDead) {
      const next = this.#unread.shift();
      if (next === undefined) return;
      next();
    }
  }

  #carry(): void {
    this.#carried += 1;
    if (this.#carried === this.#nature.diesAfter) this.cut();
  }

  #closedByClient(): void {
    if (!this.#clientIsOpen) return;
    this.#clientIsOpen = false;
    this.#downIsDead = true;
    this.#tellHostLater(this.#nature.delayMs());
  }

  #tellClient(code: number): void {
    if (!this.#clientIsOpen) return;
    this.#clientIsOpen = false;
    this.#unread = [];
    this.#clientClosed.fire({ code, reason: "" });
  }

  /** After what is still under way to it. */
  #tellHostLater(ms: number): void {
    this.#upAt = Math.max(this.#upAt, this.#clock.now() + ms);
    this.#later(this.#upAt, () => this.#tellHost());
  }

  #tellHost(): void {
    if (!this.#hostIsOpen) return;
    this.#hostIsOpen = false;
    this.onHostClose();
  }

  #later(at: number, run: () => void): void {
    this.#clock.setTimeout(run, at - this.#clock.now());
  }
}
