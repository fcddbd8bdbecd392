import * as z from "zod/mini";
import type { AgentTarget } from "../ids.ts";
import type { StatePort } from "../platform/statePort.ts";

const stateKey = "muster.pullRequestDrafts";
const maxDrafts = 100;

/** What a person typed into the form. What is absent was not changed from what the session says. */
const FormDraft = z.object({
  title: z.optional(z.string()),
  baseBranch: z.optional(z.string()),
  body: z.optional(z.string()),
  extras: z.optional(
    z.object({
      reviewers: z.array(z.string()),
      assignees: z.array(z.string()),
      labels: z.array(z.string()),
      milestone: z.union([z.number(), z.undefined()]),
    }),
  ),
  closes: z.optional(z.array(z.string())),
});
export type FormDraft = z.infer<typeof FormDraft>;

const Entry = z.object({ hostId: z.string(), session: z.string(), draft: FormDraft });
type Entry = z.infer<typeof Entry>;

/** Forms that were begun and not sent, so that a failure, a reload or Escape loses nothing that was typed. */
export class PullRequestDrafts {
  readonly #state: StatePort;

  constructor(state: StatePort) {
    this.#state = state;
  }

  get(target: AgentTarget): FormDraft {
    return this.#entries().find((entry) => isOf(entry, target))?.draft ?? {};
  }

  async keep(target: AgentTarget, draft: FormDraft): Promise<void> {
    const others = this.#entries().filter((entry) => !isOf(entry, target));
    const own: Entry = { hostId: target.hostId, session: target.session, draft };
    await this.#state.update(stateKey, [...others, own].slice(-maxDrafts));
  }

  async discard(target: AgentTarget): Promise<void> {
    await this.#state.update(
      stateKey,
      this.#entries().filter((entry) => !isOf(entry, target)),
    );
  }

  #entries(): readonly Entry[] {
    const parsed = z.array(Entry).safeParse(this.#state.get(stateKey));
    return parsed.success ? parsed.data : [];
  }
}

function isOf(entry: Entry, target: AgentTarget): boolean {
  return entry.hostId === target.hostId && entry.session === target.session;
}
