import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Clock } from "../../base/clock.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { giveBack } from "./giveBack.ts";
import type { LocalGit } from "./localGit.ts";
import { takeOver } from "./takeOver.ts";

export interface HandOffPorts {
  readonly hosts: Pick<HostConnectionsView, "client">;
  readonly dialogs: Pick<Dialogs, "confirm" | "progress" | "tell">;
  readonly clock: Clock;
  readonly git: LocalGit;
  /** Paths of the folders that are open. */
  readonly folders: () => readonly string[];
  /** The agent that a command was meant for; else the person is asked. */
  readonly resolveAgent: (target: AgentTarget | undefined, question: string) => Promise<AgentTarget | undefined>;
  readonly titleOf: (target: AgentTarget) => string;
  /** Those that are listed. */
  readonly agents: () => Iterable<AgentTarget>;
}

/** Work that goes from an agent to this machine, and back. Neither way overwrites anything. */
export function registerHandOff(commands: Pick<CommandRegistry, "register">, ports: HandOffPorts): Disposable {
  const owned = new Disposables();
  owned.add(
    commands.register("muster.agent.checkOut", "check out the agent's work", (target) => takeOver(ports, target)),
  );
  owned.add(
    commands.register("muster.agent.sendLocalChanges", "send the changes of this folder", (target) =>
      giveBack(ports, target),
    ),
  );
  return owned;
}
