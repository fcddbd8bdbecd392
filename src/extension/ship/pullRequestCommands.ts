import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { AgentTarget, CommandId } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Endings } from "./endings.ts";
import type { FixChecks } from "./fixChecks.ts";
import type { ReviewRounds } from "./reviewRounds.ts";

type Ships = Pick<FleetAgent, "canShip" | "pullRequest">;
type Act = (target: AgentTarget) => Promise<void>;

/** The agent that a command was meant for: its argument, else the active panel's, else the person is asked. */
export type ResolveShip = (
  target: AgentTarget | undefined,
  fits: (agent: Ships) => boolean,
) => Promise<AgentTarget | undefined>;

export interface PullRequestCommandsOptions {
  readonly commands: Pick<CommandRegistry, "register">;
  readonly resolveAgent: ResolveShip;
  /** From the gate to the pull request, or to the one that the branch has. */
  readonly create: Act;
  readonly show: Act;
  readonly fixChecks: Pick<FixChecks, "run">;
  readonly rounds: Pick<ReviewRounds, "address" | "resolve">;
  readonly endings: Pick<Endings, "markReady" | "merge" | "close">;
}

const isOpen = ({ pullRequest }: Ships) => pullRequest?.state === "open";

/** Everything that is done with the pull request of an agent's branch, by its command. */
export function registerPullRequestCommands(options: PullRequestCommandsOptions): Disposable {
  const { commands, create, endings, fixChecks, resolveAgent, rounds, show } = options;
  const owned = new Disposables();
  const on = {
    register: (id: ShipCommand, during: string, fits: (agent: Ships) => boolean, act: Act) =>
      owned.add(
        commands.register(id, during, async (target) => {
          const agent = await resolveAgent(target, fits);
          if (agent !== undefined) await act(agent);
        }),
      ),
  };
  const has = ({ pullRequest }: Ships) => pullRequest !== undefined;
  on.register("muster.agent.createPullRequest", "create the pull request", ({ canShip }) => canShip, create);
  on.register(
    "muster.agent.updatePullRequest",
    "update the pull request",
    (agent) => agent.canShip && isOpen(agent),
    create,
  );
  on.register("muster.agent.showPullRequest", "open the pull request", has, show);
  on.register("muster.agent.fixChecks", "look at the failing checks", isOpen, (target) => fixChecks.run(target));
  on.register("muster.agent.addressComments", "read the review comments", isOpen, (target) => rounds.address(target));
  on.register("muster.agent.resolveComments", "resolve the review comments", isOpen, (target) =>
    rounds.resolve(target),
  );
  on.register("muster.agent.markReady", "mark the pull request as ready", isOpen, (target) =>
    endings.markReady(target),
  );
  on.register("muster.agent.mergePullRequest", "merge the pull request", isOpen, (target) => endings.merge(target));
  on.register("muster.agent.closePullRequest", "close the pull request", isOpen, (target) => endings.close(target));
  return owned;
}

type ShipCommand = Extract<
  CommandId,
  | `muster.agent.${"create" | "update" | "show" | "merge" | "close"}PullRequest`
  | `muster.agent.${"fixChecks" | "addressComments" | "resolveComments" | "markReady"}`
>;
