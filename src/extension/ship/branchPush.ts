import { AppError } from "../../base/appError.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { branchChangesetUri } from "../../protocol/uris.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { HostCredentials } from "../signIn/hostCredentials.ts";

export interface PushedBranch {
  readonly branch: string;
  /** What the branch's head is; its tree is the reviewed commit's. */
  readonly commit: string | undefined;
}

export interface PushRequest {
  /** The reviewed commit. */
  readonly commit: string;
  /** Where the host said that it will push to. */
  readonly branch: string;
  /** Subject and body of the pushed commit's message. */
  readonly title: string;
  readonly body: string;
  /** Makes the branch again if it was deleted on the server. */
  readonly recreates?: boolean;
}

export interface BranchPushPort {
  /**
   * Has the host push exactly `commit`, as a commit with that message. Rejects with `branch.moved` if the agent has gone on since, `push.refused`
   * (`details.isBranchDeleted` if the branch was deleted on the server), `auth.required`, or what the host answers. Pushing the same commit again is no error.
   */
  push(target: AgentTarget, request: PushRequest): Promise<PushedBranch>;
}

/** The host's `push` operation on the branch changeset. */
export class HostBranchPush implements BranchPushPort {
  readonly #hosts: Pick<HostConnectionsView, "client">;
  readonly #credentials: HostCredentials;

  constructor(hosts: Pick<HostConnectionsView, "client">, credentials: HostCredentials) {
    this.#hosts = hosts;
    this.#credentials = credentials;
  }

  async push(target: AgentTarget, { branch, ...push }: PushRequest): Promise<PushedBranch> {
    const request = () =>
      this.#hosts.client(target.hostId).request("invokeChangesetOperation", {
        channel: branchChangesetUri(target.session),
        operationId: "push",
        _meta: { [META_NS]: push },
      });
    const result = await this.#credentials.withCredentials(target.hostId, request);
    const pushed = fleetMeta("pushed", result);
    if (pushed === undefined) return { branch, commit: undefined };
    // Only the branch that was shown may become a pull request.
    if (pushed.branch !== branch) {
      throw new AppError(
        "branch.moved",
        "The host pushed to another branch than it had announced. Review the changes again.",
      );
    }
    return { branch, commit: pushed.commit };
  }
}
