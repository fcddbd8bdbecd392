import { decode } from "../../protocol/decode.ts";
import { isMethod, type MethodName, Methods, type ParamsOf } from "../../protocol/methods.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { Caller, FleetHandlers, Handler, HostApi } from "./hostApi.ts";
import { answerForVsCode } from "./vscodeDialect.ts";

type Handlers = { readonly [M in MethodName]?: Handler<M> };

/** The methods that ask something of the host itself; those about the connection are in connection.ts. */
export function requestHandlers(api: HostApi, fleet: Partial<FleetHandlers>): Handlers {
  return {
    listSessions: (params, caller) => api.listSessions(params, caller),
    createSession: (params, caller) => api.createSession(params, caller),
    disposeSession: (params, caller) => api.disposeSession(params, caller),
    resolveSessionConfig: (params, caller) => api.forms.resolveSessionConfig(params, caller),
    sessionConfigCompletions: (params, caller) => api.forms.sessionConfigCompletions(params, caller),
    resourceList: (params, caller) => api.files.resourceList(params, caller),
    resourceResolve: (params, caller) => api.files.resourceResolve(params, caller),
    resourceRead: (params) => api.files.resourceRead(params),
    invokeChangesetOperation: (params, caller) => api.invokeChangesetOperation(params, caller),
    createTerminal: (params, caller) => api.createTerminal(params, caller),
    disposeTerminal: (params) => api.disposeTerminal(params),
    completions: (params) => api.completions(params),
    authenticate: (params, caller) => {
      api.authenticate(params, caller);
      return {};
    },
    ...answerForVsCode,
    ...fleet,
  };
}

/** Parses the params and runs the handler. Rejects with `RpcError` or `AppError`. */
export async function answerRequest(
  handlers: Handlers,
  method: string,
  params: unknown,
  caller: Caller,
): Promise<unknown> {
  if (!isMethod(method) || handlers[method] === undefined) {
    throw new RpcError(RPC.methodNotFound, `This host has no method ${method.slice(0, 100)}.`);
  }
  const handler = handlers[method] as (params: unknown, caller: Caller) => unknown;
  return handler(parseParams(method, params), caller);
}

/** Throws `RpcError` -32602 that names the first member that is wrong and repeats none of its content. */
export function parseParams<M extends MethodName>(method: M, params: unknown): ParamsOf<M> {
  const decoded = decode<unknown>(Methods[method].params, params ?? {});
  if (decoded.ok) return decoded.value as ParamsOf<M>;
  throw new RpcError(
    RPC.invalidParams,
    `The params of ${method} are malformed${decoded.error && ` at ${decoded.error}`}.`,
  );
}
