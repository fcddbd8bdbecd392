import * as z from "zod/mini";
import { isFolderLaunch, type LaunchRequest } from "../fleet/fleetAgent.ts";

/** What was entered last. The second launch needs a prompt and Enter; a launch that failed keeps its prompt too. */
export const LaunchDraft = z.object({
  hostId: z.optional(z.string()),
  provider: z.optional(z.string()),
  repository: z.optional(z.string()),
  baseBranch: z.optional(z.string()),
  /** URI of a folder, by host: another host has other folders. */
  folders: z.optional(z.record(z.string(), z.string())),
  /** Answers to the questions of the host's own schema, by property. */
  config: z.optional(z.record(z.string(), z.unknown())),
  prompt: z.optional(z.string()),
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

export class LaunchDrafts {
  readonly #store: DraftStore;

  constructor(store: DraftStore) {
    this.#store = store;
  }

  read(): LaunchDraft {
    const parsed = LaunchDraft.safeParse(this.#store.get(key));
    return parsed.success ? parsed.data : {};
  }

  async merge(change: Partial<LaunchDraft>): Promise<void> {
    await this.#store.update(key, { ...this.read(), ...change });
  }

  /** The host has taken the prompt: it need not be kept. */
  async launched(request: LaunchRequest): Promise<void> {
    if (isFolderLaunch(request)) return this.merge({ prompt: undefined });
    const recent = [request.repository, ...(this.read().recent ?? []).filter((url) => url !== request.repository)];
    await this.merge({ prompt: undefined, recent: recent.slice(0, maxRecent) });
  }
}
