import { createServer } from "node:http";

/** Somebody on this machine who listens for requests that must not be made. */
export interface Canary {
  readonly origin: string;
  /** Addresses that were asked for. */
  readonly asked: readonly string[];
  close(): void;
}

export async function startCanary(): Promise<Canary> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(200, { "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store" }).end();
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The canary has no port.");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
