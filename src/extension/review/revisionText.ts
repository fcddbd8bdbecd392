import * as vscode from "vscode";
import { assertNever } from "../../base/appError.ts";
import { toVisibleText } from "../../base/visibleText.ts";
import { submoduleMode } from "../fleet/changedFiles.ts";

/** More than this is not shown as text. The host refuses to send it, and an editor would struggle with it. */
export const maxDocumentBytes = 5 * 1024 * 1024;

/** What stands in place of content that cannot be shown. Each is short, says why, and names the revision. */
export type Notice = "missing" | "binary" | "tooLarge" | "notPinned" | "unreachable" | "gone" | "expired";

export function noticeText(notice: Notice, facts: { readonly oid?: string; readonly sizeBytes?: number }): string {
  return `${noticeSentence(notice, objectText(facts))}\n`;
}

/** ` (object 1a2b3c4d5e, 12.0 KB)`, as far as it is known. */
function objectText({ oid, sizeBytes }: { readonly oid?: string; readonly sizeBytes?: number }): string {
  if (oid === undefined) return "";
  const size = sizeBytes === undefined ? "" : `, ${formatBytes(sizeBytes)}`;
  return ` (${vscode.l10n.t("object {0}", oid.slice(0, 10))}${size})`;
}

function noticeSentence(notice: Notice, id: string): string {
  switch (notice) {
    case "missing":
      return vscode.l10n.t(
        "This revision is no longer on the host{0}. Review the changes again to read the present one.",
        id,
      );
    case "binary":
      return vscode.l10n.t("Binary file{0}. Its content is not shown as text.", id);
    case "tooLarge":
      return vscode.l10n.t(
        "This file is too large to show{0}: the limit is {1}. Open a terminal of the agent to read it.",
        id,
        formatBytes(maxDocumentBytes),
      );
    case "notPinned":
      return vscode.l10n.t("This address names no revision of an agent's file. Review the agent's changes again.");
    case "unreachable":
      return vscode.l10n.t(
        "The host cannot be reached, so this revision cannot be read{0}. It loads when the host is back.",
        id,
      );
    case "gone":
      return vscode.l10n.t(
        "The host could not read this file: it is gone, or the host may not read it. Refresh the changes.",
      );
    case "expired":
      return vscode.l10n.t(
        "What this document showed is not kept any more: it was read in an earlier window, or long ago. Review the changes again.",
      );
    default:
      return assertNever(notice);
  }
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** As git shortens it. */
export function commitName(commit: string): string {
  return commit.slice(0, 7);
}

/** What stands for a version of which its mode is what matters. */
export function modeText(mode: string, oid: string): string {
  if (mode === submoduleMode) return `${vscode.l10n.t("Submodule at commit {0}.", oid)}\n`;
  const means =
    mode === "100755"
      ? vscode.l10n.t("executable")
      : mode === "100644"
        ? vscode.l10n.t("not executable")
        : vscode.l10n.t("git's own");
  const object = oid.slice(0, 10);
  return `${vscode.l10n.t("File mode {0} ({1}). The content is the same on both sides (object {2}).", mode, means, object)}\n`;
}

/** What a symbolic link points to. Nothing is read there. */
export function linkText(target: string): string {
  return `${vscode.l10n.t("Symbolic link to")}\n${toVisibleText(target)}\n`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** How bytes were read as text. */
export type TextEncodingName = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

export interface DecodedText {
  readonly text: string;
  readonly encoding: TextEncodingName;
}

/**
 * Text of a file, or `undefined` if it is none by git's own test (a NUL near the start). What is neither UTF-8 nor says by
 * its first bytes that it is UTF-16 is taken for Windows-1252: there each byte is a character of its own, so that whatever
 * differs between two versions is seen to.
 */
export function decodeText(bytes: Uint8Array): DecodedText | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return decodeAs("utf-16le", bytes);
  if (first === 0xfe && second === 0xff) return decodeAs("utf-16be", bytes);
  if (bytes.subarray(0, 8000).includes(0)) return undefined;
  try {
    return { text: utf8.decode(bytes), encoding: "utf-8" };
  } catch {
    return decodeAs("windows-1252", bytes);
  }
}

function decodeAs(encoding: TextEncodingName, bytes: Uint8Array): DecodedText {
  return { text: new TextDecoder(encoding).decode(bytes), encoding };
}
