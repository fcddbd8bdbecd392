import { allEnded } from "../../base/allEnded.ts";
import type { ForecastBranch, ForecastPair } from "../../protocol/fleetConflicts.ts";
import type { GitCli } from "../workspaces/gitCli.ts";
import { type HunksByPath, MergeLab, type Span } from "./mergeLab.ts";
import { mergeOrder } from "./mergeOrder.ts";
import { type ChangesByPath, type Hunk, hunksMeet, type Meeting, meeting, NO_MEETING, sharedPaths } from "./overlap.ts";

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

/** Two lines of work. */
interface Encounter {
  readonly key: string;
  readonly ours: Span;
  readonly theirs: Span;
}

interface Sharing extends Encounter {
  /** Files that both touch. */
  readonly shared: readonly string[];
  /** Of the shared files those that both began with the same text of. */
  readonly comparable: readonly string[];
}

/**
 * What merging the live branches of one repository would meet. Remembers every answer by the commits that it is about, so
 * that a pass costs what has moved since the last one; branches that touch no file in common are never merged.
 */
export class Forecaster {
  readonly #git: GitCli;
  readonly #directory: string;
  #changes = new Map<string, ChangesByPath>();
  /** Of the files that were asked about. */
  #hunks = new Map<string, HunksByPath>();
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
      // What differs is read meanwhile, in the hope that nothing is missing; else it is read again.
      const hope = this.#readChanges(
        lab,
        live.flatMap((branch) => [spanOf(branch), driftOf(branch)]),
      ).catch(() => {});
      const present = (await presentBranches(lab, live)).toSorted((a, b) => (a.session < b.session ? -1 : 1));
      await hope;
      const sorted = await this.#withDrift(lab, present);
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
      for (const [index, { session, branch, head, baseBranch, baseHead, behind }] of sorted.entries()) {
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
    const unknown = encounters.filter(({ key }) => !this.#meetings.has(key));
    for (const { key } of encounters) {
      const known = this.#meetings.get(key);
      if (known) found.set(key, known);
    }
    await this.#readChanges(
      lab,
      unknown.flatMap(({ ours, theirs }) => [ours, theirs]),
    );
    const sharing: Sharing[] = [];
    for (const met of unknown) {
      const shared = sharedPaths(this.#changesOf(met.ours), this.#changesOf(met.theirs));
      if (shared.length === 0) found.set(met.key, NO_MEETING);
      else sharing.push({ ...met, shared, comparable: this.#comparable(met, shared) });
    }
    // Which lines are touched matters only where git can merge; but that is known no sooner than the lines are.
    const merging = lab.merge(sharing.map(({ ours, theirs }) => [ours.to, theirs.to]));
    const [merges] = await allEnded(merging, this.#readHunks(lab, sharing));
    for (const [index, met] of sharing.entries()) {
      const unmerged = merges[index];
      // A commit went away meanwhile: the next pass knows.
      if (unmerged === undefined) continue;
      // With different bases git also meets what the base branch did between them, which is no matter of these two.
      const isOneBase = met.ours.from === met.theirs.from;
      const conflicts = isOneBase ? unmerged : unmerged.filter((file) => met.shared.includes(file));
      found.set(met.key, conflicts.length > 0 ? meeting("conflict", conflicts) : this.#nearness(met));
    }
    return found;
  }

  /** Of two that git can merge. */
  #nearness({ ours, theirs, shared, comparable }: Sharing): Meeting {
    const isNear = (file: string) => hunksMeet(this.#hunksOf(ours, file), this.#hunksOf(theirs, file));
    const near = comparable.filter(isNear);
    return near.length > 0 ? meeting("sameHunk", near) : meeting("sameFile", shared);
  }

  /** Lines of different texts have nothing to do with each other. */
  #comparable({ ours, theirs }: Encounter, shared: readonly string[]): readonly string[] {
    const [our, their] = [this.#changesOf(ours), this.#changesOf(theirs)];
    return shared.filter((file) => our.get(file)?.before?.oid === their.get(file)?.before?.oid);
  }

  /** All that is not known yet in one go. */
  async #readChanges(lab: MergeLab, spans: readonly Span[]): Promise<void> {
    const unknown = new Map(spans.filter(isLong).map((span) => [keyOf(span), span]));
    for (const key of this.#changes.keys()) unknown.delete(key);
    const read = await lab.changes(Array.from(unknown.values()));
    Array.from(unknown.keys()).forEach((key, index) => {
      this.#changes.set(key, new Map(read[index]?.map((change) => [change.path, change])));
    });
  }

  async #readHunks(lab: MergeLab, all: readonly Sharing[]): Promise<void> {
    const spans = new Map<string, Span>();
    const paths = new Set<string>();
    for (const { ours, theirs, comparable } of all) {
      for (const span of [ours, theirs]) {
        const known = this.#hunks.get(keyOf(span));
        const unknown = comparable.filter((file) => known?.has(file) !== true);
        if (unknown.length > 0) spans.set(keyOf(span), span);
        for (const file of unknown) paths.add(file);
      }
    }
    const read = await lab.hunks(Array.from(spans.values()), Array.from(paths));
    Array.from(spans.keys()).forEach((key, index) => {
      const nothing = Array.from(paths, (file) => [file, []] as const);
      this.#hunks.set(key, new Map([...nothing, ...(this.#hunks.get(key) ?? []), ...(read[index] ?? [])]));
    });
  }

  #changesOf(span: Span): ChangesByPath {
    return this.#changes.get(keyOf(span)) ?? new Map();
  }

  #hunksOf(span: Span, file: string): readonly Hunk[] {
    return this.#hunks.get(keyOf(span))?.get(file) ?? [];
  }

  /** What an agent stands on may be later than what is known of its base branch: that has not moved for it. */
  async #withDrift(lab: MergeLab, live: readonly LiveBranch[]): Promise<(LiveBranch & { readonly behind: number })[]> {
    const all: (LiveBranch & { readonly behind: number })[] = [];
    for (const branch of live) {
      const behind = await this.#distance(lab, branch.baseCommit, branch.baseHead);
      all.push({ ...branch, behind, baseHead: behind === 0 ? branch.baseCommit : branch.baseHead });
    }
    const asked = new Set(live.map((branch) => keyOf(driftOf(branch))));
    this.#distances = new Map(Array.from(this.#distances).filter(([key]) => asked.has(key)));
    return all;
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
    this.#hunks = new Map(Array.from(this.#hunks).filter(([key]) => spans.has(key)));
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

/** Something may have happened in it. */
function isLong({ from, to }: Span): boolean {
  return from !== to;
}

function keyOf({ from, to }: Span): string {
  return `${from}..${to}`;
}
