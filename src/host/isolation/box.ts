import type { Clock } from "../../base/clock.ts";
import type { TreeLimits } from "../workspaces/treeSize.ts";
import type { Cgroup } from "./cgroups.ts";
import { DiskWatch } from "./diskWatch.ts";
import type { EgressProxy } from "./egress/proxy.ts";
import type { Box } from "./isolation.ts";

export interface LiveBoxParts {
  readonly cgroup: Cgroup | undefined;
  readonly proxy: EgressProxy;
  readonly uid: number | undefined;
  readonly clock: Clock;
  /** Absent for a person's terminal, in which files can be removed. */
  readonly disk: { readonly directories: readonly string[]; readonly limits: TreeLimits } | undefined;
  readonly memoryMegabytes: number;
  /** Removes the files that it was started with. */
  readonly clear: () => Promise<void>;
}

/** One process in bubblewrap and what the host keeps for it. */
export class LiveBox implements Box {
  readonly #parts: LiveBoxParts;
  readonly #disk: DiskWatch | undefined;
  readonly #exceeded = new AbortController();
  #memoryKills = 0;
  #ended: Promise<void> | undefined;

  constructor(parts: LiveBoxParts) {
    this.#parts = parts;
    const { disk, clock } = parts;
    this.#disk = disk && new DiskWatch(disk.directories, disk.limits, clock, (what) => this.#exceeded.abort(what));
  }

  get cgroups(): Readonly<Record<string, string>> {
    return this.#parts.cgroup?.directories ?? {};
  }

  get uid(): number | undefined {
    return this.#parts.uid;
  }

  get exceeded(): AbortSignal {
    return this.#exceeded.signal;
  }

  async verdict(): Promise<string | undefined> {
    const { cgroup, disk, memoryMegabytes } = this.#parts;
    if (this.#exceeded.signal.aborted) {
      const { maxBytes = 0, maxEntries = 0 } = disk?.limits ?? {};
      const isMany = this.#exceeded.signal.reason === "files";
      const what = isMany
        ? `it has more than ${maxEntries} files`
        : `its files take more than ${Math.round(maxBytes / 1024 / 1024)} MB`;
      const member = isMany ? "box.files" : "box.diskMegabytes";
      return `It was stopped because ${what}. Remove some in a terminal of this session, or raise "${member}" in the host's configuration.`;
    }
    if (!this.#ended) this.#memoryKills = (await cgroup?.memoryKills()) ?? 0;
    if (this.#memoryKills === 0) return undefined;
    return `It ran out of memory: its programs may use ${memoryMegabytes} MB. Ask for less at a time, or raise "box.memoryMegabytes" in the host's configuration.`;
  }

  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    const { cgroup, proxy, clock, clear } = this.#parts;
    this.#disk?.dispose();
    this.#memoryKills = (await cgroup?.memoryKills()) ?? 0;
    await cgroup?.end(clock);
    await proxy.close();
    await clear();
  }
}
