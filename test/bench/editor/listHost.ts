import { WebSocketServer } from "ws";
import { ROOT_URI } from "../../../src/protocol/uris.ts";
import { manySessions } from "../wire/manySessions.ts";
import { MemoryHost } from "../wire/memoryHost.ts";

export interface ListHost {
  readonly url: string;
  readonly titles: readonly string[];
  /** Tells of more lines in the session's changes: how many there are then, and when that was sent, ms since the epoch. */
  update(session: number): { readonly adds: number; readonly sentAt: number };
  close(): void;
}

/** A host that lists so many sessions and says what it is told to, over a real WebSocket; one reader at a time. */
export async function startListHost(count: number): Promise<ListHost> {
  const sessions = manySessions(count);
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise<void>((resolve) => server.once("listening", resolve));
  let reader: MemoryHost | undefined;
  server.on("connection", (socket) => {
    const host = new MemoryHost(sessions);
    reader = host;
    host.onMessage((frame) => socket.send(frame));
    socket.on("message", (data: Buffer) => host.send(data.toString("utf8")));
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  // Beyond what the sessions have at first.
  let updates = 1_000;
  return {
    url: `ws://127.0.0.1:${port}`,
    titles: sessions.map(({ title }) => title),
    update(session) {
      const summary = sessions[session];
      if (summary === undefined || reader === undefined) throw new Error("Nobody is there to be told.");
      updates++;
      // The time of its last change stays, and with it its place: who moves out of sight is not drawn.
      const changes = { changes: { additions: updates, deletions: 1, files: 3 } };
      const params = { channel: ROOT_URI, session: summary.resource, changes };
      const sentAt = Date.now();
      reader.say(JSON.stringify({ jsonrpc: "2.0", method: "root/sessionSummaryChanged", params }));
      return { adds: updates, sentAt };
    },
    close: () => {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
