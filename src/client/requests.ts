import { AppError } from "../base/appError.ts";
import { type MethodName, Methods, type ParamsOf, type ResultOf } from "../protocol/methods.ts";
import type { Call } from "./connection.ts";

/** Sends a request and reads its answer by schema. Rejects with the host's refusal as `AppError`. */
export async function request<M extends MethodName>(call: Call, method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
  const answer = await call(method, params);
  const parsed = Methods[method].result.safeParse(answer);
  if (!parsed.success) {
    throw new AppError("host.incompatible", `The host's answer to ${method} cannot be read. Is it an agent host?`, {
      details: { path: parsed.error.issues[0]?.path.join(".") },
    });
  }
  // The schema is the method's own; TypeScript cannot follow the pair through the index.
  return parsed.data as ResultOf<M>;
}
