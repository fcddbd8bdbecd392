import type { ConnectionOptions } from "node:tls";
import { AppError } from "../../base/appError.ts";
import type { Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { Dial } from "../../client/connection.ts";
import { pinned, readCertificate } from "./certificate.ts";
import { dialWebSocket } from "./wsTransport.ts";

export interface HostDialOptions {
  readonly url: string;
  /** As it is stored at each attempt, so that a renewed one counts at once. */
  readonly token: () => Promise<string | undefined>;
  /** Fingerprint of the one certificate that is trusted; `undefined` for what this machine trusts. */
  readonly certificate?: string | undefined;
  readonly logger: Logger;
  readonly open?: typeof dialWebSocket;
  readonly readCertificate?: typeof readCertificate;
}

/**
 * How a host is dialled. The token goes into a header. VS Code's agent host knows it only as the parameter `tkn` of the
 * address: it refuses the header with 403, and so does any host that the token is wrong for; then the parameter is tried,
 * once. What a host took is tried first the next time.
 */
export function hostDial(options: HostDialOptions): Dial {
  const { url, token, logger, open = dialWebSocket } = options;
  const trustOf = pinnedTrust(options);
  let takesParameter = false;
  return async (attempt) => {
    const secret = await token();
    const trust = await trustOf(attempt);
    const dial = (asParameter: boolean) =>
      asParameter && secret !== undefined
        ? open(withParameter(url, secret), undefined, attempt, logger, trust)
        : open(url, secret, attempt, logger, trust);
    try {
      return await dial(takesParameter);
    } catch (error) {
      if (secret === undefined || !isForbidden(error)) throw error;
      const transport = await dial(!takesParameter);
      takesParameter = !takesParameter;
      return transport;
    }
  };
}

/** The setting holds only the fingerprint: the certificate is the host's to show, and is read once. */
function pinnedTrust({ url, certificate, readCertificate: read = readCertificate }: HostDialOptions) {
  let trust: ConnectionOptions | undefined;
  return async (attempt: Disposables): Promise<ConnectionOptions> => {
    if (certificate === undefined || !url.startsWith("wss:")) return {};
    if (trust !== undefined) return trust;
    const shown = await read(url, attempt);
    if (shown.fingerprint !== certificate) {
      throw new AppError(
        "host.untrustedCertificate",
        "{0} shows another certificate than the one that you trusted. If whoever runs it has renewed it, edit the host and compare the fingerprints.",
        { values: [new URL(url).host] },
      );
    }
    trust = pinned(shown);
    return trust;
  };
}

function isForbidden(error: unknown): boolean {
  return AppError.is(error, "host.unauthorized") && error.details["status"] === 403;
}

function withParameter(url: string, token: string): string {
  const address = new URL(url);
  address.searchParams.set("tkn", token);
  return address.href;
}
