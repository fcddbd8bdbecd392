import type { FleetHandlers } from "../gateway/hostApi.ts";
import type { DerivedChangesets } from "./derivedChangesets.ts";
import type { ForkSession } from "./forkSession.ts";
import type { SessionRun } from "./sessionRun.ts";

export type CheckpointMethods = Pick<
  FleetHandlers,
  "x-fleet/checkpoint" | "x-fleet/restore" | "x-fleet/fork" | "x-fleet/compare"
>;

export interface CheckpointPorts {
  /** Throws for a URI that names no session. */
  readonly runOf: (session: string) => SessionRun;
  readonly fork: ForkSession;
  readonly changesets: DerivedChangesets;
  readonly notify: (method: string, params: object, principal?: string) => void;
}

/** What clients ask of the checkpoints of a session. */
export function checkpointMethods({ runOf, fork, changesets, notify }: CheckpointPorts): CheckpointMethods {
  return {
    "x-fleet/checkpoint": async ({ channel }) => ({ checkpoint: await runOf(channel).checkpoint() }),
    "x-fleet/restore": async ({ channel, checkpoint, cancelTurn = false, progressToken }, { principal }) => {
      const tell = (progress: number, message: string) => {
        if (progressToken === undefined) return;
        notify("root/progress", { channel, progressToken, progress, total: 100, message }, principal);
      };
      const answer = await runOf(channel).restore(checkpoint, cancelTurn, (stage) => {
        tell(Math.min(99, Number(/(\d+) %/.exec(stage)?.[1] ?? 0)), stage);
      });
      tell(100, "Restored");
      return answer;
    },
    "x-fleet/fork": (params, caller) => fork(params, caller),
    "x-fleet/compare": ({ channel, from, to }) => changesets.compare(runOf(channel), from, to),
  };
}
