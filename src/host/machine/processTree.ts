/** One look at one process. Times in milliseconds of CPU, user and system together. */
export interface ProcessLook {
  readonly pid: number;
  /** Tells a process from a later one with the same number. */
  readonly startedAt: number;
  readonly parentPid: number;
  /** Its own time. */
  readonly ownMs: number;
  /** The time of its children that have ended and for which it has waited, theirs included. */
  readonly reapedMs: number;
  readonly memoryBytes: number;
  /** The most that it has ever held. */
  readonly peakMemoryBytes: number;
}

/** What a tree of processes has used so far. */
export interface TreeUse {
  readonly cpuMs: number;
  /** The most that it held together at one look, or one of its processes at any time. */
  readonly peakMemoryBytes: number;
  /** What it held together at the last look. */
  readonly memoryBytes: number;
  /** By process; what the next look is held against. */
  readonly seen: ReadonlyMap<string, ProcessLook>;
}

export const nothingUsed: TreeUse = { cpuMs: 0, peakMemoryBytes: 0, memoryBytes: 0, seen: new Map() };

/**
 * The use after another look at all processes of the tree. Each moment of CPU counts once: a process that has ended hands
 * its time to whoever waited for it, and what was counted of it while it ran is taken off there. The time of one for which
 * nobody in the tree waited stays as it was last seen.
 */
export function lookAgain(before: TreeUse, looks: readonly ProcessLook[]): TreeUse {
  const seen = new Map(looks.map((look) => [keyOf(look), look]));
  const handedOver = new Map<string, number>();
  for (const [key, gone] of before.seen) {
    if (seen.has(key)) continue;
    const heir = heirOf(gone, before, seen);
    if (heir !== undefined) handedOver.set(heir, (handedOver.get(heir) ?? 0) + gone.ownMs + gone.reapedMs);
  }
  let cpuMs = before.cpuMs;
  for (const [key, look] of seen) {
    const earlier = before.seen.get(key);
    cpuMs += Math.max(0, look.ownMs - (earlier?.ownMs ?? 0));
    cpuMs += Math.max(0, look.reapedMs - (earlier?.reapedMs ?? 0) - (handedOver.get(key) ?? 0));
  }
  const memoryBytes = looks.reduce((sum, look) => sum + look.memoryBytes, 0);
  const alone = looks.reduce((most, look) => Math.max(most, look.peakMemoryBytes), 0);
  return { cpuMs, seen, memoryBytes, peakMemoryBytes: Math.max(before.peakMemoryBytes, memoryBytes, alone) };
}

/** The nearest ancestor that still runs. */
function heirOf(gone: ProcessLook, before: TreeUse, now: ReadonlyMap<string, ProcessLook>): string | undefined {
  const byPid = new Map(Array.from(before.seen.values(), (look) => [look.pid, look]));
  let parent = byPid.get(gone.parentPid);
  for (let depth = 0; parent !== undefined && depth < before.seen.size; depth += 1) {
    const key = keyOf(parent);
    if (now.has(key)) return key;
    parent = byPid.get(parent.parentPid);
  }
  return undefined;
}

function keyOf({ pid, startedAt }: ProcessLook): string {
  return `${pid}:${startedAt}`;
}
