import { createServer } from "node:net";
import { serve } from "../child.ts";
import { residentBytes } from "../measure.ts";

const server = createServer((socket) => socket.on("error", () => socket.destroy()).resume());

/** Bare TCP connections, in a process of their own. */
const calls = {
  async start() {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return { port: typeof address === "object" && address !== null ? address.port : 0 };
  },

  memory: residentBytes,
};

export type TcpCalls = typeof calls;

serve(calls);
