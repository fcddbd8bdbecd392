import type { FleetPhase } from "../../protocol/fleet.ts";
import type { ForecastBranch } from "../../protocol/fleetConflicts.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import type { TestRun } from "../fleet/testRuns.ts";
import type { AgentTarget } from "../ids.ts";

/** All facts about an agent that a pull request needs, read at one moment. */
export interface ShippableAgent {
  readonly target: AgentTarget;
  readonly title: string;
  /** Name of the kind of agent ("Sample agent"), for the provenance line. */
  readonly agentName: string;
  /** The host, as this person named it. */
  readonly hostName: string;
  readonly repository: string;
  readonly baseBranch: string | undefined;
  /** Where the host will push to. */
  readonly branch: string | undefined;
  readonly head: string | undefined;
  readonly phase: FleetPhase;
  readonly files: readonly ChangedFile[];
  /** Branches that its own cannot be merged with, its base among them. */
  readonly conflicts: number;
  /** Where its base branch is at present, as far as the host tells it to this person. */
  readonly base: Pick<ForecastBranch, "baseBranch" | "behind" | "overlap" | "files" | "fileCount"> | undefined;
  /** What the first turn asked for. */
  readonly prompt: string | undefined;
  /** In the order of their last run. */
  readonly tests: readonly TestRun[];
}
