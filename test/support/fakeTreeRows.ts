import { fakeVscode } from "./fakeVscode.ts";

interface Provider<T extends object> {
  onDidChangeTreeData(listener: (elements: readonly T[] | undefined) => void): { dispose(): void };
  getChildren(element?: T): readonly T[];
  getTreeItem(element: T): { readonly id?: string | undefined };
}

/**
 * What VS Code's extension host knows of a tree's rows, as its `ExtHostTreeView` does: an element by the id of its row, from
 * the moment when the window has asked for it until the tree says that the row, or what it stands under, has changed. Menus
 * name rows by id, and get the element that is known by then.
 */
export class FakeTreeRows<T extends object> {
  readonly #provider: Provider<T>;
  readonly #elements = new Map<string, T>();
  readonly #children = new Map<T, readonly string[]>();

  constructor(provider: Provider<T>) {
    this.#provider = provider;
    provider.onDidChangeTreeData((elements) => {
      if (elements === undefined) this.#elements.clear();
      for (const element of elements ?? []) this.#forgetUnder(element);
    });
    this.ask();
  }

  /** The window asks for every row. */
  ask(element?: T): void {
    const children = this.#provider.getChildren(element);
    const ids = children.map((child) => this.#provider.getTreeItem(child).id ?? "");
    if (element !== undefined) this.#children.set(element, ids);
    for (const [index, child] of children.entries()) {
      this.#elements.set(ids[index] ?? "", child);
      this.ask(child);
    }
  }

  element(id: string): T | undefined {
    return this.#elements.get(id);
  }

  /** A person presses a command in the menu of the row, with these rows selected. */
  async press(command: string, id: string, selected: readonly string[] = []): Promise<void> {
    const others =
      selected.length > 1 && selected.includes(id) ? selected.map((other) => this.element(other)) : undefined;
    await fakeVscode.commands.get(command)?.(this.element(id), others);
  }

  #forgetUnder(element: T): void {
    for (const id of this.#children.get(element) ?? []) {
      const child = this.#elements.get(id);
      this.#elements.delete(id);
      if (child !== undefined) this.#forgetUnder(child);
    }
  }
}
