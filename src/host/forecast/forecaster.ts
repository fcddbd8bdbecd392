import type { ForecastBranch, ForecastPair } from "../../protocol/fleetConflicts.ts";
import type { GitCli } from "../workspaces/gitCli.ts";
import { MergeLab } from "./mergeLab.ts";
import { mergeOrder } from "./mergeOrder.ts";
import { type ChangesByPath, hunksMeet, type Meeting, meeting, NO_MEETING, sharedPaths } from "./overlap.ts";

/** An agent's branch as of its last checkpoint. */
export interface LiveBranch {
  readonly session: string;
  readonly branch: string;
  readonly baseBranch: string;
  /** What the agent started from. */
  readonly baseCommit: string;
  readonly head: string;
  /** Where the base branch is at present. */
  readonly baseHead: string;
  /** The git directory that has the head's objects. */
  readonly gitDir: string;
}

export interface Forecast {
  readonly branches: readonly ForecastBranch[];
  /** Those that overlap. */
  readonly pairs: readonly ForecastPair[];
  readonly mergeOrder: readonly string[];
}

/** Two lines of work: each from where it began to where it is. */
interface Encounter {
  readonly key: string;
  readonly ours: Span;
  readonly theirs: Span;
}

interface Span {
  readonly from: string;
  readonly to: string;
}

/**
 * What merging the live branches of one repository would meet. Remembers every answer by the commits that it is about, so
 * that a pass costs what has moved since the last one; branches that touch no file in common are never merged.
 */
export class Forecaster {
  readonly #git: GitCli;
  readonly #directory: string;
  #changes = new Map<string, Promise<ChangesByPath>>();
  #meetings = new Map<string, Meeting>();
  #distances = new Map<string, number>();

  /** @param directory for what is made on the way */
  constructor(git: GitCli, directory: string) {
    this.#git = git;
    this.#directory = directory;
  }

