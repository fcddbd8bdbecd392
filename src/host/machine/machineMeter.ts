import type { Clock } from "../../base/clock.ts";
import { type Disposable, toDisposable } from "../../base/disposables.ts";
import type { MachineSource } from "../../protocol/fleetSpend.ts";
import { lookAgain, nothingUsed, type TreeUse } from "./processTree.ts";
import type { CgroupDirectories, MachinePort } from "./procFs.ts";

/** A program that was started for a session: all that it starts carries the marker. */
export interface MeteredProgram {
  readonly marker: string;
  /** Of the control group that it alone runs in. */
  readonly cgroups?: CgroupDirectories | undefined;
}

/** What the programs of a session used since the last time it was asked. */
export interface MachineUse {
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  readonly source: MachineSource;
}

interface Watched {
  readonly program: MeteredProgram;
  readonly sessionId: string;
  use: TreeUse;
  source: MachineSource;
}

interface Account {
  cpuMs: number;
  peakMemoryBytes: number;
  source: MachineSource;
}

const lookEveryMs = 5_000;

/**
 * How much of the machine each session's programs use. It looks at all of them together, every few seconds while there are
 * any and whenever it is asked; a look that is under way serves everybody who asks meanwhile.
 */
export class MachineMeter implements Disposable {
  readonly #machine: MachinePort;
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  /** By session: what was not asked for yet. */
  readonly #accounts = new Map<string, Account>();
  #looking: Promise<void> | undefined;
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(machine: MachinePort, clock: Clock) {
    this.#machine = machine;
    this.#clock = clock;
  }

  /**
   * Until it is disposed of, or has ended. Whoever ends it does better to ask for a `look` before: what does not run cannot
   * be looked at.
   */
  watch(sessionId: string, program: MeteredProgram): Disposable {
    const watched: Watched = { program, sessionId, use: nothingUsed, source: "processes" };
    this.#watched.add(watched);
    this.#lookLater();
    return toDisposable(() => this.#watched.delete(watched));
  }

  /** Resolves when everything that ran at the time of the call has been looked at. */
  async look(): Promise<void> {
    // One that began earlier may have passed by what matters to this caller.
    await this.#looking;
    this.#looking ??= this.#lookAtAll().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  /** What the session's programs used since the last call, as far as it was looked at. */
  take(sessionId: string): MachineUse | undefined {
    const account = this.#accounts.get(sessionId);
    this.#accounts.delete(sessionId);
    return account;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
  }

  #lookLater(): void {
    if (this.#isDisposed || this.#timer || this.#watched.size === 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      void this.look().finally(() => this.#lookLater());
    }, lookEveryMs);
  }

  async #lookAtAll(): Promise<void> {
    const watched = Array.from(this.#watched);
    if (watched.length === 0) return;
    const looks = await this.#machine.look();
    for (const each of watched) {
      const { cgroups, marker } = each.program;
      const before = each.use;
      const group = cgroups === undefined ? undefined : await this.#machine.lookAtGroup(cgroups);
      const found = looks.get(marker) ?? [];
      const tree = lookAgain(before, found);
      if (group) {
        each.source = "cgroup";
        const peakMemoryBytes = group.peakMemoryBytes ?? tree.peakMemoryBytes;
        each.use = { ...tree, cpuMs: Math.max(before.cpuMs, group.cpuMs), peakMemoryBytes };
      } else if (found.length > 0) {
        each.use = tree;
      }
      this.#book(each, before);
      if (found.length === 0 && before.seen.size > 0) this.#watched.delete(each);
    }
  }

  #book({ sessionId, use, source }: Watched, before: TreeUse): void {
    const account = this.#accounts.get(sessionId) ?? { cpuMs: 0, peakMemoryBytes: 0, source };
    account.cpuMs += use.cpuMs - before.cpuMs;
    // A peak is that of the time since somebody last asked, as far as it can be told.
    const peak = use.peakMemoryBytes > before.peakMemoryBytes ? use.peakMemoryBytes : use.memoryBytes;
    account.peakMemoryBytes = Math.max(account.peakMemoryBytes, peak);
    account.source = source;
    this.#accounts.set(sessionId, account);
  }
}
