import { createServer } from "node:net";
import { setImmediate as nextTick } from "node:timers/promises";
import { serve } from "../child.ts";

const server = createServer((socket) => socket.on("error", () => socket.destroy()).resume());

/** Bare TCP connections, in a process of their own. */
const calls = {
  async start() {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return { port: typeof address === "object" && address !== null ? address.port : 0 };
  },

  /** Resident memory after a collection, in bytes. */
  async memory() {
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      await nextTick();
    }
    return process.memoryUsage.rss();
  },
};

export type TcpCalls = typeof calls;

serve(calls);
