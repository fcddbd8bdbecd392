import * as vscode from "vscode";
import type { Disposable } from "../../base/disposables.ts";

/** Whether a person has something before their eyes. */
export interface Attendance {
  isSeen(): boolean;
  /** It may be otherwise; who listens asks. */
  onDidChange(listener: () => void): Disposable;
}

/** The window is in front, and in it the view, or one of our panels. @param isPanelInFront asked at each look */
export function attendanceOf(
  view: Pick<vscode.TreeView<unknown>, "visible" | "onDidChangeVisibility">,
  isPanelInFront: () => boolean,
): Attendance {
  return {
    isSeen: () => vscode.window.state.focused && (view.visible || isPanelInFront()),
    onDidChange: (listener) =>
      vscode.Disposable.from(
        vscode.window.onDidChangeWindowState(() => listener()),
        view.onDidChangeVisibility(() => listener()),
        vscode.window.tabGroups.onDidChangeTabs(() => listener()),
      ),
  };
}
