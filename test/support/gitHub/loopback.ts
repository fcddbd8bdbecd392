import type { Server } from "node:http";

/** On a free port. */
export async function listenOnLoopback(server: Server): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}

/** `127.0.0.1:PORT`. */
export function hostOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The GitHub server is not listening");
  return `127.0.0.1:${address.port}`;
}

export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
