import { AppError } from "../../base/appError.ts";
import type { Client } from "../../client/client.ts";
import type { FleetMethodName } from "../../protocol/fleetMethods.ts";
import type { PanelHandlers } from "../../protocol/panel.ts";
import type { AgentTarget } from "../ids.ts";
import type { PanelSource } from "./panelSource.ts";

export interface CheckpointPorts {
  /** The editor's own question whether files are to be put back; false unless the person says yes. */
  readonly confirmRestore: (checkpoint: string, isWorking: boolean) => Promise<boolean>;
  /** Asks what the copy is to do, and launches it. */
  readonly fork: (target: AgentTarget, checkpoint: string) => Promise<void>;
  /** The files that differ, in the editor's own diff. */
  readonly compare: (target: AgentTarget, from: string, to: string) => Promise<void>;
  /** Asks what the agent may cost, and sets it. */
  readonly setBudget: (target: AgentTarget) => Promise<void>;
  readonly raiseBudget: (target: AgentTarget) => Promise<void>;
}

export interface CheckpointOptions {
  readonly source: PanelSource;
  readonly target: AgentTarget;
  readonly ports: CheckpointPorts;
}

/** Going back and trying another way, on hosts that keep checkpoints, and what the agent may cost. */
export function checkpointHandlers({
  source,
  target,
  ports,
}: CheckpointOptions): Pick<
  PanelHandlers,
  "checkpoint" | "restore" | "fork" | "compare" | "setBudget" | "raiseBudget"
> {
  const channel = target.session;
  const clientFor = (method: FleetMethodName): Client => {
    const { client } = source;
    if (client?.state.kind !== "live") {
      throw new AppError(
        "host.disconnected",
        "There is no connection to the host. Nothing was changed; try again when it is back.",
      );
    }
    if (client.hostInfo?.fleet?.methods.includes(method) !== true) {
      throw new AppError("request.rejected", "This host does not offer that.");
    }
    return client;
  };

  return {
    checkpoint: async () => {
      await clientFor("x-fleet/checkpoint").request("x-fleet/checkpoint", { channel });
      return null;
    },
    restore: async ({ checkpoint }) => {
      const client = clientFor("x-fleet/restore");
      const isWorking = source.chat?.state?.activeTurn !== undefined;
      if (!(await ports.confirmRestore(checkpoint, isWorking))) return null;
      await client.request("x-fleet/restore", { channel, checkpoint, ...(isWorking && { cancelTurn: true }) });
      return null;
    },
    fork: async ({ checkpoint }) => {
      clientFor("x-fleet/fork");
      await ports.fork(target, checkpoint);
      return null;
    },
    compare: async ({ from, to }) => {
      clientFor("x-fleet/compare");
      await ports.compare(target, from, to);
      return null;
    },
    setBudget: async () => {
      await ports.setBudget(target);
      return null;
    },
    raiseBudget: async () => {
      await ports.raiseBudget(target);
      return null;
    },
  };
}
