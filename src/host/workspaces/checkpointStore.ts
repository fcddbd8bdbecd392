import { AppError } from "../../base/appError.ts";
import { BASE_CHECKPOINT } from "../../protocol/fleetCheckpoints.ts";
import { type CheckpointFacts, checkpointMessage, parseCheckpointMessage } from "./checkpointCommit.ts";
import type { GitCli } from "./gitCli.ts";
import { BASE_REF, CHECKPOINT_REFS, checkpointRef, RESTORING_REF } from "./refs.ts";
import type { Checkpoint } from "./workspace.ts";

/** A commit that holds a checkpoint, on its ref or about to get it. */
export interface StoredCheckpoint {
  readonly number: number;
  readonly commit: string;
  readonly tree: string;
  /** The commit of the base branch that it stands on: its only parent. */
  readonly base: string;
  /** Absent for the base commit, and for checkpoints that say nothing of themselves. */
  readonly facts?: CheckpointFacts | undefined;
}

export interface StoreParts {
  readonly git: GitCli;
  readonly gitDir: string;
  readonly sessionId: string;
}

/**
 * The checkpoints of one workspace as commits of its trusted git directory. Each has its base commit as its only parent,
 * so that one can be given up without the others; what it continues is a trailer.
 */
export class CheckpointStore {
  readonly #parts: StoreParts;
  #stored: readonly StoredCheckpoint[];

  private constructor(parts: StoreParts, stored: readonly StoredCheckpoint[]) {
    this.#parts = parts;
    this.#stored = stored;
  }

  /**
   * `restoring`: what a process that ended was about to put back. Throws `internal` when the base commit is gone,
   * `GitError` when the directory is damaged.
   */
  static async open(parts: StoreParts): Promise<{ store: CheckpointStore; restoring: StoredCheckpoint | undefined }> {
    const { git, gitDir } = parts;
    const format = "--format=%(refname)%00%(objectname)%00%(tree)%00%(parent)%00%(contents)%00";
    const args = ["for-each-ref", format, BASE_REF, CHECKPOINT_REFS, RESTORING_REF];
    const fields = (await git.text({ gitDir, args })).split("\0");
    const stored: StoredCheckpoint[] = [];
    let restoring: StoredCheckpoint | undefined;
    for (let at = 0; at + 4 < fields.length; at += 5) {
      const [ref = "", commit = "", tree = "", parent = "", message = ""] = fields.slice(at, at + 5);
      const facts = parseCheckpointMessage(message);
      const number = numberOf(ref.trim());
      if (ref.trim() === RESTORING_REF) {
        if (facts) restoring = { number: Number(facts.id), commit, tree, base: parent, facts };
      } else stored.push({ number, commit, tree, base: number === 0 ? commit : parent, facts });
    }
    const sorted = stored.toSorted((a, b) => a.number - b.number);
    if (sorted[0]?.number !== 0) throw new AppError("internal", "The agent's git directory has no base commit.");
    return { store: new CheckpointStore(parts, sorted), restoring };
  }

  /** The latest; the base commit when there is none. */
  get head(): StoredCheckpoint {
    const head = this.#stored.at(-1);
    if (head === undefined) throw new AppError("internal", "The agent's git directory has no base commit.");
    return head;
  }

  /** Those that say where they stand. */
  get all(): readonly Checkpoint[] {
    return this.#stored.flatMap((stored) => (stored.number > 0 && stored.facts ? [toCheckpoint(stored)] : []));
  }

  /** Throws `notFound`. */
  find(id: string): StoredCheckpoint {
    const found = this.#stored.find(({ number }) => String(number) === id);
    if (found) return found;
    const sentence = `There is no checkpoint ${id.slice(0, 20)} of this agent. It may have been given up for later ones.`;
    throw new AppError("notFound", sentence);
  }

  /** Writes the commit of the next checkpoint, which nothing points at yet. */
  async write(
    title: string,
    { tree, base }: Pick<StoredCheckpoint, "tree" | "base">,
    facts: Omit<CheckpointFacts, "id" | "parent">,
    env: Record<string, string>,
  ) {
    const { git, gitDir, sessionId } = this.#parts;
    const number = this.head.number + 1;
    const whole = { ...facts, id: String(number), parent: this.head.commit };
    const input = checkpointMessage(sessionId, title, whole);
    const commit = await git.text({ gitDir, args: ["commit-tree", "-p", base, "-F", "-", tree], env, input });
    return { number, commit, tree, base, facts: whole } satisfies StoredCheckpoint;
  }

  /** Makes it the latest checkpoint, and ends the restoring that brought it about, in one step. */
  async add(stored: StoredCheckpoint): Promise<Checkpoint> {
    const { git, gitDir } = this.#parts;
    const { kind } = stored.facts?.place ?? {};
    const isReplaced = kind === "restored" || kind === "updated" || kind === "applied";
    const ended = isReplaced ? `delete ${RESTORING_REF}\n` : "";
    // `create`: the ref must not exist yet.
    const input = `create ${checkpointRef(stored.number)} ${stored.commit}\n${ended}`;
    await git.run({ gitDir, args: ["update-ref", "--stdin"], input });
    this.#stored = [...this.#stored, stored];
    return toCheckpoint(stored);
  }

  /** The files will be those of `stored`, whatever happens. */
  async beginRestoring(stored: StoredCheckpoint): Promise<void> {
    const { git, gitDir } = this.#parts;
    await git.run({ gitDir, args: ["update-ref", RESTORING_REF, stored.commit] });
  }

  async endRestoring(): Promise<void> {
    const { git, gitDir } = this.#parts;
    await git.run({ gitDir, args: ["update-ref", "-d", RESTORING_REF] });
  }

  /** The base commit and the latest checkpoint stay. True when there was something to give up. */
  async drop(ids: readonly string[]): Promise<boolean> {
    const { git, gitDir } = this.#parts;
    const wanted = new Set(ids);
    const isDropped = ({ number }: StoredCheckpoint) =>
      number > 0 && number !== this.head.number && wanted.has(String(number));
    const dropped = this.#stored.filter(isDropped);
    if (dropped.length === 0) return false;
    const input = dropped.map(({ number }) => `delete ${checkpointRef(number)}\n`).join("");
    await git.run({ gitDir, args: ["update-ref", "--stdin"], input });
    this.#stored = this.#stored.filter((stored) => !dropped.includes(stored));
    return true;
  }
}

/** Of the base commit too, as the checkpoint that it stands for. */
export function toCheckpoint({ number, commit, tree, base, facts }: StoredCheckpoint): Checkpoint {
  const nothing = { parent: commit, createdAt: new Date(0).toISOString(), files: 0, additions: 0, deletions: 0 };
  const unsaid = { ...nothing, nestedRepositories: [] };
  return { ...(facts ?? unsaid), id: number === 0 ? BASE_CHECKPOINT : String(number), commit, tree, base };
}

function numberOf(ref: string): number {
  return ref.startsWith(CHECKPOINT_REFS) ? Number(ref.slice(CHECKPOINT_REFS.length)) : 0;
}
