import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { AgentTarget } from "../ids.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import type { StatePort } from "../platform/statePort.ts";
import { registerCommentCommands } from "./comments/commentCommands.ts";
import { ReviewComments } from "./comments/reviewComments.ts";
import { RestoredReviews } from "./restoredReviews.ts";
import type { Review, ReviewPorts } from "./review.ts";
import { ReviewView } from "./reviewView.ts";

export interface ReviewingPorts extends Omit<ReviewPorts, "resolveAgent" | "titleOf" | "telemetry"> {
  readonly review: Review;
  /** `context.globalState`: the person is the same in every window. */
  readonly person: StatePort;
  readonly dialogs: Pick<Dialogs, "confirm">;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly openPanel: (target: AgentTarget) => void;
  /** Those that are listed. */
  readonly agents: () => Iterable<AgentTarget>;
}

/** What surrounds the diffs of a review: comments, the view with its files, and what comes back with the window. */
export function startReviewing(ports: ReviewingPorts): Disposable {
  const { review, commands, dialogs, openPanel } = ports;
  const owned = new Disposables();
  const comments = owned.add(new ReviewComments(ports));
  owned.add(registerCommentCommands({ comments, commands, dialogs, reader: review.reader, openPanel }));
  const unsent = () => comments.current?.agent.drafts.length ?? 0;
  const view = owned.add(new ReviewView({ ...ports, unsent }));
  owned.add(comments.onDidChange(() => view.refresh()));
  const agentOf = (hostId: string, sessionId: string) =>
    Array.from(ports.agents()).find((agent) => agent.hostId === hostId && agent.session.endsWith(`/${sessionId}`));
  owned.add(new RestoredReviews({ ...ports, agentOf }));
  return owned;
}
