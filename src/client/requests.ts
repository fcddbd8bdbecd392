import { AppError } from "../base/appError.ts";
import { decode } from "../protocol/decode.ts";
import { type MethodName, Methods, type ParamsOf, type ResultOf } from "../protocol/methods.ts";
import type { Call } from "./connection.ts";

/** Sends a request and reads its answer by schema. Rejects with the host's refusal as `AppError`. */
export async function request<M extends MethodName>(call: Call, method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
  const answer = await call(method, params);
  const decoded = decode<unknown>(Methods[method].result, answer);
  if (!decoded.ok) {
    throw new AppError("host.incompatible", "The host's answer to {0} cannot be read. Is it an agent host?", {
      details: { path: decoded.error },
      values: [method],
    });
  }
  // The schema is the method's own; TypeScript cannot follow the pair through the index.
  return decoded.value as ResultOf<M>;
}
