import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { AppError } from "../../base/appError.ts";

/** Where the host listens, and what protects it there. */
export interface ListenOptions {
  /** Name or address. Beyond loopback only with `tls` or `behindProxy`. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Files with the certificate (and its chain) and its key, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** A proxy in front encrypts and names the client in `X-Forwarded-For`. */
  readonly behindProxy?: boolean | undefined;
  /** By which clients reach the host from elsewhere. */
  readonly names?: readonly string[] | undefined;
}

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);
const everywhere = new Set(["0.0.0.0", "::"]);

/** Throws `request.invalid` where what is said could be read or answered by others. */
export function checkListening({ host, tls, behindProxy = false, names = [] }: ListenOptions): void {
  if (loopback.has(host)) return;
  if (!tls && !behindProxy) {
    throw new AppError(
      "request.invalid",
      `Without TLS the host listens on loopback only, not on ${host}. Give it a certificate with --tls-cert and --tls-key, use an SSH tunnel, or put a TLS proxy in front and say so with --behind-proxy.`,
    );
  }
  if (everywhere.has(host) && names.length === 0) {
    throw new AppError(
      "request.invalid",
      `The host is to listen on ${host}. Say under gateway.names by which names clients reach it: requests for any other name are refused.`,
    );
  }
}

/** Why a port can't be listened on: `conflict` when it is taken, `request.invalid` where another one, or address, is needed. */
export function listenFailure(error: Error, host: string, port: number): AppError {
  const code = "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return new AppError("conflict", `Port ${port} is in use. Choose another with --port.`, { cause: error });
    case "EACCES":
      return new AppError(
        "request.invalid",
        `This account may not listen on port ${port}. Choose one from 1024 on with --port.`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new AppError("request.invalid", `${host} is no address of this machine. Correct --host.`, {
        cause: error,
      });
    default:
      return new AppError("internal", `The host can't listen on ${host}, port ${port}: ${error.message}.`, {
        cause: error,
      });
  }
}

/** What the Host header may say: exact names, in lower case, with the port unless it is the usual one. */
export function hostHeaders({ host, tls, behindProxy = false, names = [] }: ListenOptions, port: number): string[] {
  const own = ["127.0.0.1", "localhost", "::1", ...(everywhere.has(host) ? [] : [host])];
  const usual = behindProxy ? [80, 443] : [tls ? 443 : 80];
  const withPort = [...own, ...names].map((name) => `${bracketed(name)}:${port}`);
  // The port that clients of a proxy name is the proxy's.
  const without = (behindProxy || usual.includes(port) ? [...own, ...names] : []).map(bracketed);
  const ofProxy = behindProxy ? names.map((name) => `${bracketed(name)}:443`) : [];
  return Array.from(new Set([...withPort, ...without, ...ofProxy].map((name) => name.toLowerCase())));
}

/** Behind a proxy its own word counts, which is the last: those before it are the client's. */
export function addressOf({ socket, headers }: IncomingMessage, behindProxy: boolean): string {
  const forwarded = headers["x-forwarded-for"];
  const told = behindProxy ? [forwarded ?? []].flat().join(",").split(",").at(-1)?.trim() : undefined;
  return told || (socket.remoteAddress ?? "");
}

function bracketed(name: string): string {
  return isIPv6(name) ? `[${name}]` : name;
}
