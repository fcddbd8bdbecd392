import { AppError } from "../../base/appError.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import type { SessionRun } from "./sessionRun.ts";

/**
 * Pushes the commit that the person reviewed, and no other. Throws `branch.empty`, `branch.moved`, `push.refused`,
 * `auth.required` (with `resources` for the sign-in), `permission.denied`.
 */
export async function pushBranch(
  ports: SessionPorts,
  run: SessionRun,
  params: ParamsOf<"invokeChangesetOperation">,
  principal: string,
): Promise<ResultOf<"invokeChangesetOperation">> {
  const { channels, clock, credentials } = ports;
  const { refs } = run;
  const fleet = channels.state("fleetSession", refs.fleet);
  const session = channels.state("session", refs.session);
  if (!fleet || !session) throw new AppError("notFound", "There is no such session.");
  const wanted = fleetMeta("push", params);
  if (fleet.head === undefined || fleet.branch === undefined) {
    throw new AppError("branch.empty", "The agent has changed nothing yet, so there is nothing to push.");
  }
  // Without a commit the button of another AHP client was pressed: it shows the changes of `head`.
  const commit = wanted?.commit ?? fleet.head;
  if (commit !== fleet.head) {
    throw new AppError(
      "branch.moved",
      "The agent has changed more since you reviewed. Review the changes again, then push.",
      {
        details: { head: fleet.head },
      },
    );
  }
  const operation = { operationId: "push" } as const;
  channels.dispatch(refs.branchChanges, { type: "changeset/operationStatusChanged", ...operation, status: "running" });
  try {
    const workspace = await run.workspace();
    const title = wanted?.title || session.title;
    const { body, recreates } = wanted ?? {};
    const pushed = await workspace.push({
      branch: fleet.branch,
      commit,
      title,
      body,
      recreates,
      credentials: credentials.credentialsOf(principal),
    });
    const at = new Date(clock.now()).toISOString();
    channels.dispatch(refs.fleet, { type: "x-fleet/pushed", branch: pushed.branch, commit: pushed.commit, at });
    run.acted({ act: "pushed", on: pushed.commit, by: principal });
    channels.dispatch(refs.branchChanges, { type: "changeset/operationStatusChanged", ...operation, status: "idle" });
    run.publishMeta();
    return { message: `Pushed ${pushed.branch} to ${pushed.remote}.`, _meta: { [META_NS]: pushed } };
  } catch (thrown) {
    const failure = AppError.from(thrown, "The branch could not be pushed");
    const error = { errorType: failure.code, message: failure.message };
    if (channels.isLoaded(refs.branchChanges)) {
      channels.dispatch(refs.branchChanges, {
        type: "changeset/operationStatusChanged",
        ...operation,
        status: "error",
        error,
      });
    }
    throw withResources(failure);
  }
}

/** Does the log say that a push is under way? */
export function isPushing(channels: SessionPorts["channels"], refs: SessionRefs): boolean {
  const operations = channels.state("changeset", refs.branchChanges)?.operations;
  return operations?.find(({ id }) => id === "push")?.status === "running";
}

/**
 * What a host left that ended while it pushed: the remote is asked whether the commit arrived. Nothing is pushed; where
 * it did not arrive, or nobody can ask, the operation says so and can be tried again.
 */
export async function confirmPush(ports: SessionPorts, run: SessionRun): Promise<void> {
  const { channels, clock, credentials } = ports;
  const { refs } = run;
  const fleet = channels.state("fleetSession", refs.fleet);
  if (!isPushing(channels, refs) || fleet?.branch === undefined) return;
  const settled = (status: "idle" | "error", error?: { errorType: string; message: string }) => {
    if (!channels.isLoaded(refs.branchChanges)) return;
    channels.dispatch(refs.branchChanges, {
      type: "changeset/operationStatusChanged",
      operationId: "push",
      status,
      ...(error && { error }),
    });
  };
  try {
    const workspace = await run.workspace();
    const asked = { branch: fleet.branch, credentials: credentials.credentialsOf(fleet.owner ?? OWNER) };
    const found = await workspace.confirmPush(asked);
    if (found && found.commit !== fleet.pushed?.commit) {
      const at = new Date(clock.now()).toISOString();
      channels.dispatch(refs.fleet, { type: "x-fleet/pushed", branch: found.branch, commit: found.commit, at });
      run.publishMeta();
      return settled("idle");
    }
    const message = "The host was restarted before the branch was pushed. Push it again.";
    settled("error", { errorType: "agent.interrupted", message });
  } catch (thrown) {
    const failure = AppError.from(thrown, "The remote could not be asked");
    const message = `The host was restarted during a push, and whether it arrived is not known: ${failure.message} Push again: nothing is pushed twice.`;
    settled("error", { errorType: failure.code, message });
  }
}

/** What a client needs to ask its user for the sign-in. */
export function withResources(failure: AppError): AppError {
  const { resource } = failure.details;
  if (failure.code !== "auth.required" || typeof resource !== "string") return failure;
  return new AppError("auth.required", failure.message, {
    cause: failure,
    details: { resources: [{ resource, scopes_supported: ["repo"] }] },
  });
}
