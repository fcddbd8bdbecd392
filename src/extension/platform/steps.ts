import * as vscode from "vscode";
import { Disposables } from "../../base/disposables.ts";

export interface StepFrame {
  readonly title: string;
  /** Place of the step among those of its form, which need not be counted. */
  readonly step?: number;
  readonly totalSteps?: number;
  /** Offers the back button. */
  readonly canGoBack: boolean;
}

export interface StepButton {
  readonly icon: string;
  readonly tooltip: string;
}

export type StepItem<T> = vscode.QuickPickItem & { readonly value?: T };

export interface PickStep<T> {
  readonly frame: StepFrame;
  readonly placeholder: string;
  /** A line without a value only tells something, such as a separator. */
  readonly items: readonly StepItem<T>[];
  /** Preselected. */
  readonly active?: T | undefined;
  /** Makes what was typed a choice of its own. */
  readonly fromText?: (text: string) => StepItem<T> | undefined;
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
  /** Buttons beside the box; a press gives the text as it is at that moment. */
  readonly buttons?: readonly StepButton[];
  /** Hears of every change, for whoever keeps what is typed. */
  readonly onType?: (text: string) => void;
}

export type StepResult<T> =
  | { readonly kind: "next"; readonly value: T }
  | { readonly kind: "back" }
  | { readonly kind: "cancel" };
export type TextResult =
  | StepResult<string>
  | { readonly kind: "button"; readonly button: StepButton; readonly value: string };

/** One step that chooses from a list. */
export async function pickStep<T>(step: PickStep<T>): Promise<StepResult<T>> {
  const pick = vscode.window.createQuickPick<StepItem<T>>();
  applyFrame(pick, step.frame);
  pick.placeholder = step.placeholder;
  pick.matchOnDescription = true;
  pick.items = step.items;
  pick.activeItems = step.items.filter(({ value }) => value !== undefined && value === step.active).slice(0, 1);
  const { fromText } = step;
  if (fromText !== undefined) {
    pick.onDidChangeValue((text) => {
      const typed = fromText(text.trim());
      pick.items = typed === undefined ? step.items : [...step.items, { ...typed, alwaysShow: true }];
    });
  }
  return answerOf(pick, () => pick.selectedItems[0]?.value);
}

/** One step that chooses several from a list. */
export async function pickManyStep<T>(
  step: Pick<PickStep<T>, "frame" | "placeholder" | "items"> & { readonly chosen: (value: T) => boolean },
): Promise<StepResult<readonly T[]>> {
  const pick = vscode.window.createQuickPick<StepItem<T>>();
  applyFrame(pick, step.frame);
  pick.placeholder = step.placeholder;
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  pick.items = step.items;
  pick.selectedItems = step.items.filter(({ value }) => value !== undefined && step.chosen(value));
  return answerOf(pick, () => pick.selectedItems.flatMap(({ value }) => (value === undefined ? [] : [value])));
}

/** Shows a list until it is answered, and ends it. @param read what is accepted; `undefined` keeps the list open */
async function answerOf<T, R>(pick: vscode.QuickPick<StepItem<T>>, read: () => R | undefined): Promise<StepResult<R>> {
  const result = new Promise<StepResult<R>>((resolve) => {
    pick.onDidAccept(() => {
      const value = read();
      if (value !== undefined) resolve({ kind: "next", value });
    });
    pick.onDidTriggerButton(() => resolve({ kind: "back" }));
    pick.onDidHide(() => resolve({ kind: "cancel" }));
  });
  pick.show();
  try {
    return await result;
  } finally {
    pick.dispose();
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
  const buttons = new Map(
    step.buttons?.map((button) => [{ iconPath: new vscode.ThemeIcon(button.icon), tooltip: button.tooltip }, button]),
  );
  box.buttons = [...box.buttons, ...buttons.keys()];
  const result = new Promise<TextResult>((resolve) => {
    box.onDidChangeValue((text) => {
      box.validationMessage = undefined;
      step.onType?.(text);
    });
    box.onDidAccept(() => {
      const problem = step.validate?.(box.value);
      if (problem === undefined) resolve({ kind: "next", value: box.value });
      else box.validationMessage = problem;
    });
    box.onDidTriggerButton((pressed) => {
      const button = Array.from(buttons).find(([shown]) => shown === pressed)?.[1];
      resolve(button === undefined ? { kind: "back" } : { kind: "button", button, value: box.value });
    });
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
