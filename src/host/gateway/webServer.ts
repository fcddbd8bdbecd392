import { readFileSync, statSync } from "node:fs";
import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { SecureContextOptions } from "node:tls";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, toDisposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { systemReason } from "../systemReason.ts";
import type { ListenOptions } from "./listening.ts";

type Tls = NonNullable<ListenOptions["tls"]>;

const limits: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  // How often Node looks for those that take longer; half a minute unless told.
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
};
const certificateLookMs = 10_000;

export interface WebServer extends Disposable {
  readonly server: Server | TlsServer;
}

/**
 * An HTTP server that gives nobody much time, with TLS (1.2 or later) if there is a certificate. A renewed certificate is
 * taken within seconds; connections stay. Throws `request.invalid` for files that cannot be used.
 */
export function createWebServer(tls: Tls | undefined, ports: { clock: Clock; logger: Logger }): WebServer {
  if (!tls) return { server: createServer(limits), dispose: () => undefined };
  const server = openTlsServer(tls);
  let version = versionOf(tls);
  let timer: Disposable | undefined;
  const look = () => {
    timer = ports.clock.setTimeout(look, certificateLookMs);
    const present = versionOf(tls);
    if (present === version) return;
    version = present;
    try {
      server.setSecureContext(readPair(tls));
      ports.logger.info("the renewed certificate is in use");
    } catch (error) {
      ports.logger.error("the renewed certificate cannot be used; the former stays", { error: String(error) });
    }
  };
  timer = ports.clock.setTimeout(look, certificateLookMs);
  const stopped = toDisposable(() => timer?.dispose());
  return { server, dispose: () => stopped.dispose() };
}

function openTlsServer(tls: Tls): TlsServer {
  try {
    return createTlsServer({ ...limits, ...readPair(tls), handshakeTimeout: 5_000 });
  } catch (cause) {
    const { cert, key } = tls;
    const sentence = `The certificate ${cert} and its key ${key} cannot be used: ${systemReason(cause)}.`;
    throw new AppError("request.invalid", sentence, { cause });
  }
}

function readPair({ cert, key }: Tls): SecureContextOptions {
  return { cert: readFileSync(cert), key: readFileSync(key), minVersion: "TLSv1.2" };
}

function versionOf({ cert, key }: Tls): string {
  try {
    return [cert, key].map((file) => `${statSync(file).mtimeMs} ${statSync(file).size}`).join();
  } catch {
    return "";
  }
}
