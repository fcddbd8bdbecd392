import { assertNever } from "../../base/appError.ts";

/** More than this is not shown as text. The host refuses to send it, and an editor would struggle with it. */
export const maxDocumentBytes = 5 * 1024 * 1024;

/** What stands in place of content that cannot be shown. Each is short, says why, and names the revision. */
export type Notice = "missing" | "binary" | "tooLarge" | "notPinned" | "unreachable" | "gone" | "expired";

export function noticeText(notice: Notice, facts: { readonly oid?: string; readonly sizeBytes?: number }): string {
  const size = facts.sizeBytes === undefined ? "" : `, ${formatBytes(facts.sizeBytes)}`;
  const id = facts.oid === undefined ? "" : ` (object ${facts.oid.slice(0, 10)}${size})`;
  switch (notice) {
    case "missing":
      return `This revision is no longer on the host${id}. Review the changes again to read the present one.\n`;
    case "binary":
      return `Binary file${id}. Its content is not shown as text.\n`;
    case "tooLarge":
      return `This file is too large to show${id}: the limit is ${formatBytes(maxDocumentBytes)}. Open the branch to read it.\n`;
    case "notPinned":
      return "This address names no revision of an agent's file. Review the agent's changes again.\n";
    case "unreachable":
      return `The host cannot be reached, so this revision cannot be read${id}. It loads when the host is back.\n`;
    case "gone":
      return "The host could not read this file: it is gone, or the host may not read it. Refresh the changes.\n";
    case "expired":
      return "What this document showed is not kept any more: it was read in an earlier window, or long ago. Review the changes again.\n";
    default:
      return assertNever(notice);
  }
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Text of a file, or `undefined` if it is not UTF-8 text: git's own test (a NUL near the start) and strict decoding. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.subarray(0, 8000).includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
