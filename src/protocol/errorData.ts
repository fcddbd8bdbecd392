import * as z from "zod/mini";
import { ProtectedResource } from "./content.ts";
import { decode } from "./decode.ts";
import { RPC } from "./jsonrpc.ts";
import { FileMethods } from "./resourceMethods.ts";
import { loose, opt } from "./schema.ts";

/** The `data` of the errors that have a shape of it. That of all others is their sender's own. */
export const ErrorData = {
  /** Versions, or ranges of them such as `^0.9.0`. */
  [RPC.versionMismatch]: loose({ supportedVersions: z.array(z.string()) }),
  /** What to call `authenticate` for. */
  [RPC.authRequired]: loose({ resources: z.array(ProtectedResource) }),
  /** The grant that would do, if one would. */
  [RPC.permissionDenied]: loose({ request: opt(FileMethods.resourceRequest.params) }),
} as const;
export type ErrorData = typeof ErrorData;

/** `undefined` for data of another shape, or none. Takes an `AppError`'s `details` as well, which hold the data. */
export function errorDataOf<C extends keyof ErrorData>(code: C, data: unknown): z.infer<ErrorData[C]> | undefined {
  const schema: z.core.$ZodType<z.infer<ErrorData[C]>> = ErrorData[code] as never;
  const decoded = decode(schema, data);
  return decoded.ok ? decoded.value : undefined;
}
