import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/** A TCP connection to a server on loopback that a test can cut, at any byte, without either end closing it. */
export class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isPlugged = true;

  private constructor(target: number) {
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
        socket.pipe(other);
      }
    });
  }

  static async to(target: number): Promise<Cable> {
    const cable = new Cable(target);
    await new Promise<void>((resolve) => cable.#server.listen(0, "127.0.0.1", resolve));
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
