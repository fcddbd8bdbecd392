import { connect, type ConnectionOptions, type DetailedPeerCertificate } from "node:tls";
import { AppError } from "../../base/appError.ts";
import { type Disposables, toDisposable } from "../../base/disposables.ts";

/** What a host shows to prove who it is. Every text in it is the host's own word. */
export interface HostCertificate {
  /** SHA-256 of it, as `AB:CD:…`: nobody can make another one with the same. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  readonly validTo: string;
  readonly pem: string;
}

const handshakeTimeoutMs = 10_000;

/**
 * Reads the certificate that a `wss:` address shows, trusting nothing: no byte of ours is sent after the handshake.
 * Rejects with `host.unreachable`. `attempt` ends it.
 */
export async function readCertificate(url: string, attempt: Disposables): Promise<HostCertificate> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const isName = /[a-z]/i.test(host) && !host.includes(":");
  const { promise, resolve, reject } = Promise.withResolvers<HostCertificate>();
  const socket = connect({
    host,
    port: Number(port || 443),
    timeout: handshakeTimeoutMs,
    rejectUnauthorized: false,
    ...(isName && { servername: host }),
  });
  attempt.add(toDisposable(() => socket.destroy()));
  const fail = (cause?: unknown) => {
    const values = [new URL(url).host];
    const sentence = "{0} shows no certificate. Check the address and your network.";
    reject(new AppError("host.unreachable", sentence, { cause, values }));
  };
  socket.once("secureConnect", () => {
    const shown = socket.getPeerCertificate(true);
    if (Buffer.isBuffer(shown.raw)) resolve(toCertificate(shown));
    else fail();
  });
  socket.once("error", fail);
  socket.once("timeout", () => fail());
  socket.once("close", () => fail());
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/**
 * What makes TLS accept this very certificate and no other, whoever vouches for it and whatever name it was made for. The
 * connection is refused before anything is sent.
 */
export function pinned({ pem, fingerprint }: Pick<HostCertificate, "pem" | "fingerprint">): ConnectionOptions {
  return {
    ca: [pem],
    allowPartialTrustChain: true,
    checkServerIdentity: (_hostname, { fingerprint256 }) =>
      fingerprint256 === fingerprint ? undefined : new Error("Another certificate than the one that is trusted."),
  };
}

function toCertificate({ raw, fingerprint256, subject, issuer, valid_to }: DetailedPeerCertificate): HostCertificate {
  const lines = raw.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    fingerprint: fingerprint256,
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    validTo: valid_to,
    pem: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}

function nameOf(name: Readonly<Record<string, string | readonly string[] | undefined>> | undefined): string {
  const own = name?.["CN"] ?? name?.["O"] ?? "";
  return typeof own === "string" ? own : (own[0] ?? "");
}
