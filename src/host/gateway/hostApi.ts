import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";

/** Who asks: always from the token and the connection, never from what a message says. */
export interface Caller {
  readonly principal: string;
  /** For this client `disposeSession` puts a session with a history into the archive first. */
  readonly archivesFirst: boolean;
}

/**
 * What the gateway asks of the rest of the host. Each throws `AppError` or `RpcError` to refuse. An answer is sent once
 * everything that the call changed is durable.
 */
export interface HostApi {
  listSessions(params: ParamsOf<"listSessions">): ResultOf<"listSessions">;
  createSession(params: ParamsOf<"createSession">, caller: Caller): Promise<void>;
  disposeSession(params: ParamsOf<"disposeSession">, caller: Caller): Promise<void>;
  resolveSessionConfig(params: ParamsOf<"resolveSessionConfig">): ResultOf<"resolveSessionConfig">;
  resourceRead(params: ParamsOf<"resourceRead">): Promise<ResultOf<"resourceRead">>;
  invokeChangesetOperation(
    params: ParamsOf<"invokeChangesetOperation">,
    caller: Caller,
  ): Promise<ResultOf<"invokeChangesetOperation">>;
  authenticate(params: ParamsOf<"authenticate">, caller: Caller): void;
}
