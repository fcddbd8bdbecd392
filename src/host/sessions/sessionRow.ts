import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { SessionSummary } from "../../protocol/methods.ts";
import { isArchived } from "../../protocol/status.ts";
import { fleetSessionUri } from "../../protocol/uris.ts";
import { sessionIdIn } from "../access/sight.ts";
import type { AnnotationCounts } from "./sessionAnnotations.ts";

/** What the host has in mind of every session, whether the session itself is in memory or not. */
export interface SessionRow extends Pick<FleetSessionState, "owner" | "phase" | "repository" | "baseBranch" | "head"> {
  readonly summary: SessionSummary;
  /** As they were when the session's comments were last in memory. */
  readonly annotations?: AnnotationCounts | undefined;
}

/** The fleet channels of the sessions with a branch that others may conflict with, by repository. */
export function liveBranches(rows: readonly SessionRow[]): ReadonlyMap<string, readonly string[]> {
  const live = rows.filter(({ head, summary }) => head !== undefined && !isArchived(summary.status));
  const byRepository = Map.groupBy(live, ({ repository }) => repository);
  const channelOf = ({ summary: { resource } }: SessionRow) => fleetSessionUri(sessionIdIn(resource) ?? "");
  return new Map(Array.from(byRepository, ([repository, each]) => [repository, each.map(channelOf)]));
}
