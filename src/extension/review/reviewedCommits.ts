import * as z from "zod/mini";
import type { Clock } from "../../base/clock.ts";
import type { AgentTarget } from "../ids.ts";
import type { StatePort } from "../platform/statePort.ts";

const stateKey = "muster.reviewedCommits";
/** Far more agents than anyone reviews at a time; the oldest reviews go first. */
const maxEntries = 1000;

const Entry = z.object({ hostId: z.string(), session: z.string(), commit: z.string(), atMs: z.number() });
type Entry = z.infer<typeof Entry>;

/** Which commit of each agent this person was last shown. What is shipped is pinned to it. Survives a reload. */
export class ReviewedCommits {
  readonly #state: StatePort;
  readonly #clock: Clock;

  constructor(state: StatePort, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  /** The reviewed commit, `undefined` before the first review. */
  commitOf(target: AgentTarget): string | undefined {
    return this.#entries().find((entry) => isOf(entry, target))?.commit;
  }

  async remember(target: AgentTarget, commit: string): Promise<void> {
    const others = this.#entries().filter((entry) => !isOf(entry, target));
    const own: Entry = { hostId: target.hostId, session: target.session, commit, atMs: this.#clock.now() };
    await this.#state.update(stateKey, [...others, own].slice(-maxEntries));
  }

  /** Stored state is input like any other: what does not parse is forgotten. */
  #entries(): readonly Entry[] {
    const parsed = z.array(Entry).safeParse(this.#state.get(stateKey));
    return parsed.success ? parsed.data : [];
  }
}

function isOf(entry: Entry, target: AgentTarget): boolean {
  return entry.hostId === target.hostId && entry.session === target.session;
}
