import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What a WebSocket frame is made of (RFC 6455 section 5.2), each part free to be wrong. */
export interface RawFrame {
  /** 1 text, 2 binary, 8 close, 9 ping, 10 pong, 0 continuation. */
  readonly opcode: number;
  readonly payload?: Buffer | string;
  readonly fin?: boolean;
  /** The three reserved bits, as 4 | 2 | 1. */
  readonly reserved?: number;
  readonly isMasked?: boolean;
  /** Said instead of the payload's own length, in 7, 16 or 64 bits as told. */
  readonly length?: { readonly bits: 7 | 16 | 64; readonly value: bigint };
}

export function rawFrame({
  opcode,
  payload = "",
  fin = true,
  reserved = 0,
  isMasked = true,
  length,
}: RawFrame): Buffer {
  const data = Buffer.from(payload);
  const said = length ?? { bits: bitsFor(data.length), value: BigInt(data.length) };
  const head = Buffer.alloc(2 + (said.bits === 7 ? 0 : said.bits / 8));
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (said.bits === 7 ? Number(said.value) : said.bits === 16 ? 126 : 127);
  if (said.bits === 16) head.writeUInt16BE(Number(said.value), 2);
  if (said.bits === 64) head.writeBigUInt64BE(said.value, 2);
  if (!isMasked) return Buffer.concat([head, data]);
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  return Buffer.concat([head, mask, data.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

function bitsFor(length: number): 7 | 16 | 64 {
  return length < 126 ? 7 : length < 65_536 ? 16 : 64;
}

/** A TCP connection that says what it is told to, and keeps what it hears. */
export class RawSocket {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  #heard = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => (this.#heard = Buffer.concat([this.#heard, chunk])));
    this.closed = once(socket, "close");
  }

  static async open(port: number): Promise<RawSocket> {
    const socket = connect(port, "127.0.0.1");
    const raw = new RawSocket(socket);
    await once(socket, "connect");
    return raw;
  }

  /** All that was heard, byte for character. */
  get text(): string {
    return this.#heard.toString("latin1");
  }

  send(bytes: Buffer | string): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** The status line of an HTTP answer, once it is there. */
  async status(): Promise<number> {
    const line = await this.until(() => /^HTTP\/1\.1 (\d{3})/.exec(this.text)?.[1]);
    return Number(line);
  }

  /** Forgets what was heard so far. */
  forget(): void {
    this.#heard = Buffer.alloc(0);
  }

  /** The code with which the other side closed; undefined when it only broke off. */
  async closeCode(): Promise<number | undefined> {
    await this.closed;
    const afterUpgrade = this.text.startsWith("HTTP/") ? this.text.indexOf("\r\n\r\n") + 4 : 0;
    for (let at = afterUpgrade; at + 2 <= this.#heard.length;) {
      const short = (this.#heard[at + 1] ?? 0) & 0x7f;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      const length = short < 126 ? short : this.#heard.readUInt16BE(at + 2);
      if (((this.#heard[at] ?? 0) & 0x0f) === 8) return length >= 2 ? this.#heard.readUInt16BE(start) : undefined;
      at = start + length;
    }
    return undefined;
  }

  /** Resolves with the first answer that is not undefined; rejects when the connection ends before. */
  async until<T>(read: () => T | undefined): Promise<T> {
    for (;;) {
      const value = read();
      if (value !== undefined) return value;
      if (this.socket.destroyed) throw new Error(`The connection ended after ${JSON.stringify(this.text)}`);
      await Promise.race([once(this.socket, "data").catch(() => undefined), this.closed]);
    }
  }

  end(): void {
    this.socket.destroy();
  }
}
