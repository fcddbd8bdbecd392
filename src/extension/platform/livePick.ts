import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { Disposables } from "../../base/disposables.ts";
import type { Event } from "../../base/emitter.ts";
import { isSame } from "../../base/isSame.ts";

/** A button of a row or of the title; `id` tells which. */
export interface LiveButton {
  readonly id: string;
  readonly icon: string;
  readonly tooltip: string;
}

/** A row without a value only tells something. */
export interface LiveItem<T> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly isSeparator?: boolean;
  /** The same row from one update to the next. */
  readonly id?: string;
  readonly value?: T;
  readonly buttons?: readonly LiveButton[];
}

export interface LiveContent<T> {
  readonly title: string;
  readonly placeholder: string;
  readonly items: readonly LiveItem<T>[];
  readonly buttons?: readonly LiveButton[];
}

export interface LivePickOptions<T> {
  /** What is to be shown at this moment; `undefined` when there is nothing to choose any more. */
  readonly read: () => LiveContent<T> | undefined;
  /** Tells that it may be another. */
  readonly onDidChange: Event<unknown>;
  readonly clock: Clock;
  /** Id of the row that is selected first. */
  readonly active?: string | undefined;
  /** Choosing a row decides something: not in the moment in which it changed under the person's hand. */
  readonly decides: boolean;
}

/** `button` is set when a button was pressed; one of the title has no value. `over`: there was nothing to choose any more. */
export type LiveResult<T> =
  | { readonly kind: "chosen"; readonly value: T; readonly button?: string }
  | { readonly kind: "pressed"; readonly button: string }
  | { readonly kind: "closed" }
  | { readonly kind: "over" };

const refreshDelayMs = 50;
/** Nobody has read a list that is younger, whatever was pressed. */
const readingMs = 500;

type Shown<T> = vscode.QuickPickItem & { readonly source: LiveItem<T> };

/** A pick whose rows follow the facts while it is open. The selected row stays selected wherever it goes. */
export async function livePick<T>(options: LivePickOptions<T>): Promise<LiveResult<T>> {
  const { read, onDidChange, clock, decides } = options;
  const first = read();
  if (first === undefined) return { kind: "over" };
  let content = first;
  const owned = new Disposables();
  const pick = owned.add(vscode.window.createQuickPick<Shown<T>>());
  pick.ignoreFocusOut = decides;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.keepScrollPosition = true;
  let titleButtons = new Map<vscode.QuickInputButton, string>();
  let rowButtons = new Map<vscode.QuickInputButton, string>();
  let changedAtMs = Number.NEGATIVE_INFINITY;

  const show = ({ title, placeholder, items, buttons = [] }: LiveContent<T>, active: string | undefined) => {
    const former = Math.max(0, pick.items.indexOf(pick.activeItems[0] as Shown<T>));
    titleButtons = toButtons(buttons);
    rowButtons = new Map();
    pick.title = title;
    pick.placeholder = placeholder;
    pick.buttons = Array.from(titleButtons.keys());
    const rows = items.map((source): Shown<T> => {
      const own = toButtons(source.buttons ?? []);
      for (const [button, id] of own) rowButtons.set(button, id);
      const { label, description = "", detail, isSeparator } = source;
      const kind = isSeparator ? vscode.QuickPickItemKind.Separator : vscode.QuickPickItemKind.Default;
      return { label, kind, description, ...(detail && { detail }), buttons: Array.from(own.keys()), source };
    });
    pick.items = rows;
    const row = rows.find(({ source }) => active !== undefined && source.id === active) ?? nearest(rows, former);
    pick.activeItems = row === undefined ? [] : [row];
  };
  show(content, options.active);

  const result = Promise.withResolvers<LiveResult<T>>();
  const isUnread = () => clock.now() - changedAtMs < readingMs;
  const refresh = () => {
    pending = undefined;
    const next = read();
    if (next === undefined) return result.resolve({ kind: "over" });
    if (isSame(next, content)) return;
    if (!isSame(valuesOf(next), valuesOf(content))) changedAtMs = clock.now();
    content = next;
    show(next, pick.activeItems[0]?.source.id);
  };
  let pending: { dispose(): void } | undefined;
  owned.add({ dispose: () => pending?.dispose() });
  owned.add(onDidChange(() => (pending ??= clock.setTimeout(refresh, refreshDelayMs))));
  owned.add(
    pick.onDidAccept(() => {
      const value = pick.selectedItems[0]?.source.value;
      if (value !== undefined && !(decides && isUnread())) result.resolve({ kind: "chosen", value });
    }),
  );
  owned.add(
    pick.onDidTriggerItemButton(({ button, item }) => {
      const id = rowButtons.get(button);
      const { value } = item.source;
      if (id !== undefined && value !== undefined && !isUnread()) {
        result.resolve({ kind: "chosen", value, button: id });
      }
    }),
  );
  owned.add(
    pick.onDidTriggerButton((button) => {
      const id = titleButtons.get(button);
      if (id !== undefined) result.resolve({ kind: "pressed", button: id });
    }),
  );
  owned.add(pick.onDidHide(() => result.resolve({ kind: "closed" })));
  pick.show();
  try {
    return await result.promise;
  } finally {
    owned.dispose();
  }
}

function toButtons(buttons: readonly LiveButton[]): Map<vscode.QuickInputButton, string> {
  return new Map(buttons.map(({ id, icon, tooltip }) => [{ iconPath: new vscode.ThemeIcon(icon), tooltip }, id]));
}

/** The row that stands where the selected one was, or the next that can be selected. */
function nearest<T>(rows: readonly Shown<T>[], at: number): Shown<T> | undefined {
  const canBe = ({ source }: Shown<T>) => source.isSeparator !== true;
  return rows.slice(at).find(canBe) ?? rows.findLast(canBe);
}

/** What can be chosen, in which order. */
function valuesOf<T>({ items }: LiveContent<T>): unknown {
  return items.map(({ id, value, label }) => [id, value === undefined ? label : ""]);
}
