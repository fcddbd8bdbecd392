import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import type { Lifetime } from "./vscode/lifetime.ts";

/** One message that passed, with the direction that it had. */
export interface TappedFrame {
  readonly from: "client" | "host";
  /** Counts the connections from 1. */
  readonly connection: number;
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A door in front of a host that keeps a copy of everything that passes. */
export interface FrameTap {
  readonly port: number;
  readonly frames: readonly TappedFrame[];
  /** Requests that the host answered with an error, and actions that it rejected. */
  refusals(): { readonly what: string; readonly why: string }[];
}

/**
 * Listens on loopback and connects each client to `hostPort`, with the query that the client came with. A client is let
 * in only when the host is there, as if the host itself had refused it.
 */
export async function startFrameTap(lifetime: Lifetime, hostPort: number): Promise<FrameTap> {
  const frames: TappedFrame[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  let connections = 0;
  server.on("upgrade", (request, socket, head) => {
    const host = new WebSocket(`ws://127.0.0.1:${hostPort}${request.url ?? "/"}`, { perMessageDeflate: false });
    host.on("error", () => socket.destroy());
    host.on("open", () => {
      sockets.handleUpgrade(request, socket, head, (client) => {
        const connection = ++connections;
        const pass = (from: TappedFrame["from"], to: WebSocket) => (data: Buffer) => {
          const text = data.toString("utf8");
          frames.push({ from, connection, ...JSON.parse(text) });
          to.send(text);
        };
        client.on("message", pass("client", host));
        host.on("message", pass("host", client));
        client.on("error", () => undefined);
        host.on("close", () => client.terminate());
        client.on("close", () => host.terminate());
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  lifetime.defer(async () => {
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The tap has no port.");
  return { port: address.port, frames, refusals: () => refusalsIn(frames) };
}

function refusalsIn(frames: readonly TappedFrame[]): { what: string; why: string }[] {
  const asked = new Map<string, string>();
  const refused: { what: string; why: string }[] = [];
  for (const frame of frames) {
    const key = `${frame.connection}:${frame.id}`;
    if (frame.from === "client" && frame.id !== undefined && frame.method !== undefined) asked.set(key, frame.method);
    if (frame.from !== "host") continue;
    if (frame.error) refused.push({ what: asked.get(key) ?? "?", why: `${frame.error.code} ${frame.error.message}` });
    const { action, rejectionReason } = frame.params ?? {};
    if (typeof rejectionReason === "string") {
      refused.push({ what: (action as { type: string }).type, why: rejectionReason });
    }
  }
  return refused;
}
