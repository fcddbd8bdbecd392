import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const text = 1;
const close = 8;
const ping = 9;

/**
 * The thinnest client of a text WebSocket on loopback: it finds where messages begin and end and decodes nothing, so
 * that what it costs is the same whoever is at the other end. `onMessage` gets the bytes of each text message.
 */
export class RawWebSocket {
  readonly #socket: Socket;
  #onMessage: (payload: Buffer) => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Bytes that the next complete message needs, as far as its header is known. */
  #needed = 2;
  #fragments: Buffer[] = [];
  /** Everything that came after the upgrade. */
  bytes = 0;
  messages = 0;

  private constructor(socket: Socket, onMessage: (payload: Buffer) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
  }

  static async open(url: string, onMessage: (payload: Buffer) => void = () => undefined): Promise<RawWebSocket> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    const upgrade = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ];
    socket.write(`${upgrade.join("\r\n")}\r\n\r\n`);
    const rest = await answerOf(socket);
    const client = new RawWebSocket(socket, onMessage);
    socket.on("data", (chunk) => client.#receive(chunk));
    if (rest.length > 0) client.#receive(rest);
    return client;
  }

  set onMessage(listener: (payload: Buffer) => void) {
    this.#onMessage = listener;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readable;
  }

  send(message: string): void {
    this.#socket.write(masked(text, Buffer.from(message)));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < this.#needed) return;
    let bytes = this.#waiting.length === 1 ? chunk : Buffer.concat(this.#waiting);
    for (;;) {
      this.#needed = sizeOf(bytes);
      if (bytes.length < this.#needed) break;
      this.#take(bytes.subarray(0, this.#needed));
      bytes = bytes.subarray(this.#needed);
    }
    this.#waiting = bytes.length > 0 ? [bytes] : [];
    this.#waitingBytes = bytes.length;
  }

  #take(frame: Buffer): void {
    const opcode = (frame[0] ?? 0) & 0x0f;
    const payload = frame.subarray(headerOf(frame));
    if (opcode === ping) this.#socket.write(masked(10, payload));
    if (opcode === close) this.#socket.end();
    if (opcode >= close) return;
    this.#fragments.push(payload);
    if (((frame[0] ?? 0) & 0x80) === 0) return;
    const message = this.#fragments.length === 1 ? payload : Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.messages += 1;
    this.#onMessage(message);
  }
}

/** What came after the head of a 101; rejects for every other answer. */
function answerOf(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const listen = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      socket.off("data", listen);
      if (head.subarray(0, 12).toString() === "HTTP/1.1 101") resolve(head.subarray(end + 4));
      else reject(new Error(`The upgrade was answered by ${head.subarray(0, end).toString()}`));
    };
    socket.on("data", listen);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("The connection was closed.")));
  });
}

function headerOf(bytes: Buffer): number {
  const length = (bytes[1] ?? 0) & 0x7f;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

/** Bytes of the frame that starts here, or of its header while that is not complete. */
function sizeOf(bytes: Buffer): number {
  if (bytes.length < 2) return 2;
  const header = headerOf(bytes);
  if (bytes.length < header) return header;
  if (header === 2) return 2 + ((bytes[1] ?? 0) & 0x7f);
  return header + (header === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)));
}

/** A client's frame. The mask is all zeros: it hides nothing on loopback, and costs nothing. */
function masked(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (length >= 65_536) header.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, payload]);
}
