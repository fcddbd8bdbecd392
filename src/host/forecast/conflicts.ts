import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { isSame } from "../../base/isSame.ts";
import type { Logger } from "../../base/logger.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { emptyForecast, type FleetConflictsState, pairKey } from "../../protocol/fleetConflicts.ts";
import { isArchived } from "../../protocol/status.ts";
import {
  fleetConflictsUri,
  fleetSessionUri,
  parseFleetConflictsUri,
  parseFleetSessionUri,
} from "../../protocol/uris.ts";
import { sessionIdIn } from "../access/sight.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";
import { SerialQueue } from "../workspaces/serialQueue.ts";
import type { Credentials } from "../workspaces/workspace.ts";
import type { Forecast, Forecaster, LiveBranch } from "./forecaster.ts";

/** What the forecast needs of the workspaces. */
export interface ForecastSources {
  forecaster(): Forecaster;
  /** Git directories that have a repository's own branches, as far as there are any. */
  sourcesOf(repository: string): Promise<readonly string[]>;
  gitDirOf(sessionId: string): string;
  /** Fetches what is new. The commits of the repository's branches. Throws what `Workspaces.provision` throws. */
  branchesOf(repository: string, credentials: Credentials): Promise<ReadonlyMap<string, string>>;
}

export interface ConflictsOptions {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly workspaces: ForecastSources;
  readonly credentialsOf: (owner: string | undefined) => Credentials;
  /** How often base branches are fetched; 0 for never. */
  readonly fetchMs: number;
}

/** Checkpoints of several agents at once make one pass. */
const settleMs = 500;

interface Repository {
  /** The channel of its forecast. */
  readonly uri: string;
  readonly forecaster: Forecaster;
  baseHeads: ReadonlyMap<string, string>;
  fetchedAt: number | undefined;
}

interface Live {
  readonly fleet: FleetSessionState;
  readonly branch: LiveBranch;
}

/**
 * Keeps a forecast for every repository with live branches on its channel `x-fleet-conflicts:/...`. A branch is live from
 * its first checkpoint until its session is archived or removed. One pass at a time for the whole host.
 */
export class Conflicts implements Disposable {
  readonly #options: ConflictsOptions;
  readonly #repositories = new Map<string, Repository>();
  /** The repository of each session's fleet channel. */
  readonly #sessions = new Map<string, string>();
  readonly #dirty = new Set<string>();
  readonly #passes = new SerialQueue();
  readonly #owned = new Disposables();
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(options: ConflictsOptions) {
    this.#options = options;
    this.#owned.add(options.channels.onCommitted((batch) => batch.forEach((committed) => this.#see(committed))));
  }

  /** @param live the fleet channels of the sessions with a live branch, by repository; they need not be in memory */
  start(live: ReadonlyMap<string, readonly string[]> = new Map()): void {
    for (const [repository, uris] of live) {
      const forecast = fleetConflictsUri(repository);
      for (const uri of uris) this.#sessions.set(uri, forecast);
      this.#mark(forecast);
    }
    this.#fetchLater();
  }

  /** Resolves when no pass is under way. */
  async idle(): Promise<void> {
    await this.#passes.run(async () => {});
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#owned.dispose();
  }

