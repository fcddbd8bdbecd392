export interface Disposable {
  dispose(): void;
}

export function toDisposable(dispose: () => void): Disposable {
  return { dispose };
}

/**
 * Owns disposables and ends them in reverse order. A late `add` ends the newcomer at once, so an `await` that finishes
 * after shutdown cannot leak. One failing member never stops the rest.
 */
export class Disposables implements Disposable {
  #members: Disposable[] | undefined = [];

  get isDisposed(): boolean {
    return this.#members === undefined;
  }

  add<T extends Disposable>(member: T): T {
    if (this.#members === undefined) member.dispose();
    else this.#members.push(member);
    return member;
  }

  dispose(): void {
    const members = this.#members ?? [];
    this.#members = undefined;
    const failures: unknown[] = [];
    for (const member of members.toReversed()) {
      try {
        member.dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "Some members failed to dispose");
  }
}
