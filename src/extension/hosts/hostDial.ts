import { AppError } from "../../base/appError.ts";
import type { Logger } from "../../base/logger.ts";
import type { Dial } from "../../client/connection.ts";
import { dialWebSocket } from "./wsTransport.ts";

export interface HostDialOptions {
  readonly url: string;
  /** As it is stored at each attempt, so that a renewed one counts at once. */
  readonly token: () => Promise<string | undefined>;
  readonly logger: Logger;
  readonly open?: typeof dialWebSocket;
}

/**
 * How a host is dialled. The token goes into a header. VS Code's agent host knows it only as the parameter `tkn` of the
 * address: it refuses the header with 403, and so does any host that the token is wrong for; then the parameter is tried,
 * once. What a host took is tried first the next time.
 */
export function hostDial({ url, token, logger, open = dialWebSocket }: HostDialOptions): Dial {
  let takesParameter = false;
  return async (attempt) => {
    const secret = await token();
    const dial = (asParameter: boolean) =>
      asParameter && secret !== undefined
        ? open(withParameter(url, secret), undefined, attempt, logger)
        : open(url, secret, attempt, logger);
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

function isForbidden(error: unknown): boolean {
  return AppError.is(error, "host.unauthorized") && error.details["status"] === 403;
}

function withParameter(url: string, token: string): string {
  const address = new URL(url);
  address.searchParams.set("tkn", token);
  return address.href;
}
