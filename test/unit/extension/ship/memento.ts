import type { StatePort } from "../../../../src/extension/platform/statePort.ts";

/** A `vscode.Memento` in memory; values go through JSON as the real one's do. */
export class FakeMemento implements StatePort {
  readonly values = new Map<string, string>();

  get(key: string): unknown {
    const text = this.values.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async update(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value));
  }
}
