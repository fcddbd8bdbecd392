import type { Disposable } from "../../base/disposables.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";

/** How many waiting agents are read ahead, over all hosts. */
export const maxRead = 50;

/** What one agent waits for, as long as it is followed. */
export interface FollowedNeeds extends Disposable {
  readonly requests: readonly SessionInputRequest[];
  /** How far the host's log goes that the request, as it stands in `requests`, is known by. */
  seenSeq(requestId: string): number | undefined;
}

export interface NeedsPort {
  /** Follows what an agent waits for. `changed` tells that it is another. */
  follow(key: string, changed: () => void): FollowedNeeds;
  /** What the agent waits for is known, or another. */
  needsChanged(key: string): void;
}

/**
 * Reads what the waiting agents wait for, so that they can be answered from the list. At most `maxRead` of them are
 * followed: one that is answered makes place for the next, and one that a person turns to takes the place of the one that
 * nobody has turned to for longest.
 */
export class NeedsReader implements Disposable {
  readonly #port: NeedsPort;
  /** The one that nobody has turned to for longest comes first. */
  readonly #read = new Map<string, FollowedNeeds>();
  readonly #waiting = new Set<string>();

  constructor(port: NeedsPort) {
    this.#port = port;
  }

  requests(key: string): readonly SessionInputRequest[] {
    return this.#read.get(key)?.requests ?? none;
  }

  seenSeq(key: string, requestId: string): number | undefined {
    return this.#read.get(key)?.seenSeq(requestId);
  }

  /** Says whether the agent waits. Cheap to repeat. */
  want(key: string, isWaiting: boolean): void {
    if (!isWaiting) return this.#release(key);
    if (this.#read.has(key)) return;
    if (this.#read.size < maxRead) this.#follow(key);
    else this.#waiting.add(key);
  }

  /** These are gone together: none of them takes the place of another. */
  forget(keys: readonly string[]): void {
    for (const key of keys) this.#waiting.delete(key);
    for (const key of keys) this.#release(key);
  }

  /** A person turns to the agent. */
  use(key: string): void {
    const followed = this.#read.get(key);
    if (followed !== undefined) {
      this.#read.delete(key);
      this.#read.set(key, followed);
    } else if (this.#waiting.has(key)) {
      const [oldest] = this.#read;
      if (oldest === undefined) return;
      this.#read.delete(oldest[0]);
      oldest[1].dispose();
      this.#waiting.add(oldest[0]);
      this.#follow(key);
      this.#port.needsChanged(oldest[0]);
      this.#port.needsChanged(key);
    }
  }

  dispose(): void {
    for (const followed of this.#read.values()) followed.dispose();
    this.#read.clear();
    this.#waiting.clear();
  }

  #follow(key: string): void {
    this.#waiting.delete(key);
    this.#read.set(
      key,
      this.#port.follow(key, () => this.#port.needsChanged(key)),
    );
  }

  #release(key: string): void {
    this.#waiting.delete(key);
    const followed = this.#read.get(key);
    if (followed === undefined) return;
    this.#read.delete(key);
    followed.dispose();
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#follow(next);
    this.#port.needsChanged(next);
  }
}

const none: readonly SessionInputRequest[] = [];
