import type { FleetHandlers } from "../gateway/hostApi.ts";
import type { DerivedChangesets } from "./derivedChangesets.ts";
import type { ForkSession } from "./forkSession.ts";
import type { SessionRun } from "./sessionRun.ts";

export type CheckpointMethods = Pick<
  FleetHandlers,
  | "x-fleet/checkpoint"
  | "x-fleet/restore"
  | "x-fleet/updateFromBase"
  | "x-fleet/applyPatch"
  | "x-fleet/fork"
  | "x-fleet/compare"
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
  const withProgress = async <T>(
    { channel, progressToken }: { readonly channel: string; readonly progressToken?: unknown },
    principal: string,
    work: (onStage: (stage: string) => void) => Promise<T>,
  ): Promise<T> => {
    const tell = (progress: number, message: string) => {
      if (progressToken === undefined) return;
      notify("root/progress", { channel, progressToken, progress, total: 100, message }, principal);
    };
    const answer = await work((stage) => tell(Math.min(99, Number(/(\d{1,3}) %/.exec(stage)?.[1] ?? 0)), stage));
    tell(100, "Done");
    return answer;
  };
  return {
    "x-fleet/checkpoint": async ({ channel }, { principal: by }) => {
      const run = runOf(channel);
      const checkpoint = await run.checkpoint();
      run.acted({ act: "recorded", on: checkpoint.id, by });
      return { checkpoint };
    },
    "x-fleet/restore": async (params, { principal: by }) => {
      const { channel, checkpoint, cancelTurn = false } = params;
      const run = runOf(channel);
      const answer = await withProgress(params, by, (tell) => run.restore(checkpoint, cancelTurn, tell));
      run.acted({ act: "recorded", on: answer.checkpoint.id, by });
      return answer;
    },
    "x-fleet/updateFromBase": async (params, { principal: by }) => {
      const run = runOf(params.channel);
      const answer = await withProgress(params, by, (tell) => run.updateFromBase(params, tell));
      if (answer.commits > 0) run.acted({ act: "recorded", on: answer.checkpoint.id, by });
      return answer;
    },
    "x-fleet/applyPatch": async (params, { principal: by }) => {
      const run = runOf(params.channel);
      const answer = await withProgress(params, by, (tell) => run.applyPatch(params, tell));
      run.acted({ act: "recorded", on: answer.checkpoint.id, by });
      return answer;
    },
    "x-fleet/fork": (params, caller) => fork(params, caller),
    "x-fleet/compare": ({ channel, from, to }) => changesets.compare(runOf(channel), from, to),
  };
}
