import type * as vscode from "vscode";

type Listener<T> = (event: T) => void;

class Signal<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(event: T): void {
    for (const listener of Array.from(this.#listeners)) listener(event);
  }
}

type Item = vscode.QuickPickItem;

const isSeparator = ({ kind }: Item) => Number(kind) === -1;

/** The quick pick or input box that is open, as a person sees it, with what a person can do with it. */
export class FakeQuickInput {
  title: string | undefined = "";
  placeholder: string | undefined = "";
  prompt: string | undefined = "";
  value = "";
  password = false;
  busy = false;
  validationMessage: string | undefined;
  step: number | undefined;
  totalSteps: number | undefined;
  ignoreFocusOut = false;
  matchOnDescription = false;
  matchOnDetail = false;
  keepScrollPosition = false;
  canSelectMany = false;
  buttons: readonly vscode.QuickInputButton[] = [];
  selectedItems: readonly Item[] = [];
  isOpen = false;
  #items: readonly Item[] = [];
  #active: readonly Item[] = [];
  readonly #accepted = new Signal<void>();
  readonly #hidden = new Signal<void>();
  readonly #typed = new Signal<string>();
  readonly #ticked = new Signal<readonly Item[]>();
  readonly #pressed = new Signal<vscode.QuickInputButton>();
  readonly #rowPressed = new Signal<{ button: vscode.QuickInputButton; item: Item }>();
  readonly onDidAccept = this.#accepted.event;
  readonly onDidHide = this.#hidden.event;
  readonly onDidChangeValue = this.#typed.event;
  readonly onDidChangeSelection = this.#ticked.event;
  readonly onDidTriggerButton = this.#pressed.event;
  readonly onDidTriggerItemButton = this.#rowPressed.event;

  get items(): readonly Item[] {
    return this.#items;
  }

  /** As in the editor: the first one that can be chosen is selected anew. */
  set items(items: readonly Item[]) {
    this.#items = items;
    this.#active = items.filter((item) => !isSeparator(item)).slice(0, 1);
  }

  get activeItems(): readonly Item[] {
    return this.#active;
  }

  set activeItems(items: readonly Item[]) {
    this.#active = items;
  }

  show(): void {
    this.isOpen = true;
  }

  hide(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#hidden.fire();
  }

  dispose(): void {
    this.hide();
  }

  /** Labels of the rows; separators in dashes. */
  get labels(): readonly string[] {
    return this.#items.map((item) => (isSeparator(item) ? `-- ${item.label}` : item.label));
  }

  row(label: string): Item {
    const row = this.#items.find((item) => !isSeparator(item) && item.label.includes(label));
    if (row === undefined) throw new Error(`No row "${label}" in:\n${this.labels.join("\n")}`);
    return row;
  }

  choose(label: string): void {
    this.#active = [this.row(label)];
    this.accept();
  }

  /** Presses Enter. */
  accept(): void {
    if (!this.canSelectMany) this.selectedItems = this.#active;
    this.#accepted.fire();
  }

  type(text: string): void {
    this.value = text;
    this.#typed.fire(text);
  }

  enter(text: string): void {
    this.type(text);
    this.#accepted.fire();
  }

  /** Ticks these rows and no others. */
  tick(...labels: readonly string[]): void {
    this.selectedItems = labels.map((label) => this.row(label));
    this.#ticked.fire(this.selectedItems);
  }

  press(tooltip: string): void {
    const button = this.buttons.find((each) => each.tooltip === tooltip);
    if (button === undefined) throw new Error(`No button "${tooltip}".`);
    this.#pressed.fire(button);
  }

  pressOnRow(label: string, tooltip: string): void {
    const item = this.row(label);
    const button = item.buttons?.find((each) => each.tooltip === tooltip);
    if (button === undefined) throw new Error(`No button "${tooltip}" on "${label}".`);
    this.#rowPressed.fire({ button, item });
  }
}

/** Every quick pick and input box that the tested code has made, in order. */
export class FakeQuickInputs {
  readonly all: FakeQuickInput[] = [];

  create(): FakeQuickInput {
    const input = new FakeQuickInput();
    this.all.push(input);
    return input;
  }

  /** The one in front. */
  get open(): FakeQuickInput {
    const open = this.all.findLast(({ isOpen }) => isOpen);
    if (open === undefined) throw new Error("No quick pick is open.");
    return open;
  }

  get isAnyOpen(): boolean {
    return this.all.some(({ isOpen }) => isOpen);
  }
}