  /** @param sources further git directories, with the objects of the base branches */
  async forecast(live: readonly LiveBranch[], sources: readonly string[]): Promise<Forecast> {
    const gitDirs = [...sources, ...live.map(({ gitDir }) => gitDir)];
    return await MergeLab.with(this.#git, this.#directory, gitDirs, async (lab) => {
      const sorted = (await presentBranches(lab, live)).toSorted((a, b) => (a.session < b.session ? -1 : 1));
      const withBase = sorted.map((branch) => encounter(spanOf(branch), driftOf(branch)));
      const pairs = sorted.flatMap((first, index) =>
        sorted.slice(index + 1).map((second) => ({
          first: first.session,
          second: second.session,
          met: encounter(spanOf(first), spanOf(second)),
        })),
      );
      const meetings = await this.#meet(lab, [...withBase, ...pairs.map(({ met }) => met)]);
      const branches: ForecastBranch[] = [];
      for (const [index, { session, branch, head, baseBranch, baseHead, baseCommit }] of sorted.entries()) {
        const behind = await this.#distance(lab, baseCommit, baseHead);
        const base = meetings.get(withBase[index]?.key ?? "") ?? NO_MEETING;
        branches.push({ session, branch, head, baseBranch, baseHead, behind, ...base });
      }
      const overlapping = pairs
        .map(({ met, ...sessions }) => ({ ...sessions, ...(meetings.get(met.key) ?? NO_MEETING) }))
        .filter(({ overlap }) => overlap !== "none");
      this.#forgetBut(meetings, sorted);
      return { branches, pairs: overlapping, mergeOrder: mergeOrder(branches, overlapping) };
    });
  }

  async #meet(lab: MergeLab, encounters: readonly Encounter[]): Promise<Map<string, Meeting>> {
    const found = new Map<string, Meeting>();
    const sharing: (Encounter & { readonly shared: readonly string[] })[] = [];
    for (const met of encounters) {
      const known = this.#meetings.get(met.key);
      if (known) {
        found.set(met.key, known);
        continue;
      }
      const shared = sharedPaths(await this.#changesOf(lab, met.ours), await this.#changesOf(lab, met.theirs));
      if (shared.length === 0) found.set(met.key, NO_MEETING);
      else sharing.push({ ...met, shared });
    }
    const merges = await lab.merge(sharing.map(({ ours, theirs }) => [ours.to, theirs.to]));
    for (const [index, met] of sharing.entries()) {
      const unmerged = merges[index];
      // A commit went away meanwhile: the next pass knows.
      if (unmerged === undefined) continue;
      found.set(met.key, await this.#classify(lab, met, unmerged));
    }
    return found;
  }

  async #classify(
    lab: MergeLab,
    { ours, theirs, shared }: Encounter & { readonly shared: readonly string[] },
    unmerged: readonly string[],
  ): Promise<Meeting> {
    // With different bases git also meets what the base branch did between them, which is no matter of these two.
    const conflicts = ours.from === theirs.from ? unmerged : unmerged.filter((file) => shared.includes(file));
    if (conflicts.length > 0) return meeting("conflict", conflicts);
    const near = await this.#nearFiles(lab, ours, theirs, shared);
    return near.length > 0 ? meeting("sameHunk", near) : meeting("sameFile", shared);
  }

  /** The files of which both touch the same or neighbouring lines. */
  async #nearFiles(lab: MergeLab, ours: Span, theirs: Span, shared: readonly string[]): Promise<readonly string[]> {
    const [our, their] = [await this.#changesOf(lab, ours), await this.#changesOf(lab, theirs)];
    // Lines of different texts have nothing to do with each other.
    const comparable = shared.filter((file) => our.get(file)?.before?.oid === their.get(file)?.before?.oid);
    if (comparable.length === 0) return [];
    const ourHunks = await lab.hunks(ours.from, ours.to, comparable);
    const theirHunks = await lab.hunks(theirs.from, theirs.to, comparable);
    return comparable.filter((file) => hunksMeet(ourHunks?.get(file) ?? [], theirHunks?.get(file) ?? []));
  }

  #changesOf(lab: MergeLab, span: Span): Promise<ChangesByPath> {
    const key = keyOf(span);
    const changes =
      this.#changes.get(key) ??
      lab.changes(span.from, span.to).then((raw) => new Map(raw.map((change) => [change.path, change])));
    this.#changes.set(key, changes);
    changes.catch(() => this.#changes.delete(key));
    return changes;
  }

  async #distance(lab: MergeLab, from: string, to: string): Promise<number> {
    const key = keyOf({ from, to });
    const distance = from === to ? 0 : (this.#distances.get(key) ?? (await lab.distance(from, to)));
    this.#distances.set(key, distance);
    return distance;
  }

  #forgetBut(meetings: ReadonlyMap<string, Meeting>, live: readonly LiveBranch[]): void {
    const spans = new Set(live.flatMap((branch) => [keyOf(spanOf(branch)), keyOf(driftOf(branch))]));
    this.#meetings = new Map(meetings);
    this.#changes = new Map(Array.from(this.#changes).filter(([key]) => spans.has(key)));
    this.#distances = new Map(Array.from(this.#distances).filter(([key]) => spans.has(key)));
  }
}

/** Without those whose workspace is gone; a base branch whose commit is not here yet counts as not having moved. */
async function presentBranches(lab: MergeLab, live: readonly LiveBranch[]): Promise<LiveBranch[]> {
  const wanted = live.flatMap(({ baseCommit, head, baseHead }) => [baseCommit, head, baseHead]);
  const present = await lab.present(Array.from(new Set(wanted)));
  return live
    .filter(({ baseCommit, head }) => present.has(baseCommit) && present.has(head))
    .map((branch) => (present.has(branch.baseHead) ? branch : { ...branch, baseHead: branch.baseCommit }));
}

function spanOf({ baseCommit, head }: LiveBranch): Span {
  return { from: baseCommit, to: head };
}

function driftOf({ baseCommit, baseHead }: LiveBranch): Span {
  return { from: baseCommit, to: baseHead };
}

function encounter(ours: Span, theirs: Span): Encounter {
  return { key: `${keyOf(ours)} ${keyOf(theirs)}`, ours, theirs };
}

function keyOf({ from, to }: Span): string {
  return `${from}..${to}`;
}
