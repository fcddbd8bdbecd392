import * as vscode from "vscode";
import { Disposables } from "../../base/disposables.ts";

export interface StepFrame {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
  /** Offers the back button. */
  readonly canGoBack: boolean;
}

export interface PickStep<T> {
  readonly frame: StepFrame;
  readonly placeholder: string;
  readonly items: readonly (vscode.QuickPickItem & { readonly value: T })[];
  /** Preselected. */
  readonly active?: T | undefined;
  /** Makes what was typed a choice of its own. */
  readonly fromText?: (text: string) => (vscode.QuickPickItem & { readonly value: T }) | undefined;
}

export interface TextStep {
  readonly frame: StepFrame;
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value: string;
  readonly isPassword?: boolean;
  /** A sentence against the text. Nothing typed is taken away. */
  readonly validate?: (text: string) => string | undefined;
  /** Shown when the step opens: what was wrong with the text the last time. */
  readonly problem?: string | undefined;
  /** A button beside the box; its press gives the text as it is at that moment. */
  readonly button?: { readonly icon: string; readonly tooltip: string };
}

export type StepResult<T> =
  | { readonly kind: "next"; readonly value: T }
  | { readonly kind: "back" }
  | { readonly kind: "cancel" };
export type TextResult = StepResult<string> | { readonly kind: "button"; readonly value: string };

/** One step that chooses from a list. */
export async function pickStep<T>(step: PickStep<T>): Promise<StepResult<T>> {
  const owned = new Disposables();
  const pick = owned.add(vscode.window.createQuickPick<vscode.QuickPickItem & { readonly value: T }>());
  applyFrame(pick, step.frame);
  pick.placeholder = step.placeholder;
  pick.matchOnDescription = true;
  pick.items = step.items;
  pick.activeItems = step.items.filter(({ value }) => value === step.active).slice(0, 1);
  const { fromText } = step;
  if (fromText !== undefined) {
    pick.onDidChangeValue((text) => {
      const typed = fromText(text.trim());
      pick.items = typed === undefined ? step.items : [...step.items, { ...typed, alwaysShow: true }];
    });
  }
  const result = new Promise<StepResult<T>>((resolve) => {
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      if (item !== undefined) resolve({ kind: "next", value: item.value });
    });
    pick.onDidTriggerButton(() => resolve({ kind: "back" }));
    pick.onDidHide(() => resolve({ kind: "cancel" }));
  });
  pick.show();
  try {
    return await result;
  } finally {
    owned.dispose();
  }
}

/** One step that takes a text. */
export async function textStep(step: TextStep): Promise<TextResult> {
  const owned = new Disposables();
  const box = owned.add(vscode.window.createInputBox());
  applyFrame(box, step.frame);
  box.prompt = step.prompt;
  box.placeholder = step.placeholder ?? "";
  box.value = step.value;
  box.password = step.isPassword ?? false;
  box.validationMessage = step.problem;
  const button = step.button && { iconPath: new vscode.ThemeIcon(step.button.icon), tooltip: step.button.tooltip };
  if (button) box.buttons = [...box.buttons, button];
  const result = new Promise<TextResult>((resolve) => {
    box.onDidChangeValue(() => {
      box.validationMessage = undefined;
    });
    box.onDidAccept(() => {
      const problem = step.validate?.(box.value);
      if (problem === undefined) resolve({ kind: "next", value: box.value });
      else box.validationMessage = problem;
    });
    box.onDidTriggerButton((pressed) =>
      resolve(pressed === button ? { kind: "button", value: box.value } : { kind: "back" }),
    );
    box.onDidHide(() => resolve({ kind: "cancel" }));
  });
  box.show();
  try {
    return await result;
  } finally {
    owned.dispose();
  }
}

function applyFrame(
  input: vscode.QuickInput & { buttons: readonly vscode.QuickInputButton[] },
  frame: StepFrame,
): void {
  input.title = frame.title;
  input.step = frame.step;
  input.totalSteps = frame.totalSteps;
  // A look at another window, to copy a URL or a token, must not lose what was typed.
  input.ignoreFocusOut = true;
  input.buttons = frame.canGoBack ? [vscode.QuickInputButtons.Back] : [];
}
