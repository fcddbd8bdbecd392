import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * A TCP connection to a server on loopback that a test can cut, at any byte, without either end closing it, and on which bytes
 * may take as long as on a real one.
 */
export class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isPlugged = true;

  /** @param delayMs how long the next piece is on its way; none overtakes another */
  private constructor(target: number, delayMs: (() => number) | undefined) {
    this.#server = createServer((near) => {
      if (!this.#isPlugged) {
        near.destroy();
        return;
      }
      const far = connect(target, "127.0.0.1");
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        if (delayMs) carrySlowly(socket, other, delayMs);
        else socket.pipe(other);
      }
    });
  }

  /** Its near end is on a port of its own, or with `address`, such as 127.0.0.2, on the same port of that. */
  static async to(
    target: number,
    { delayMs, address }: { readonly delayMs?: () => number; readonly address?: string } = {},
  ): Promise<Cable> {
    const cable = new Cable(target, delayMs);
    const [port, host] = address === undefined ? [0, "127.0.0.1"] : [target, address];
    await new Promise<void>((resolve) => cable.#server.listen(port, host, resolve));
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks what is connected; whoever connects again gets through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks what is connected and everything that is tried until `plug`. */
  unplug(): void {
    this.#isPlugged = false;
    this.cut();
  }

  plug(): void {
    this.#isPlugged = true;
  }

  async dispose(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function carrySlowly(from: Socket, to: Socket, delayMs: () => number): void {
  let dueAt = 0;
  from.on("data", (piece) => {
    const now = performance.now();
    dueAt = Math.max(dueAt, now + delayMs());
    setTimeout(() => to.write(piece), dueAt - now);
  });
}
