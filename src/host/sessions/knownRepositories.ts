import type { FleetSessionState } from "../../protocol/fleet.ts";

/** What a form offers: repositories in use or configured, the latest first, and the branches that work began from. */
export interface KnownRepositories {
  readonly repositories: readonly string[];
  branchesOf(repository: string): readonly string[];
}

/** From the sessions that there are, the latest first, and from the configuration. */
export function knownRepositories(
  sessions: readonly Pick<FleetSessionState, "repository" | "baseBranch" | "createdAt">[],
  configured: readonly string[],
): KnownRepositories {
  const latestFirst = sessions.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
  const used = latestFirst.map((session) => session.repository);
  return {
    repositories: Array.from(new Set([...used, ...configured])),
    branchesOf: (repository) => {
      const onIt = latestFirst.filter((session) => session.repository === repository);
      return Array.from(new Set(onIt.flatMap((session) => session.baseBranch ?? [])));
    },
  };
}
