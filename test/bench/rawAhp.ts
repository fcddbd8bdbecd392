import { ROOT_URI } from "../../src/protocol/uris.ts";
import { RawWebSocket } from "./rawWebSocket.ts";

const answerId = /^\{"jsonrpc":"2\.0","id":(\d+)|"id":(\d+)[^{}]*\}$/;

/** AHP over the thinnest of clients: requests are answered, all else is handed on as it came. */
export class RawAhp {
  readonly #socket: RawWebSocket;
  readonly #pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  /** Gets the bytes of every message that is no answer. */
  onMessage: (payload: Buffer) => void = () => undefined;

  private constructor(socket: RawWebSocket) {
    this.#socket = socket;
    socket.onMessage = (payload) => this.#receive(payload);
  }

  static async open(url: string): Promise<RawAhp> {
    return new RawAhp(await RawWebSocket.open(url));
  }

  /** Opens and initializes. */
  static async connect(url: string, clientId: string, channels: readonly string[] = []): Promise<RawAhp> {
    const client = await RawAhp.open(url);
    await client.request("initialize", {
      channel: ROOT_URI,
      protocolVersions: ["0.9.0"],
      clientId,
      initialSubscriptions: channels,
    });
    return client;
  }

  get bytes(): number {
    return this.#socket.bytes;
  }

  get messages(): number {
    return this.#socket.messages;
  }

  request(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return promise;
  }

  notify(method: string, params: object): void {
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  close(): void {
    this.#socket.close();
  }

  #receive(payload: Buffer): void {
    if (this.#pending.size > 0) {
      const [, first, last] = answerId.exec(edgesOf(payload)) ?? [];
      const id = Number(first ?? last);
      const pending = this.#pending.get(id);
      if (pending !== undefined) return this.#settle(id, pending, JSON.parse(payload.toString()));
    }
    this.onMessage(payload);
  }

  #settle(
    id: number,
    { resolve, reject }: { resolve: (result: unknown) => void; reject: (error: Error) => void },
    message: { result?: unknown; error?: { message: string } },
  ): void {
    this.#pending.delete(id);
    if (message.error === undefined) resolve(message.result);
    else reject(new Error(message.error.message));
  }
}

/** Hosts write the id first or last. */
function edgesOf(payload: Buffer): string {
  return payload.length < 200
    ? payload.toString("latin1")
    : payload.toString("latin1", 0, 60) + payload.toString("latin1", payload.length - 60);
}
