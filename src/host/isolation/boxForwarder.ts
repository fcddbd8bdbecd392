/**
 * Runs inside a box, which has a loopback of its own and no other network. Listens there for the proxy's clients and
 * passes their bytes to the host's proxy, whose unix socket the box sees; and for the host's ports that the configuration
 * lends to the box, each through a tunnel of that proxy. Knows nothing of what is allowed: that is the host's to say.
 *
 *     boxForwarder <socket> <proxyPort> [<hostPort>...]     prints a line when it listens
 */
import { writeSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";

const [socketPath = "", proxyPort = "", ...hostPorts] = process.argv.slice(2);

function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream);
  upstream.pipe(client);
}

function dial(client: Socket): Socket {
  const upstream = connect(socketPath);
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    socket.on("error", () => socket.destroy());
    socket.once("close", () => other.destroy());
  }
  return upstream;
}

/** The tunnel's answer ends with an empty line; what follows it is the server's. */
function tunnel(client: Socket, port: string): void {
  const upstream = dial(client);
  upstream.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  let head = Buffer.alloc(0);
  const take = (piece: Buffer) => {
    head = Buffer.concat([head, piece]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    upstream.off("data", take);
    if (!head.toString("latin1").startsWith("HTTP/1.1 200 ")) {
      client.destroy();
      return;
    }
    client.write(head.subarray(end + 4));
    join(client, upstream);
  };
  upstream.on("data", take);
}

async function listen(port: string, onClient: (client: Socket) => void): Promise<void> {
  const server = createServer(onClient);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(Number(port), "127.0.0.1", resolve);
  });
}

// The programs of the box are told to end; the way out stays open for their last words, and ends with the box.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
await listen(proxyPort, (client) => join(client, dial(client)));
for (const port of hostPorts) await listen(port, (client) => tunnel(client, port));
writeSync(1, "ready\n");
