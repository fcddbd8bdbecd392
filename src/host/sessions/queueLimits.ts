import { ownerAndRepo } from "./wording.ts";

/** How many sessions may work at the same time. Absent means no limit of its own. */
export interface QueueLimits {
  readonly host: number;
  readonly perRepository?: number | undefined;
  readonly perUser?: number | undefined;
  readonly perAgent?: number | undefined;
  /** Limits for single ones, in the place of the general one: by `repositoryKey`, name and agent id. */
  readonly repositories?: Readonly<Record<string, number>> | undefined;
  readonly users?: Readonly<Record<string, number>> | undefined;
  readonly agents?: Readonly<Record<string, number>> | undefined;
}

/** What a session counts towards. */
export interface Counted {
  readonly user: string;
  /** By its `repositoryKey`, as in `QueueLimits.repositories`. */
  readonly repository: string;
  /** The kind of agent: its provider. */
  readonly agent: string;
}

/** How many work, of each user, repository and agent. */
export class Load {
  readonly #counts = new Map<string, number>();

  add(counted: Counted, by: 1 | -1): void {
    for (const key of keysOf(counted)) {
      const count = (this.#counts.get(key) ?? 0) + by;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }

  ofUser(user: string): number {
    return this.#counts.get(`user ${user}`) ?? 0;
  }

  ofRepository(repository: string): number {
    return this.#counts.get(`repository ${repository}`) ?? 0;
  }

  ofAgent(agent: string): number {
    return this.#counts.get(`agent ${agent}`) ?? 0;
  }

  ofUserIn(user: string, repository: string): number {
    return this.#counts.get(pairKey(user, repository)) ?? 0;
  }
}

/** The same for every way in which people write the address of one repository. */
export function repositoryKey(address: string): string {
  const remote = ownerAndRepo(address);
  if (remote) return `${remote.host}/${remote.owner}/${remote.repo}`.toLowerCase();
  return address
    .replace(/^file:\/\//, "")
    .replace(/(?<!\/)\/+$/, "")
    .replace(/\.git$/, "");
}

/** Why this one may not work though the host has room, as a part of a sentence; undefined if it may. */
export function heldBackBy(limits: QueueLimits, load: Load, { user, repository, agent }: Counted): string | undefined {
  const forRepository = own(limits.repositories, repository) ?? limits.perRepository;
  if (isReached(load.ofRepository(repository), forRepository)) {
    return `the limit for this repository is ${forRepository}`;
  }
  const forUser = own(limits.users, user) ?? limits.perUser;
  if (isReached(load.ofUser(user), forUser)) return `the limit for one user is ${forUser}`;
  const forAgent = own(limits.agents, agent) ?? limits.perAgent;
  if (isReached(load.ofAgent(agent), forAgent)) return `the limit for this kind of agent is ${forAgent}`;
  return undefined;
}

export function fullHost(limits: QueueLimits): string {
  return limits.host === 1
    ? "one agent works, the limit of this host"
    : `${limits.host} agents work, the limit of this host`;
}

function isReached(count: number, limit: number | undefined): boolean {
  return limit !== undefined && count >= limit;
}

function own(limits: Readonly<Record<string, number>> | undefined, key: string): number | undefined {
  return limits && Object.hasOwn(limits, key) ? limits[key] : undefined;
}

function pairKey(user: string, repository: string): string {
  return `pair ${JSON.stringify([user, repository])}`;
}

function keysOf({ user, repository, agent }: Counted): readonly string[] {
  return [`user ${user}`, `repository ${repository}`, `agent ${agent}`, pairKey(user, repository)];
}