  #see({ kind, channel, action, refused }: CommittedAction): void {
    if (refused !== undefined) return;
    switch (action.type) {
      case "x-fleet/baseChanged":
        this.#adopt(channel);
        return this.#askForBase(channel);
      case "x-fleet/checkpointAdded":
      case "x-fleet/workspaceReady":
        return this.#adopt(channel);
      case "x-fleet/disposed": {
        const forecast = this.#sessions.get(channel);
        this.#sessions.delete(channel);
        return forecast === undefined ? undefined : this.#mark(forecast);
      }
      case "session/isArchivedChanged":
        if (kind === "session") this.#adopt(fleetSessionUri(sessionIdIn(channel) ?? ""));
        return;
      default:
        return;
    }
  }

  #adopt(uri: string): void {
    const fleet = this.#options.channels.state("fleetSession", uri);
    if (!fleet) return;
    const forecast = fleetConflictsUri(fleet.repository);
    this.#sessions.set(uri, forecast);
    if (fleet.head !== undefined) this.#mark(forecast);
  }

  /** An agent stands on what the base branch was found to have got: for the others it has moved, too. */
  #askForBase(channel: string): void {
    const repository = this.#repositories.get(this.#sessions.get(channel) ?? "");
    if (repository) repository.fetchedAt = undefined;
  }

  #mark(uri: string): void {
    this.#dirty.add(uri);
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      for (const each of this.#dirty) void this.#passes.run(() => this.#pass(each));
      this.#dirty.clear();
    }, settleMs);
  }

  #fetchLater(): void {
    const { clock, fetchMs } = this.#options;
    if (fetchMs === 0) return;
    const again = () => {
      for (const uri of this.#repositories.keys()) this.#mark(uri);
      this.#fetchLater();
    };
    this.#owned.add(clock.setTimeout(again, fetchMs));
  }

  async #pass(uri: string): Promise<void> {
    if (this.#isDisposed) return;
    const { logger, workspaces } = this.#options;
    const repository = this.#repositories.get(uri) ?? {
      uri,
      forecaster: workspaces.forecaster(),
      baseHeads: new Map<string, string>(),
      fetchedAt: undefined,
    };
    this.#repositories.set(uri, repository);
    try {
      await this.#load(uri);
      await this.#fetch(repository);
      const live = this.#live(repository);
      const addresses = Array.from(new Set(live.map(({ fleet }) => fleet.repository)));
      const sources = await Promise.all(addresses.map((address) => workspaces.sourcesOf(address)));
      const branches = live.map(({ branch }) => branch);
      await this.#publish(uri, await repository.forecaster.forecast(branches, sources.flat()));
      if (live.length === 0) this.#repositories.delete(uri);
    } catch (error) {
      // A workspace that was removed meanwhile, for one: its end marks the repository again.
      logger.warn("the conflict forecast failed", { repository: uri, error: String(error) });
    }
  }

  /** The sessions of a repository may not have been read since the start; those that can't be have no forecast. */
  async #load(forecast: string): Promise<void> {
    const { channels } = this.#options;
    for (const [uri, of] of this.#sessions) {
      if (of !== forecast || channels.isLoaded(uri)) continue;
      await channels.load(uri).catch(() => false);
      await setImmediate();
    }
  }

  /** Where base branches are is asked now and then; a server that does not answer leaves the forecast as it knows it. */
  async #fetch(repository: Repository): Promise<void> {
    const { clock, fetchMs, workspaces, credentialsOf, logger } = this.#options;
    const isFresh = repository.fetchedAt !== undefined && clock.elapsed() - repository.fetchedAt < fetchMs;
    const [first] = this.#live(repository);
    if (fetchMs === 0 || isFresh || !first) return;
    repository.fetchedAt = clock.elapsed();
    try {
      const { fleet } = first;
      repository.baseHeads = await workspaces.branchesOf(fleet.repository, credentialsOf(fleet.owner));
    } catch (error) {
      logger.info("base branches were not fetched", { repository: repository.uri, error: String(error) });
    }
  }

  #live({ uri: forecast, baseHeads }: Repository): readonly Live[] {
    const { channels, workspaces } = this.#options;
    return Array.from(this.#sessions).flatMap(([uri, of]): Live[] => {
      const fleet = of === forecast ? channels.state("fleetSession", uri) : undefined;
      const id = parseFleetSessionUri(uri);
      if (!fleet || id === undefined || fleet.phase === "disposed") return [];
      const { session, branch, baseBranch, baseCommit, head } = fleet;
      if (branch === undefined || baseBranch === undefined || baseCommit === undefined || head === undefined) return [];
      if (isArchived(channels.state("session", session)?.status ?? 0)) return [];
      const baseHead = baseHeads.get(baseBranch) ?? baseCommit;
      return [
        { fleet, branch: { session, branch, baseBranch, baseCommit, head, baseHead, gitDir: workspaces.gitDirOf(id) } },
      ];
    });
  }

  async #publish(uri: string, forecast: Forecast): Promise<void> {
    const { channels, clock } = this.#options;
    const at = new Date(clock.now()).toISOString();
    if (!(await channels.load(uri))) {
      if (forecast.branches.length === 0) return;
      const repository = parseFleetConflictsUri(uri) ?? "";
      channels.create(uri, "fleetConflicts", emptyForecast(repository, at));
    }
    const before = channels.state("fleetConflicts", uri);
    const change = before && changeOf(before, forecast);
    if (change) channels.dispatch(uri, { type: "x-fleet/conflictsChanged", ...change, at });
  }
}

/** What the state lacks; undefined when it says the same. */
function changeOf(before: FleetConflictsState, { branches, pairs, mergeOrder }: Forecast) {
  const oldBranches = new Map(before.branches.map((branch) => [branch.session, branch]));
  const oldPairs = new Map(before.pairs.map((pair) => [pairKey(pair), pair]));
  const live = new Set(branches.map(({ session }) => session));
  const removed = before.branches.map(({ session }) => session).filter((session) => !live.has(session));
  const changedBranches = branches.filter((branch) => !isSame(oldBranches.get(branch.session), branch));
  const changedPairs = pairs.filter((pair) => !isSame(oldPairs.get(pairKey(pair)), pair));
  const overlapping = new Set(pairs.map(pairKey));
  const ended = before.pairs
    .filter((pair) => !overlapping.has(pairKey(pair)) && live.has(pair.first) && live.has(pair.second))
    .map((pair) => ({ ...pair, overlap: "none" as const, files: [], fileCount: 0 }));
  const isSameOrder = isSame(before.mergeOrder, mergeOrder);
  if (removed.length + changedBranches.length + changedPairs.length + ended.length === 0 && isSameOrder) {
    return undefined;
  }
  return { branches: changedBranches, removed, pairs: [...changedPairs, ...ended], mergeOrder: [...mergeOrder] };
}
