import { FLEET_VERSION, META_NS } from "../../../src/protocol/fleet.ts";
import type { SessionSummary } from "../../../src/protocol/methods.ts";
import { ROOT_URI, sessionUri } from "../../../src/protocol/uris.ts";
import { prose, seeded } from "./traffic.ts";

const statuses = [1, 1, 1, 8, 8, 24, 2, 33, 97];

/** Sessions as a host of ours lists them, newest first, in all states that there are. */
export function manySessions(count: number, host = 0): SessionSummary[] {
  const random = seeded(host * 1_000_003 + 7);
  return Array.from({ length: count }, (_, index) => aSession(`${host}-${index}`, count - index, random));
}

function aSession(name: string, age: number, random: () => number): SessionSummary {
  const status = statuses[Math.floor(random() * statuses.length)] ?? 1;
  const id = `00000000-0000-4000-8000-${name.padStart(12, "0")}`;
  return {
    resource: sessionUri(id),
    provider: "sample",
    title: prose(random, 40),
    status,
    activity: prose(random, 30),
    createdAt: new Date(Date.UTC(2026, 0, 1) + age * 60_000).toISOString(),
    modifiedAt: new Date(Date.UTC(2026, 2, 1) + Math.floor(random() * 1e9)).toISOString(),
    workingDirectories: [`file:///data/workspaces/${id}`],
    changes: { additions: Math.floor(random() * 500), deletions: Math.floor(random() * 100), files: 7 },
    _meta: {
      git: { branchName: `agent/fix-${name}`, baseBranchName: "main" },
      [META_NS]: {
        phase: status === 8 ? "working" : "ready",
        repository: "https://git.example/acme/widgets.git",
        branch: `agent/fix-${name}`,
        head: "9fceb02d0ae598e95dc970b74767f19372d61af8",
        isolation: "bubblewrap",
        costUsd: 0.42,
      },
    },
  };
}

/**
 * What a host says when something happened to one of them: mostly that the agent does something else, every eighth time
 * that it is in another state.
 */
export function summaryChanged(summary: SessionSummary, update: number): string {
  const modifiedAt = new Date(Date.UTC(2026, 4, 1) + update * 1000).toISOString();
  const status = update % 8 === 0 ? { status: statuses[(update / 8) % statuses.length] ?? 1 } : {};
  const did = { additions: update, deletions: 1, files: 3 };
  const changes = { ...status, modifiedAt, activity: `Step ${update}`, changes: did };
  const params = { channel: ROOT_URI, session: summary.resource, changes };
  return JSON.stringify({ jsonrpc: "2.0", method: "root/sessionSummaryChanged", params });
}

/** The page of a listing that starts at `cursor`. */
export function pageOf(
  sessions: readonly SessionSummary[],
  {
    limit = sessions.length,
    cursor = "0",
  }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): { items: SessionSummary[]; nextCursor?: string } {
  const start = Number(cursor);
  const items = sessions.slice(start, start + limit);
  return start + limit < sessions.length ? { items, nextCursor: String(start + limit) } : { items };
}

export const advertisement = {
  version: FLEET_VERSION,
  epoch: "bench",
  methods: [],
  channels: [],
  isolation: "bubblewrap" as const,
};
