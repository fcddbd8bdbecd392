import type { Clock } from "../../../base/clock.ts";
import { TokenBucket } from "../../../base/tokenBucket.ts";

export interface LeftOut {
  /** Line ends in the text that was left out. */
  readonly lines: number;
  /** Of the messages that carried it. */
  readonly bytes: number;
}

export interface FlowLimits {
  /** Text that passes at once, then for each second, and in all of one turn; in bytes of the messages that carry it. */
  readonly burstBytes: number;
  readonly bytesPerSecond: number;
  readonly bytesPerTurn: number;
  /** What is read of an agent in a second. One that writes more waits in its own write. */
  readonly readBytesPerSecond: number;
  readonly messagesPerSecond: number;
  /** What is taken in of one turn; an agent that writes more is ended. */
  readonly takenBytesPerTurn: number;
}

const mebibyte = 1024 * 1024;
export const defaultFlow: FlowLimits = {
  burstBytes: mebibyte,
  bytesPerSecond: 64 * 1024,
  bytesPerTurn: 8 * mebibyte,
  readBytesPerSecond: 16 * mebibyte,
  messagesPerSecond: 2_000,
  takenBytesPerTurn: 256 * mebibyte,
};
/** What a record in the log costs besides its text. */
const leastBytes = 256;
const pauseMs = 50;
/** The end of what was left out is kept: what comes after a flood is worth more than its middle. */
const tailBytes = 32 * 1024;
const tailBytesPerTurn = 1024 * 1024;
const backslash = 0x5c;
const letterN = 0x6e;
const text = ['"agent_message_chunk"', '"agent_thought_chunk"'];
const isOver = ['"completed"', '"failed"'];

/**
 * Keeps an agent that floods from filling the log and from taking the host's time from others. Text beyond an allowance is
 * left out, all but its end, and counted before it is even parsed; the pipe is read no faster than the host can bear.
 * Everything else (questions, the calls of tools and their ends, answers) always passes.
 */
export class OutputFlow {
  readonly #clock: Clock;
  readonly #limits: FlowLimits;
  readonly #text: TokenBucket;
  readonly #read: TokenBucket;
  readonly #messages: TokenBucket;
  #isInTurn = false;
  #isFlooded = false;
  #textBytes = 0;
  #takenBytes = 0;
  #lines = 0;
  #bytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #toldTailBytes = 0;

  constructor(clock: Clock, limits: FlowLimits = defaultFlow) {
    this.#clock = clock;
    this.#limits = limits;
    this.#text = new TokenBucket(clock, limits.bytesPerSecond, limits.burstBytes);
    this.#read = new TokenBucket(clock, limits.readBytesPerSecond, limits.readBytesPerSecond / 4);
    this.#messages = new TokenBucket(clock, limits.messagesPerSecond, limits.messagesPerSecond * 2);
  }

  beginTurn(): void {
    this.#isInTurn = true;
    this.#isFlooded = false;
    this.#textBytes = 0;
    this.#takenBytes = 0;
    this.#toldTailBytes = 0;
  }

  endTurn(): void {
    this.#isInTurn = false;
    this.#countTail(0);
    this.takeLeftOut();
  }

  /** Is this message nothing but more text than anybody reads? It is counted then, and nobody needs to look at it. */
  leavesOut(message: Buffer): boolean {
    const cost = Math.max(leastBytes, message.length);
    if (!isText(message)) return false;
    // A history that is replayed: nobody wants it, and it is no flood.
    if (!this.#isInTurn) return true;
    const isUsedUp = this.#textBytes + cost > this.#limits.bytesPerTurn;
    // Some of the allowance is waited for, or every piece that passes would be followed by one that does not.
    const isOpen = this.#isFlooded ? this.#text.has(this.#limits.burstBytes / 4) : true;
    if (!isUsedUp && isOpen && this.#text.take(cost)) {
      this.#isFlooded = false;
      this.#textBytes += cost;
      this.#countTail(0);
      return false;
    }
    this.#isFlooded = true;
    this.#tail.push(message);
    this.#tailBytes += message.length;
    this.#countTail(tailBytes);
    return true;
  }

  /** Something else than text comes: the end of what was left out before it, to be taken in first. */
  takeTail(): readonly Buffer[] {
    if (this.#toldTailBytes >= tailBytesPerTurn) this.#countTail(0);
    this.#toldTailBytes += this.#tailBytes;
    const tail = this.#tail;
    this.#tail = [];
    this.#tailBytes = 0;
    return tail;
  }

  /** A message is taken in. False when the turn has brought more than any turn may. */
  takesIn(bytes: number): boolean {
    this.#takenBytes += bytes;
    return !this.#isInTurn || this.#takenBytes <= this.#limits.takenBytesPerTurn;
  }

  /** What was left out since the last time that this was asked. */
  takeLeftOut(): LeftOut | undefined {
    if (this.#bytes === 0) return undefined;
    const left = { lines: this.#lines, bytes: this.#bytes };
    this.#lines = 0;
    this.#bytes = 0;
    return left;
  }

  /** Resolves when so much more may be read: `messages` were taken in, of `bytes` in all. */
  async ready(bytes: number, messages: number): Promise<void> {
    while (!this.#read.take(Math.min(bytes, this.#limits.readBytesPerSecond / 4))) await this.#pause();
    while (!this.#messages.take(messages)) await this.#pause();
  }

  /** Counts what is not in the last `keptBytes`. */
  #countTail(keptBytes: number): void {
    while (this.#tailBytes > keptBytes) {
      const message = this.#tail.shift();
      if (message === undefined) return;
      this.#tailBytes -= message.length;
      this.#lines += lineEnds(message);
      this.#bytes += message.length;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#clock.setTimeout(resolve, pauseMs));
  }
}

/** "1,234,567 lines left out". */
export function leftOutInWords({ lines, bytes }: LeftOut): string {
  const [count, unit] = lines > 0 ? [lines, "line"] : [bytes, "byte"];
  return `… ${count.toLocaleString("en-US")} ${unit}${count === 1 ? "" : "s"} left out`;
}

/** Quotes inside of texts are escaped, so these can only be members of the message itself. */
function isText(message: Buffer): boolean {
  if (text.some((kind) => message.includes(kind))) return message.includes('"session/update"');
  return message.includes('"tool_call_update"') && !isOver.some((status) => message.includes(status));
}

/** Escaped line ends in JSON. */
function lineEnds(json: Buffer): number {
  let count = 0;
  for (let at = json.indexOf(backslash); at !== -1; at = json.indexOf(backslash, at + 2)) {
    if (json[at + 1] === letterN) count += 1;
  }
  return count;
}
