/** The part of `vscode.Memento` that is needed: small facts that survive a reload. */
export interface StatePort {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}
