import type { ResultOf } from "../../protocol/methods.ts";
import type { Workspace } from "../workspaces/workspace.ts";

/** The whole content goes into one message, and editors hold it in memory. */
const maxContentBytes = 5 * 1024 * 1024;

/**
 * A file's version from the trusted git directory. Text as text unless base64 was asked for; what is no UTF-8 always as
 * base64. Throws `notFound` or `content.tooLarge`.
 */
export async function readBlobResource(
  workspace: Workspace,
  oid: string,
  encoding: "utf-8" | "base64" | undefined,
): Promise<ResultOf<"resourceRead">> {
  const bytes = await workspace.readBlob(oid, maxContentBytes);
  const text = encoding === "base64" ? undefined : decode(bytes);
  if (text !== undefined) return { data: text, encoding: "utf-8" };
  return { data: Buffer.from(bytes).toString("base64"), encoding: "base64" };
}

function decode(bytes: Uint8Array): string | undefined {
  if (bytes.subarray(0, 8_000).includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
