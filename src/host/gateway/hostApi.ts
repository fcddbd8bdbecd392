import type { Role } from "../access/rights.ts";
import type { Viewer } from "../access/sight.ts";
import type { SessionScope } from "../access/tokenFile.ts";
import type { FleetMethodName } from "../../protocol/fleetMethods.ts";
import type { MethodName, ParamsOf, ResultOf, SessionSummary } from "../../protocol/methods.ts";

/** Who asks: always from the token and the connection, never from what a message says. */
export interface Caller {
  /** The user that the token names. */
  readonly principal: string;
  readonly role: Role;
  /** Whose sessions there are for this caller: the user's, or everybody's. */
  readonly sessions: SessionScope;
  readonly clientId: string;
  /** For this client `disposeSession` puts a session with a history into the archive first. */
  readonly archivesFirst: boolean;
  /** This client makes sessions before their first message and changes their configuration until then. */
  readonly makesDrafts: boolean;
}

/** What an editor asks before there is a session. */
export interface FormsApi {
  resolveSessionConfig(params: ParamsOf<"resolveSessionConfig">, caller?: Viewer): ResultOf<"resolveSessionConfig">;
  sessionConfigCompletions(
    params: ParamsOf<"sessionConfigCompletions">,
    caller?: Viewer,
  ): ResultOf<"sessionConfigCompletions">;
}

export interface FilesApi {
  resourceRead(params: ParamsOf<"resourceRead">): Promise<ResultOf<"resourceRead">>;
  resourceList(params: ParamsOf<"resourceList">, caller: Viewer): ResultOf<"resourceList">;
  resourceResolve(params: ParamsOf<"resourceResolve">, caller: Viewer): ResultOf<"resourceResolve">;
}

/**
 * What the gateway asks of the rest of the host. Each throws `AppError` or `RpcError` to refuse. An answer is sent once
 * everything that the call changed is durable.
 */
export interface HostApi {
  readonly forms: FormsApi;
  readonly files: FilesApi;
  /** Before anything is asked: brings into memory the sessions that the params name. */
  recall(params: unknown): Promise<void>;
  /** The sessions whose summary changed in the last `withinMs` milliseconds, the latest first. */
  recentSessions(withinMs: number, caller: Caller): readonly SessionSummary[];
  listSessions(params: ParamsOf<"listSessions">, caller: Caller): ResultOf<"listSessions">;
  createSession(params: ParamsOf<"createSession">, caller: Caller): Promise<void>;
  disposeSession(params: ParamsOf<"disposeSession">, caller: Caller): Promise<void>;
  invokeChangesetOperation(
    params: ParamsOf<"invokeChangesetOperation">,
    caller: Caller,
  ): Promise<ResultOf<"invokeChangesetOperation">>;
  createTerminal(params: ParamsOf<"createTerminal">, caller: Caller): Promise<void>;
  disposeTerminal(params: ParamsOf<"disposeTerminal">): Promise<void>;
  /** What a message to a chat may go on with. */
  completions(params: ParamsOf<"completions">): ResultOf<"completions">;
  authenticate(params: ParamsOf<"authenticate">, caller: Caller): void;
}

/** Answers one method. Throws `AppError` or `RpcError` to refuse. */
export type Handler<M extends MethodName> = (params: ParamsOf<M>, caller: Caller) => ResultOf<M> | Promise<ResultOf<M>>;

/** What answers the `x-fleet/...` methods, one handler each; services.ts puts it together from the parts of the host. */
export type FleetHandlers = { readonly [M in FleetMethodName]: Handler<M> };
