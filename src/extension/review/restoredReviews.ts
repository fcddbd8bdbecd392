import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { type AgentTarget, SCHEMES } from "../ids.ts";
import { titleOf } from "./openReview.ts";
import type { Review } from "./review.ts";
import { parseReviewUri } from "./reviewUri.ts";

export interface RestoredReviewsPorts {
  readonly review: Review;
  readonly hosts: Pick<HostConnectionsView, "get" | "onDidChange">;
  /** The agent whose session's objects a document names, when it is listed. */
  readonly agentOf: (hostId: string, sessionId: string) => AgentTarget | undefined;
  readonly onError: (error: unknown) => void;
}

/**
 * Diffs come back with the window, and nobody says what they are of. Their documents do: the branch of the agent that they
 * name is read as it is, so that comments and marks are there again.
 */
export class RestoredReviews implements Disposable {
  readonly #ports: RestoredReviewsPorts;
  readonly #owned = new Disposables();
  readonly #tried = new Set<string>();

  constructor(ports: RestoredReviewsPorts) {
    this.#ports = ports;
    this.#owned.add(vscode.workspace.onDidOpenTextDocument((document) => this.#look([document])));
    this.#owned.add(ports.hosts.onDidChange(() => this.#look(vscode.workspace.textDocuments)));
    this.#look(vscode.workspace.textDocuments);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #look(documents: readonly vscode.TextDocument[]): void {
    const { review, hosts, agentOf } = this.#ports;
    for (const { uri } of documents) {
      const revision = uri.scheme === SCHEMES.revision ? parseReviewUri(uri) : undefined;
      if (!revision?.ok || revision.value.kind !== "revision") continue;
      const { hostId, sessionId } = revision.value;
      const target = hosts.get(hostId)?.state.kind === "live" ? agentOf(hostId, sessionId) : undefined;
      if (target === undefined || this.#tried.has(keyOf(target)) || review.tabs.of(target) !== undefined) continue;
      this.#tried.add(keyOf(target));
      this.#restore(target).catch(this.#ports.onError);
    }
  }

  async #restore(target: AgentTarget): Promise<void> {
    const { review } = this.#ports;
    const read = await review.read(target, { kind: "branch" });
    // Meanwhile somebody opened one.
    if (review.tabs.of(target) !== undefined) return;
    review.tabs.add(titleOf(read), read, () => review.openBranch(target));
  }
}
