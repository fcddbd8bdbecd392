/**
 * What the host and its pty host tell each other over one socket: frames of `length of the payload (4 bytes, big endian),
 * kind (1), terminal (4), payload`. The host sends the first group, the pty host the second.
 */
export const FRAME = {
  /** JSON: `PtyRequest`. Answered by `started` or `failed`. */
  spawn: 1,
  /** The text as UTF-8. */
  input: 2,
  /** JSON: `PtySize`. */
  resize: 3,
  /** 4 bytes, big endian: how many more bytes of output the host has dealt with. */
  acknowledge: 4,
  /** Answered by `ended`, after which the terminal's number means nothing. */
  end: 5,

  started: 16,
  /** A sentence. */
  failed: 17,
  /** Bytes of output. */
  data: 18,
  /** JSON: `{ exitCode? }`. */
  exited: 19,
  ended: 20,
} as const;

export interface Frame {
  readonly kind: number;
  readonly terminal: number;
  readonly payload: Buffer;
}

const headerLength = 9;
const none = Buffer.alloc(0);

export function encodeFrame(kind: number, terminal: number, payload: Buffer = none): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame[4] = kind;
  frame.writeUInt32BE(terminal, 5);
  payload.copy(frame, headerLength);
  return frame;
}

export function encodeJsonFrame(kind: number, terminal: number, value: unknown): Buffer {
  return encodeFrame(kind, terminal, Buffer.from(JSON.stringify(value)));
}

/** Puts frames together again from pieces of any size. */
export class FrameReader {
  #rest: Buffer = none;

  /** The frames that are complete with this piece. Their payloads share its memory. */
  read(piece: Buffer): Frame[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const frames: Frame[] = [];
    let at = 0;
    while (bytes.length - at >= headerLength) {
      const end = at + headerLength + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      const payload = bytes.subarray(at + headerLength, end);
      frames.push({ kind: bytes[at + 4] ?? 0, terminal: bytes.readUInt32BE(at + 5), payload });
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return frames;
  }
}
