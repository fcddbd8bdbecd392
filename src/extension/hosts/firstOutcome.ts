import { AppError } from "../../base/appError.ts";
import type { ConnectionState } from "../../client/connectionState.ts";
import type { HostConnectionsView } from "./hosts.ts";

/** The error of the first attempt that ends, or nothing when the host is there. */
export async function firstOutcome(
  connections: Pick<HostConnectionsView, "get" | "onDidChange">,
  hostId: string,
): Promise<AppError | undefined> {
  const outcome = Promise.withResolvers<AppError | undefined>();
  const look = () => {
    const state: ConnectionState | undefined = connections.get(hostId)?.state;
    if (state === undefined) outcome.resolve(new AppError("cancelled", "The host was removed."));
    else if (state.kind === "live") outcome.resolve(undefined);
    else if (state.kind === "waiting" || state.kind === "refused") outcome.resolve(state.error);
  };
  const listening = connections.onDidChange(look);
  try {
    look();
    return await outcome.promise;
  } finally {
    listening.dispose();
  }
}
