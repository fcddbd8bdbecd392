import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { CodeTarget } from "../ids.ts";
import { type CodeExcerpt, type Problem, todoOf } from "./quotes.ts";

/** A few lines around the place tell an agent what it looks at. */
const linesAround = 5;

/** What a command is about: the line that it was given, else the cursor's. */
export async function documentLine(
  place: CodeTarget | undefined,
): Promise<{ readonly document: vscode.TextDocument; readonly line: number }> {
  if (typeof place?.uri === "string" && typeof place.line === "number") {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(place.uri, true));
    return { document, line: Math.min(Math.max(0, place.line), document.lineCount - 1) };
  }
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) throw new AppError("request.invalid", "Open the file that it is about, then try again.");
  return { document: editor.document, line: editor.selection.active.line };
}

export function excerptOf(document: vscode.TextDocument, from: number, to: number): CodeExcerpt {
  const last = Math.min(to, document.lineCount - 1);
  return {
    path: vscode.workspace.asRelativePath(document.uri, false),
    from: from + 1,
    to: last + 1,
    language: document.languageId,
    text: document.getText(new vscode.Range(from, 0, last, document.lineAt(last).text.length)),
  };
}

export function excerptAround(document: vscode.TextDocument, line: number): CodeExcerpt {
  return excerptOf(document, Math.max(0, line - linesAround), line + linesAround);
}

export function problemsAt({ uri }: vscode.TextDocument, line: number): readonly Problem[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter(({ range }) => range.start.line <= line && range.end.line >= line)
    .map(toProblem);
}

function toProblem({ message, source, code }: vscode.Diagnostic): Problem {
  const value = typeof code === "object" ? code.value : code;
  return { message, source, code: value === undefined ? undefined : String(value) };
}

/** The first of these lines that has a TODO comment. */
export function todoLine(document: vscode.TextDocument, from: number, to: number): number | undefined {
  for (let line = from; line <= Math.min(to, document.lineCount - 1); line++) {
    if (todoOf(document.lineAt(line).text) !== undefined) return line;
  }
  return undefined;
}
