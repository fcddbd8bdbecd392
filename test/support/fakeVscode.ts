/**
 * A stand-in for the `vscode` module in unit tests: just what the tested code touches, with a small driving API in
 * `fakeVscode`. What VS Code itself does with these calls is tested inside VS Code.
 */

type Listener<T> = (event: T) => void;

export class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(event: T): void {
    for (const listener of Array.from(this.#listeners)) listener(event);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class ThemeColor {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export class ThemeIcon {
  readonly id: string;
  readonly color: ThemeColor | undefined;
  constructor(id: string, color?: ThemeColor) {
    this.id = id;
    this.color = color;
  }
}

export class MarkdownString {
  readonly value: string;
  isTrusted = false;
  constructor(value: string) {
    this.value = value;
  }
}

export class TreeItem {
  label: string;
  collapsibleState: number;
  constructor(label: string, collapsibleState = 0) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const ConfigurationTarget = { Global: 1, Workspace: 2 };

export class Uri {
  readonly scheme: string;
  readonly path: string;
  constructor(scheme: string, path: string) {
    this.scheme = scheme;
    this.path = path;
  }
  static from(parts: { scheme: string; path?: string }): Uri {
    return new Uri(parts.scheme, parts.path ?? "");
  }
}

/** Values of one configuration section, by where they were written. */
interface Written {
  globalValue?: unknown;
  workspaceValue?: unknown;
}

/** What a test sets up and looks at. Reset before each test that uses it. */
class FakeVscode {
  readonly configuration = new Map<string, Written>();
  readonly configurationChanged = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();
  readonly commands = new Map<string, (...args: unknown[]) => unknown>();
  readonly executed: { readonly command: string; readonly args: readonly unknown[] }[] = [];

  reset(): void {
    this.configuration.clear();
    this.commands.clear();
    this.executed.length = 0;
  }

  changeSetting(key: string, written: Written): void {
    this.configuration.set(key, written);
    this.configurationChanged.fire({ affectsConfiguration: (section) => section === key });
  }
}
export const fakeVscode = new FakeVscode();

export const workspace = {
  onDidChangeConfiguration: fakeVscode.configurationChanged.event,
  getConfiguration(section: string) {
    const written = (key: string) => fakeVscode.configuration.get(`${section}.${key}`) ?? {};
    return {
      get: (key: string) => written(key).workspaceValue ?? written(key).globalValue,
      inspect: (key: string) => written(key),
      async update(key: string, value: unknown, target: number) {
        if (target !== ConfigurationTarget.Global) throw new Error("Only the user's own settings are written.");
        fakeVscode.changeSetting(`${section}.${key}`, { ...written(key), globalValue: value });
      },
    };
  },
};

export const commands = {
  registerCommand(id: string, handle: (...args: unknown[]) => unknown) {
    fakeVscode.commands.set(id, handle);
    return { dispose: () => fakeVscode.commands.delete(id) };
  },
  async executeCommand(command: string, ...args: unknown[]) {
    fakeVscode.executed.push({ command, args });
    return fakeVscode.commands.get(command)?.(...args);
  },
};
