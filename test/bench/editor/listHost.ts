import { WebSocketServer } from "ws";
import { manySessions, summaryChanged } from "../wire/manySessions.ts";
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
      // Every eighth would change the state and with it the place: here only the words of the row change.
      updates += updates % 8 === 7 ? 2 : 1;
      const sentAt = Date.now();
      reader.say(summaryChanged(summary, updates));
      return { adds: updates, sentAt };
    },
    close: () => {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
