import * as z from "zod/mini";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Event } from "../../base/emitter.ts";
import type { StatePort } from "../platform/statePort.ts";

export interface NoticeLeaseOptions {
  /** What all windows share. */
  readonly state: StatePort;
  /** Another one for each window. */
  readonly windowId: string;
  readonly isFocused: () => boolean;
  readonly onDidFocus: Event<unknown>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** `told`: when each thing was told, in ms since the epoch. */
const Lease = z.object({ windowId: z.optional(z.string()), told: z.record(z.string(), z.number()) });
type Lease = z.infer<typeof Lease>;

const stateKey = "muster.notices";
const maxTold = 200;
/** How long the others leave it to the window that was in front last, which may have been closed since. */
const patienceMs = 2000;

/**
 * Of several windows that see the same agents one tells of each thing: the one in front, else the one that was in front
 * last. The others ask once whether it has, and tell it themselves if not. Nobody writes while nothing happens.
 */
export class NoticeLease implements Disposable {
  readonly #options: NoticeLeaseOptions;
  readonly #owned = new Disposables();

  constructor(options: NoticeLeaseOptions) {
    this.#options = options;
    this.#owned.add(options.onDidFocus(() => this.#come()));
    if (options.isFocused()) this.#come();
  }

  /** Those of them that this window is to tell, which counts as done. */
  async take(news: readonly string[]): Promise<readonly string[]> {
    if (!this.#isOurs() && !(await this.#outwaited())) return [];
    const lease = this.#read();
    const fresh = news.filter((id) => lease.told[id] === undefined);
    if (fresh.length === 0) return [];
    const nowMs = this.#options.clock.now();
    const told = [...Object.entries(lease.told), ...fresh.map((id) => [id, nowMs] as const)];
    await this.#write({ windowId: this.#options.windowId, told: Object.fromEntries(told.slice(-maxTold)) });
    return fresh;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** This window is in front. */
  #come(): void {
    const lease = this.#read();
    const { windowId } = this.#options;
    if (lease.windowId !== windowId) void this.#write({ ...lease, windowId });
  }

  #isOurs(): boolean {
    const { windowId } = this.#read();
    return this.#options.isFocused() || windowId === undefined || windowId === this.#options.windowId;
  }

  /** False when this window ends first. */
  #outwaited(): Promise<boolean> {
    const { clock, random } = this.#options;
    const waited = Promise.withResolvers<boolean>();
    // At different times, so that the first of them is heard of by the rest.
    const timer = clock.setTimeout(() => waited.resolve(true), patienceMs * (1 + random()));
    this.#owned.add({
      dispose: () => {
        timer.dispose();
        waited.resolve(false);
      },
    });
    return waited.promise;
  }

  #read(): Lease {
    const lease = Lease.safeParse(this.#options.state.get(stateKey));
    return lease.success ? lease.data : { told: {} };
  }

  async #write(lease: Lease): Promise<void> {
    await this.#options.state.update(stateKey, lease);
  }
}
