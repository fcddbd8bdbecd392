import { silentLogger } from "../../../src/base/logger.ts";
import { AhpClient } from "../../../src/client/ahpClient.ts";
import type { ChannelHandle } from "../../../src/client/client.ts";
import { dialWebSocket } from "../../../src/extension/hosts/wsTransport.ts";
import type { Transport } from "../../../src/protocol/jsonrpc.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { StallWatch } from "../stall.ts";

/** The channels of one session. */
export interface SessionUris {
  readonly session: string;
  readonly chat: string;
  readonly changeset: string;
  readonly terminal: string;
}

/** How a client came back. */
export interface Return {
  /** Until the conversation could be read, and until everything was as it is on the host. */
  readonly readableMs: number;
  readonly completeMs: number;
  /** Characters. */
  readonly received: number;
  /** The longest stretch of CPU for a message. */
  readonly stallMs: number;
}

/** The product's own client and transport, which followed a session and lost its connection. */
export class AwayClient {
  readonly #client: AhpClient;
  readonly #handles: readonly ChannelHandle<unknown>[];
  readonly #stalls = new StallWatch();
  #transport: Transport | undefined;
  #received = 0;

  private constructor(url: string, clientId: string, uris: SessionUris, turns: number | undefined) {
    this.#client = new AhpClient({
      dial: async (attempt) => {
        const transport = await dialWebSocket(url, undefined, attempt, silentLogger);
        transport.onMessage((text) => {
          this.#received += text.length;
          this.#stalls.message();
        });
        this.#transport = transport;
        return transport;
      },
      clientId,
      clientInfo: { name: "bench" },
      // Nothing is tried again by itself.
      clock: new FakeClock(),
      random: () => 0.5,
      logger: silentLogger,
    });
    this.#handles = [
      this.#client.subscribe("chat", uris.chat, turns === undefined ? {} : { turns }),
      this.#client.subscribe("session", uris.session),
      this.#client.subscribe("changeset", uris.changeset),
      this.#client.subscribe("terminal", uris.terminal),
    ];
  }

  /** `turns`: how many of the latest turns it looks at; all of them otherwise. */
  static async leave(url: string, clientId: string, uris: SessionUris, turns?: number): Promise<AwayClient> {
    const client = new AwayClient(url, clientId, uris, turns);
    client.#client.connect();
    await Promise.all(client.#handles.map((handle) => inStatus(handle, "live")));
    client.#transport?.close();
    await Promise.all(client.#handles.map((handle) => inStatus(handle, "stale")));
    return client;
  }

  /** Once. The client is gone afterwards. */
  async comeBack(): Promise<Return> {
    this.#received = 0;
    const startedAt = performance.now();
    const [chat, ...others] = this.#handles.map((handle) => inStatus(handle, "live"));
    this.#client.connect();
    await chat;
    const readableMs = performance.now() - startedAt;
    await Promise.all(others);
    const completeMs = performance.now() - startedAt;
    // What the last message started ends with the turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    this.dispose();
    return { readableMs, completeMs, received: this.#received, stallMs: this.#stalls.longestMs };
  }

  dispose(): void {
    this.#client.dispose();
  }
}

function inStatus(handle: ChannelHandle<unknown>, status: "live" | "stale"): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => handle.status === status && resolve();
  const listening = handle.onDidChange(look);
  look();
  return promise.then(() => listening.dispose());
}
