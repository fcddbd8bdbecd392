import type { Disposable } from "../../base/disposables.ts";
import type { ChannelHandle } from "../../client/client.ts";
import type { SessionInputRequest, SessionState } from "../../protocol/sessionState.ts";

/** How many waiting agents are read ahead, over all hosts. */
export const maxRead = 50;

export interface NeedsPort {
  /** Follows the session channel of an agent. */
  follow(key: string): ChannelHandle<SessionState>;
  /** What the agent waits for is known, or another. */
  needsChanged(key: string): void;
}

/**
 * Reads what the waiting agents wait for, so that they can be answered from the list. Only the first `maxRead` of them
 * are followed; one that is answered makes place for the next.
 */
export class NeedsReader implements Disposable {
  readonly #port: NeedsPort;
  readonly #read = new Map<string, { handle: ChannelHandle<SessionState>; requests: readonly SessionInputRequest[] }>();
  readonly #waiting = new Set<string>();

  constructor(port: NeedsPort) {
    this.#port = port;
  }

  requests(key: string): readonly SessionInputRequest[] {
    return this.#read.get(key)?.requests ?? none;
  }

  /** Says whether the agent waits. Cheap to repeat. */
  want(key: string, isWaiting: boolean): void {
    if (!isWaiting) return this.#release(key);
    if (this.#read.has(key)) return;
    if (this.#read.size < maxRead) this.#follow(key);
    else this.#waiting.add(key);
  }

  dispose(): void {
    for (const { handle } of this.#read.values()) handle.dispose();
    this.#read.clear();
    this.#waiting.clear();
  }

  #follow(key: string): void {
    this.#waiting.delete(key);
    const handle = this.#port.follow(key);
    const entry = { handle, requests: requestsOf(handle.state) };
    this.#read.set(key, entry);
    handle.onDidChange(({ state }) => {
      const requests = requestsOf(state);
      if (requests === entry.requests) return;
      entry.requests = requests;
      this.#port.needsChanged(key);
    });
  }

  #release(key: string): void {
    this.#waiting.delete(key);
    const entry = this.#read.get(key);
    if (entry === undefined) return;
    this.#read.delete(key);
    entry.handle.dispose();
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#follow(next);
    this.#port.needsChanged(next);
  }
}

const none: readonly SessionInputRequest[] = [];

function requestsOf(state: SessionState | undefined): readonly SessionInputRequest[] {
  return state?.inputNeeded ?? none;
}
