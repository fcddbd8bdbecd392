import { AppError } from "../../src/base/appError.ts";
import type { HostApi } from "../../src/host/gateway/hostApi.ts";

/** A host's API of which a test gives the members that it is about; whatever else is asked for is not there. */
export function aHostApi(given: Partial<HostApi>): HostApi {
  const recall = async () => {};
  return withRest({ recall, ...given, forms: withRest({ ...given.forms }), files: withRest({ ...given.files }) });
}

function withRest<T extends object>(given: Partial<T>): T {
  const answer = (target: Partial<T>, key: string | symbol): unknown => Reflect.get(target, key) ?? refuse;
  return new Proxy(given, { get: answer }) as T;
}

function refuse(): never {
  throw new AppError("notFound", "There is nothing behind this gateway.");
}
