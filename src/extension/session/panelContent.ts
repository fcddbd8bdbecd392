import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { FileEdit } from "../../protocol/content.ts";
import type { LineDiff, PanelHandlers } from "../../protocol/panel.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import { type ChangedFile, changedFilesOf } from "../fleet/changedFiles.ts";
import { diffLines } from "./lineDiff.ts";
import type { PanelSource } from "./panelSource.ts";
import { editOf, namesContent } from "./panelWindow.ts";

/** Both sides of a file as text, by the git objects that the host names, or as they are where it serves live files. */
export type ReadSides = (file: ChangedFile) => Promise<{ readonly before: string; readonly after: string }>;

/** More than this is for the editor's own diff. */
const maxDiffedChars = 2_000_000;
const maxImageBytes = 5 * 1024 * 1024;

/** What the page reads on demand. Each is something that the conversation or the changeset names. */
export function contentHandlers(
  source: PanelSource,
  readSides: ReadSides,
): Pick<PanelHandlers, "readDiff" | "readEdit" | "readImage"> {
  const diff = async (file: ChangedFile | undefined): Promise<LineDiff> => {
    if (file === undefined) throw new AppError("notFound", "That is not among the agent's changes any more.");
    if (file.isBinary === true) return { hunks: [], note: vscode.l10n.t("The file is binary.") };
    const { before, after } = await readSides(file);
    if (before.length + after.length > maxDiffedChars) {
      return { hunks: [], note: vscode.l10n.t("The file is large: open the diff in the editor.") };
    }
    return diffLines(before, after);
  };
  const changed = (files: readonly { id: string; edit: FileEdit }[]) =>
    changedFilesOf({ files: [...files] }, source.session?.workingDirectories);
  return {
    readDiff: ({ fileId }) => diff(changed(source.changeset?.files ?? []).find(({ id }) => id === fileId)),
    readEdit: ({ toolCallId, index }) => {
      const state = source.chat?.state;
      const edit = state && editOf(state, toolCallId, index);
      return diff(edit && changed([{ id: "edit", edit }])[0]);
    },
    readImage: async ({ uri }) => {
      const state = source.chat?.state;
      if (source.client === undefined || state === undefined || !namesContent(state, uri)) {
        throw new AppError("notFound", "That picture is not one of this agent's.");
      }
      if (/^(?:https?|data|command|vscode):/i.test(uri)) {
        throw new AppError("permission.denied", "Pictures are read from the agent's host only.");
      }
      const { data, encoding } = await source.client.request("resourceRead", {
        channel: ROOT_URI,
        uri,
        encoding: "base64",
      });
      const bytes = Buffer.from(data, encoding === "base64" ? "base64" : "utf8");
      if (bytes.length > maxImageBytes) {
        throw new AppError("content.tooLarge", "The picture is larger than 5 MB. It stays on the host.");
      }
      const type = imageTypeOf(bytes);
      if (type === undefined) throw new AppError("request.invalid", "That is no picture of a kind that is shown here.");
      return { url: `data:${type};base64,${bytes.toString("base64")}` };
    },
  };
}

/** By the first bytes, whatever somebody says of it. Kinds that can hold scripts or links are not among them. */
function imageTypeOf(bytes: Buffer): string | undefined {
  const starts = (...codes: readonly number[]) => codes.every((code, index) => bytes[index] === code);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  if (starts(0x52, 0x49, 0x46, 0x46) && bytes.toString("latin1", 8, 12) === "WEBP") return "image/webp";
  return undefined;
}
