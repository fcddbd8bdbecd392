import { AppError } from "../../base/appError.ts";
import type { Client } from "../../client/client.ts";

/**
 * Connects once, to learn whether that works, and ends the client. `undefined` when it does; else why not. Ended early it
 * is `cancelled`.
 */
export async function tryHost(client: Client, signal: AbortSignal): Promise<AppError | undefined> {
  const outcome = Promise.withResolvers<AppError | undefined>();
  const look = () => {
    const { state } = client;
    if (state.kind === "live") outcome.resolve(undefined);
    else if (state.kind === "waiting" || state.kind === "refused") outcome.resolve(state.error);
  };
  const cancel = () => outcome.resolve(new AppError("cancelled", "You cancelled it. Nothing was changed."));
  const listening = client.onDidChangeState(look);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    if (signal.aborted) cancel();
    else client.connect();
    return await outcome.promise;
  } finally {
    signal.removeEventListener("abort", cancel);
    listening.dispose();
    client.dispose();
  }
}
