import { RawAhp } from "../rawAhp.ts";
import { RawWebSocket } from "../rawWebSocket.ts";

/** The same thin reader of either side: it counts messages and reads the stamps in them. */
export interface Reader {
  onMessage: (payload: Buffer) => void;
  readonly bytes: number;
  close(): void;
}

export async function ourReaders(url: string, terminal: string, count: number): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (let index = 0; index < count; index++) {
    const client = await RawAhp.connect(url, `reader-${index}`);
    await client.request("subscribe", { channel: terminal });
    readers.push(client);
  }
  return readers;
}

export async function theirReaders(url: string, count: number): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (let index = 0; index < count; index++) readers.push(new BareReader(await RawWebSocket.open(url)));
  return readers;
}

class BareReader implements Reader {
  readonly #socket: RawWebSocket;

  constructor(socket: RawWebSocket) {
    this.#socket = socket;
  }

  set onMessage(listener: (payload: Buffer) => void) {
    this.#socket.onMessage = listener;
  }

  get bytes(): number {
    return this.#socket.bytes;
  }

  close(): void {
    this.#socket.close();
  }
}

/** Resolves when every reader has got so many stamped actions. `heard` is told the age of each, in ms. */
export async function untilAllHeard(
  readers: readonly Reader[],
  count: number,
  heard: (ageMs: number) => void = () => undefined,
): Promise<void> {
  await Promise.all(
    readers.map(
      (reader) =>
        new Promise<void>((resolve) => {
          let got = 0;
          reader.onMessage = (payload) => {
            const now = process.hrtime.bigint();
            for (const [, time = "0"] of payload.toString("latin1").matchAll(/@(\d+)@/g)) {
              got += 1;
              heard(Number(now - BigInt(time)) / 1e6);
            }
            if (got >= count) resolve();
          };
        }),
    ),
  );
}
