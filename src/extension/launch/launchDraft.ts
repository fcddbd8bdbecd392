import * as z from "zod/mini";
import { isFolderLaunch, isForkLaunch, type LaunchRequest } from "../fleet/fleetAgent.ts";

/** A kind of agent, and one of its models where it is not the agent's own choice. */
export const AgentChoice = z.object({ provider: z.string(), model: z.optional(z.string()) });
export type AgentChoice = z.infer<typeof AgentChoice>;

/** What was entered last. The second launch needs a prompt and Enter; a launch that failed keeps its prompt too. */
export const LaunchDraft = z.object({
  hostId: z.optional(z.string()),
  provider: z.optional(z.string()),
  /** Without one the agent decides. */
  model: z.optional(z.string()),
  repository: z.optional(z.string()),
  /** Remote of the folder that was open when the repository was chosen: another folder proposes its own. */
  openRepository: z.optional(z.string()),
  /** Empty: the repository's default branch. */
  baseBranch: z.optional(z.string()),
  /** URI of a folder, by host: another host has other folders. */
  folders: z.optional(z.record(z.string(), z.string())),
  /** Answers to the questions of the host's own schema, by property. */
  config: z.optional(z.record(z.string(), z.unknown())),
  /** Limits: without one the host's configuration decides. */
  budgetUsd: z.optional(z.number()),
  timeLimitMinutes: z.optional(z.number()),
  priority: z.optional(z.enum(["low", "normal", "high"])),
  /** So many agents get the same prompt. */
  count: z.optional(z.number()),
  /** Who they are, in turn; without any, all are `provider` with `model`. */
  attemptBy: z.optional(z.array(AgentChoice)),
  prompt: z.optional(z.string()),
  /** A prompt that is being written about something, such as a selection, and belongs to no later launch. */
  aside: z.optional(z.string()),
  /** Repositories that were used, latest first. */
  recent: z.optional(z.array(z.string())),
});
export type LaunchDraft = z.infer<typeof LaunchDraft>;

/** `vscode.Memento` has this shape. */
export interface DraftStore {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const key = "muster.launchDraft";
const maxRecent = 10;

/**
 * One write at a time, the latest next: VS Code tells each write back to the windows that share the store, and takes what it
 * is told for the value. A second write under way could be undone by the echo of the first.
 */
export class LaunchDrafts {
  readonly #store: DraftStore;
  /** What is not stored yet. */
  #unstored: LaunchDraft | undefined;
  #writing: Promise<void> | undefined;

  constructor(store: DraftStore) {
    this.#store = store;
  }

  read(): LaunchDraft {
    if (this.#unstored !== undefined) return this.#unstored;
    const parsed = LaunchDraft.safeParse(this.#store.get(key));
    return parsed.success ? parsed.data : {};
  }

  /** Resolves when it is stored. */
  merge(change: Partial<LaunchDraft>): Promise<void> {
    this.#unstored = { ...this.read(), ...change };
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#unstored !== undefined) {
      const value = this.#unstored;
      await this.#store.update(key, value);
      if (this.#unstored === value) this.#unstored = undefined;
    }
  }

  /**
   * The host has taken the prompt: it need not be kept. Several attempts are asked for each time anew.
   * @param slot where the prompt was kept
   */
  async launched(request: LaunchRequest, slot: "prompt" | "aside" = "prompt"): Promise<void> {
    const done = { [slot]: undefined, count: undefined, attemptBy: undefined };
    if (isFolderLaunch(request) || isForkLaunch(request)) return this.merge(done);
    const recent = [request.repository, ...(this.read().recent ?? []).filter((url) => url !== request.repository)];
    await this.merge({ ...done, recent: recent.slice(0, maxRecent) });
  }
}

/** The draft as a launch begins with it: in another folder than the last time, that folder's repository is meant. */
export function withOpenRepository(draft: LaunchDraft, open: string | undefined): LaunchDraft {
  if (open === undefined || (draft.openRepository === open && draft.repository !== undefined)) return draft;
  if (draft.repository === open) return { ...draft, openRepository: open };
  return { ...draft, repository: open, openRepository: open, baseBranch: "" };
}
